// Tasks that are asked for together run the same image, and an engine that has an image does not fetch it again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Berth } from './berth.fixture.ts';
import { prepareDemo, taskDefinition } from './busybox-image.fixture.ts';

let berth: Berth;
let image: string;
let network: string;

before(async () => {
  berth = await Berth.start();
  ({ image, network } = await prepareDemo(berth));
  const definition = taskDefinition('app', image, 'echo done');
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
});
after(() => berth.remove());

interface Described {
  readonly tasks: {
    readonly taskArn: string;
    readonly containers: { readonly image: string; readonly imageDigest: string; readonly exitCode: number }[];
  }[];
}

/** Runs `count` tasks of a family to their end; gives their containers. */
async function run(count: number, family = 'app') {
  const place = ['--cluster', 'demo', '--launch-type', 'FARGATE', '--network-configuration', network];
  const started = await berth.aws<Described>(
    ...['ecs', 'run-task', '--task-definition', family, '--count', String(count), ...place],
  );
  const arns = started.tasks.map(({ taskArn }) => taskArn);
  await berth.aws('ecs', 'wait', 'tasks-stopped', '--cluster', 'demo', '--tasks', ...arns);
  const { tasks } = await berth.aws<Described>('ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', ...arns);
  return tasks.map(({ containers }) => containers[0]!);
}

async function digestOfTag(): Promise<string> {
  const asked = ['--repository-name', 'app', '--image-ids', 'imageTag=v1'];
  const { imageDetails } = await berth.aws<{ imageDetails: { imageDigest: string }[] }>(
    ...['ecr', 'describe-images', ...asked],
  );
  return imageDetails[0]!.imageDigest;
}

/** The requests for layers and manifests that the registry has answered so far. */
function fetches(): string[] {
  const lines = readFileSync(join(berth.data, 'access.log'), 'utf8').trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { method: string; path: string; service?: string });
  const asked = records.filter(({ service, method }) => service === 'registry' && method === 'GET');
  return asked.map(({ path }) => path).filter((path) => /\/(blobs|manifests)\//.test(path));
}

test('an image that was pushed from this machine is run without a pull', async () => {
  const before = fetches().length;
  const containers = await run(2);
  const digest = await digestOfTag();
  assert.equal(containers.length, 2);
  assert.deepEqual(
    containers.map((each) => [each.image, each.imageDigest, each.exitCode]),
    containers.map(() => [image, digest, 0]),
  );
  assert.deepEqual(fetches().slice(before), []);
});

test('tasks that want one image at once share its pull', async () => {
  const digest = await digestOfTag();
  await berth.command('docker', 'rmi', '-f', image, `${berth.registry}/app@${digest}`);
  const before = fetches().length;
  const containers = await run(3);
  assert.deepEqual(new Set(containers.map(({ imageDigest }) => imageDigest)), new Set([digest]));
  const layers = fetches()
    .slice(before)
    .filter((path) => path.includes('/blobs/'));
  assert.ok(layers.length > 0);
  assert.equal(new Set(layers).size, layers.length);
});

test('a tag that was moved is followed by the next tasks', async () => {
  const first = await digestOfTag();
  // Another configuration is another image.
  const change = ['--change', 'ENV MOVED=1'];
  const made = await berth.command('docker', 'create', image);
  await berth.command('docker', 'commit', ...change, made.stdout.trim(), image);
  await berth.command('docker', 'rm', made.stdout.trim());
  await berth.command('docker', 'push', '-q', image);
  const second = await digestOfTag();
  assert.notEqual(second, first);
  const [container] = await run(1);
  assert.equal(container!.imageDigest, second);
  assert.equal(container!.exitCode, 0);
});

test('a task that names its image as on AWS runs the one in the same repository', async () => {
  const reference = '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1';
  const definition = taskDefinition('by-aws-name', reference, 'echo done');
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
  const [container] = await run(1, 'by-aws-name');
  assert.equal(container!.image, reference);
  assert.equal(container!.imageDigest, await digestOfTag());
  assert.equal(container!.exitCode, 0);
});
