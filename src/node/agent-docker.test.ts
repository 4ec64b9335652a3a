// The node on a real Docker Engine: what the fake cannot show of namespaces, signals, output and adoption.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { messageOf } from '#kernel/error.ts';
import { hexId, resourceId } from '#kernel/id.ts';
import { createLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { DockerRuntime } from '#drivers/runtime-docker/docker-runtime.ts';
import { Engine, socketPathOf } from '#drivers/runtime-docker/engine.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { Image } from '#drivers/runtime.ts';
import { createNode } from './agent.ts';
import { containerNameOf, label } from './labels.ts';
import type { PayloadContainer, PayloadTask } from './messages.ts';
import {
  awslogs,
  clusterArn,
  containerInstanceArn,
  containerOf,
  MemoryControlPlane,
  MemorySink,
  taskOf,
} from './node.fixture.ts';
import { networkNameOf } from './pause.ts';

const image = 'berth-test/node:1';
const busybox = '/bin/busybox';
const installation = `test-${hexId(systemRandom)}`;
const vpc = { id: resourceId('vpc', systemRandom), cidrBlock: '10.231.119.0/24', gateway: '10.231.119.1' };

/** There is no registry here: an image counts as pulled when the engine has it. */
class LocalImages extends DockerRuntime {
  override async pull(reference: string): Promise<Image> {
    const found = await this.image(reference);
    if (found === undefined) throw new RuntimeError('not-found', `manifest for ${reference} not found`);
    return found;
  }
}

const engine = new Engine(socketPathOf(process.env['DOCKER_HOST']));
const runtime = new LocalImages(engine, systemClock);
const skip = await whyNot();
if (skip) console.error(`\n*** NOT TESTED: ${skip} ***\n`);

async function whyNot(): Promise<string | false> {
  if (!existsSync(busybox)) return `${busybox} (Debian's busybox-static) is missing`;
  try {
    await runtime.version();
    return false;
  } catch (thrown) {
    return `no Docker Engine: ${messageOf(thrown)}`;
  }
}

after(async () => {
  if (!skip) {
    for (const container of await runtime.list({ [label.installation]: installation }))
      await runtime.remove(container.id);
    await runtime.removeNetwork(networkNameOf(vpc.id));
  }
  engine.close();
});

function shell(name: string, script: string, parts: Partial<PayloadContainer> = {}): PayloadContainer {
  const made = { image, entryPoint: ['/busybox', 'sh', '-c'], command: [script], stopTimeout: 2 };
  return containerOf(name, { ...made, ...parts }, awslogs());
}

/** A task at an address of its own in this test's VPC. */
function taskAt(host: number, containers: readonly PayloadContainer[]): PayloadTask {
  const template = taskOf(host, containers);
  const [networkInterface] = template.elasticNetworkInterfaces!;
  const own = {
    ...networkInterface!,
    ipv4Addresses: [{ primary: true, privateAddress: `10.231.119.${host}` }],
    vpc,
  };
  const arn = `arn:aws:ecs:us-east-1:123456789012:task/demo/${hexId(systemRandom)}`;
  return { ...template, arn, elasticNetworkInterfaces: [own] };
}

interface World {
  readonly controlPlane: MemoryControlPlane;
  readonly sink: MemorySink;
  /** Messages carry on counting from one node to the next. */
  seqNum: number;
}

function boot({ controlPlane, sink }: World, t: TestContext) {
  const life = new AbortController();
  t.after(() => life.abort());
  const node = createNode({
    runtime,
    controlPlane,
    logSink: sink,
    registryLogin: () => Promise.reject(new Error('no registry here')),
    clock: systemClock,
    random: systemRandom,
    log: createLog(systemClock, 'error', (line) => process.stderr.write(line)),
    installation,
    containerInstanceArn,
  });
  const running = node.run(life.signal);
  return {
    ...node,
    async kill() {
      life.abort();
      await running;
    },
  };
}

function message(world: World) {
  world.seqNum++;
  return {
    clusterArn,
    containerInstanceArn,
    messageId: `m${world.seqNum}`,
    seqNum: world.seqNum,
    timeline: world.seqNum,
  };
}

const named = (task: PayloadTask) => ({
  taskArn: task.arn,
  taskClusterArn: clusterArn,
  desiredStatus: task.desiredStatus,
});
const idOf = (task: PayloadTask) => task.arn.split('/').at(-1)!;

/** Asks the engine until it answers as hoped. */
async function engineUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await runtime.version();
}

test(
  'two containers in order, their output and exit code, over a change of nodes that also removes a stray',
  { skip, timeout: 60_000 },
  async (t) => {
    await runtime.makeImage(image, { path: busybox, argv: ['sh'] });
    const world: World = { controlPlane: new MemoryControlPlane(), sink: new MemorySink(), seqNum: 0 };
    const { controlPlane, sink } = world;
    const task = taskAt(10, [
      shell(
        'app',
        `trap 'echo bye; exit 7' USR1; /busybox hostname; echo $GREETING; while :; do /busybox sleep 1000 & wait $!; done`,
        {
          dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
          environment: { GREETING: 'hello' },
        },
      ),
      shell('init', 'echo prepared', { essential: false }),
    ]);
    const stray = taskAt(11, [shell('app', '/busybox sleep 1000')]);
    const statusOf = (one: PayloadTask) => controlPlane.changes.findLast((each) => each.task === one.arn);

    const first = boot(world, t);
    await first.session.payload({ ...message(world), tasks: [task, stray] });
    await controlPlane.until(() => statusOf(task)?.status === 'RUNNING' && statusOf(stray)?.status === 'RUNNING');
    await sink.until(() => sink.texts(`ecs/app/${idOf(task)}`).length === 2);
    assert.deepEqual(sink.texts(`ecs/init/${idOf(task)}`), ['prepared']);
    await first.kill();

    // While no node watches, the program ends.
    const app = await runtime.inspect(containerNameOf(task, 'app'));
    await runtime.kill(app!.id, 'SIGUSR1');
    await engineUntil(async () => (await runtime.inspect(app!.id))?.phase === 'exited');

    const second = boot(world, t);
    await second.session.payload({ ...message(world), tasks: [task] });
    await second.session.manifest({ ...message(world), tasks: [named(task)] });
    await controlPlane.until(() => statusOf(task)?.status === 'STOPPED');
    const stopped = statusOf(task)!;
    assert.equal(stopped.reason, 'Essential container in task exited');
    assert.deepEqual(
      stopped.containers.map((each) => [each.containerName, each.exitCode, each.runtimeId === app!.id]),
      [
        ['app', 7, true],
        ['init', 0, false],
      ],
    );
    assert.deepEqual(sink.texts(`ecs/app/${idOf(task)}`), ['ip-172-31-0-26', 'hello', 'bye']);
    await engineUntil(async () => (await runtime.list({ [label.installation]: installation })).length === 0);
    assert.notEqual(statusOf(stray)?.status, 'STOPPED');
    await second.kill();
  },
);

test('what is wrong is said as the engine says it', { skip, timeout: 60_000 }, async (t) => {
  await runtime.makeImage(image, { path: busybox, argv: ['sh'] });
  const world: World = { controlPlane: new MemoryControlPlane(), sink: new MemorySink(), seqNum: 0 };
  const node = boot(world, t);
  const noProgram = taskAt(20, [shell('app', '', { entryPoint: ['/nope'], command: [] })]);
  // dockerd 20.10 loses about one such message in a hundred for good: three at once would be our fault.
  const tooMuch = [21, 23, 24].map((host) => taskAt(host, [shell('app', '/busybox tail /dev/zero', { memory: 8 })]));
  const peak = taskAt(22, [shell('app', 'echo $(/busybox cat /proc/self/status | /busybox grep NoNewPrivs)')]);
  await node.session.payload({ ...message(world), tasks: [noProgram, ...tooMuch, peak] });
  const stopped = (task: PayloadTask) =>
    world.controlPlane.changes.find((each) => each.task === task.arn && each.status === 'STOPPED');
  await world.controlPlane.until(() => [noProgram, ...tooMuch, peak].every((each) => stopped(each) !== undefined));
  assert.match(stopped(noProgram)!.reason!, /^CannotStartContainerError: Error response from daemon: .*no such file/s);
  const ends = tooMuch.map((task) => stopped(task)!.containers[0]!);
  assert.ok(ends.every(({ exitCode }) => exitCode === 137));
  assert.ok(ends.some(({ reason }) => reason === 'OutOfMemoryError: Container killed due to memory usage'));
  assert.deepEqual(world.sink.texts(`ecs/app/${idOf(peak)}`), ['NoNewPrivs: 1']);
  await engineUntil(async () => (await runtime.list({ [label.installation]: installation })).length === 0);
  await node.kill();
});
