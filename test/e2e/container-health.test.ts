// Container health checks by the real clients and engine: what is shown, who waits for it, and what an image cannot ask for.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { prepareDemo } from './busybox-image.fixture.ts';

interface Described {
  readonly tasks: readonly {
    readonly taskArn: string;
    readonly lastStatus: string;
    readonly healthStatus: string;
    readonly containers: readonly {
      readonly name: string;
      readonly lastStatus: string;
      readonly healthStatus: string;
      readonly runtimeId: string;
    }[];
  }[];
}

const forEver = ["trap 'exit 0' TERM; while :; do sleep 1 & wait; done"];
/** The image has no /bin/sh, so no CMD-SHELL. A check each 5 s is the most that AWS allows. */
const passes = { command: ['CMD', '/bin/busybox', 'test', '-e', '/ready'], interval: 5, retries: 1 };
const fails = { ...passes, command: ['CMD', '/bin/busybox', 'false'] };

let berth: Berth;
let image: string;
let network: string;

before(async () => {
  berth = await Berth.start();
  ({ image, network } = await prepareDemo(berth));
});
after(() => berth.remove());

/** An image that says of itself that it is never well. */
async function pushSickImage(): Promise<string> {
  const folder = join(berth.data, 'sick-image');
  mkdirSync(folder, { recursive: true });
  const lines = [`FROM ${image}`, 'HEALTHCHECK --interval=1s --retries=1 CMD ["/bin/busybox", "false"]', ''];
  writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'));
  const reference = `${berth.registry}/app:sick`;
  const built = await berth.command('env', 'DOCKER_BUILDKIT=0', 'docker', 'build', '-q', '-t', reference, folder);
  assert.equal(built.code, 0, built.stderr);
  const pushed = await berth.command('docker', 'push', '-q', reference);
  assert.equal(pushed.code, 0, pushed.stderr);
  return reference;
}

/** Registers containers under a family and runs a task of it; gives its ARN. */
async function run(family: string, containerDefinitions: readonly object[]): Promise<string> {
  const size = { requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc', cpu: '256', memory: '512' };
  const definition = JSON.stringify({ family, ...size, containerDefinitions });
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
  const where = ['--cluster', 'demo', '--launch-type', 'FARGATE', '--network-configuration', network];
  const { tasks } = await berth.aws<Described>('ecs', 'run-task', '--task-definition', family, ...where);
  return tasks[0]!.taskArn;
}

async function describe(arns: readonly string[]): Promise<Described['tasks']> {
  const { tasks } = await berth.aws<Described>('ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', ...arns);
  return tasks;
}

test('health is what the engine’s checks say, another container waits for it, and no task ends by it', async () => {
  const sick = await pushSickImage();
  const arns = await Promise.all([
    run('well', [
      { name: 'db', image, command: [`: > /ready; ${forEver[0]}`], healthCheck: passes, stopTimeout: 2 },
      {
        name: 'web',
        image,
        command: forEver,
        essential: false,
        stopTimeout: 2,
        dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }],
      },
    ]),
    run('ill', [
      { name: 'app', image, command: forEver, healthCheck: fails, stopTimeout: 2 },
      { name: 'sick', image: sick, command: forEver, stopTimeout: 2 },
    ]),
  ]);
  /** A task's containers and their states, by the engine's client: it is quicker than aws. */
  const engine = async (arn: string) => {
    const filter = `label=com.amazonaws.ecs.task-arn=${arn}`;
    return (await berth.command('docker', 'ps', '--filter', filter, '--format', '{{.Names}} {{.Status}}')).stdout;
  };
  await until('web has started and app is unhealthy', async () => {
    const [well, ill] = await Promise.all(arns.map(engine));
    assert.ok(!/-web-/.test(well!) || /-db-.*\(healthy\)/.test(well!), 'web waits for db');
    return /-web-/.test(well!) && /\(unhealthy\)/.test(ill!);
  });
  const running = await until('that is shown', async () => {
    const tasks = await describe(arns);
    return tasks[0]!.lastStatus === 'RUNNING' && tasks[1]!.healthStatus === 'UNHEALTHY' && tasks;
  });
  const shown = (tasks: Described['tasks']) =>
    tasks.map(({ healthStatus, containers }) => [healthStatus, ...containers.map((each) => each.healthStatus)]);
  const healths = [
    ['HEALTHY', 'HEALTHY', 'UNKNOWN'],
    ['UNHEALTHY', 'UNHEALTHY', 'UNKNOWN'],
  ];
  assert.deepEqual(shown(running), healths);
  assert.deepEqual(
    running.map(({ lastStatus }) => lastStatus),
    ['RUNNING', 'RUNNING'],
  );
  const inspected = await berth.command(
    'docker',
    'inspect',
    '-f',
    '{{.State.Health}}',
    running[1]!.containers[1]!.runtimeId,
  );
  assert.equal(inspected.stdout.trim(), '<nil>', 'the image’s own check does not run');

  await Promise.all(arns.map((arn) => berth.aws('ecs', 'stop-task', '--cluster', 'demo', '--task', arn)));
  await until('nothing is left of them', async () => (await Promise.all(arns.map(engine))).join('') === '');
  const stopped = await until('both have stopped', async () => {
    const tasks = await describe(arns);
    return tasks.every(({ lastStatus }) => lastStatus === 'STOPPED') && tasks;
  });
  assert.deepEqual(shown(stopped), healths, 'the last that was heard stays');
});

test('a health check outside of AWS’s ranges is refused in its words', async () => {
  const healthCheck = { ...passes, startPeriod: 600 };
  await assert.rejects(
    run('patient', [{ name: 'app', image, healthCheck }]),
    /ClientException.*Health check startPeriod must be less than or equal to the maximum allowed value 300/s,
  );
});
