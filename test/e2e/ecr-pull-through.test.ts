// A pull-through cache before a real registry: the real docker, skopeo and aws clients pull through it, also without its upstream.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { startDockerRegistry, withoutDockerRegistry, type DockerRegistry } from '#drivers/docker-registry.fixture.ts';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { taskDefinition } from './busybox-image.fixture.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const engine = ['/usr/bin/docker', '/usr/local/bin/docker'] as const;

interface Task {
  readonly lastStatus: string;
  readonly stoppedReason: string;
  readonly containers: { readonly exitCode?: number; readonly imageDigest?: string }[];
}

let berth: Berth;
let upstream: DockerRegistry;

/** An image of busybox and of a file `/word` that no other image has, put upstream; gives the word. */
async function putImage(repository: string, tag: string): Promise<{ word: string; digest: string; size: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-upstream-image-'));
  const word = randomBytes(8).toString('hex');
  mkdirSync(join(folder, 'root/bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(folder, 'root/bin/busybox'));
  writeFileSync(join(folder, 'root/word'), word);
  await promisify(execFile)('tar', ['-cf', join(folder, 'layer.tar'), '-C', join(folder, 'root'), 'bin', 'word']);
  const layer = readFileSync(join(folder, 'layer.tar'));
  rmSync(folder, { recursive: true });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/bin/busybox', 'sh', '-c'], Cmd: ['cat /word'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
    }),
  );
  const descriptor = async (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: await upstream.putBlob(repository, content),
    size: content.length,
  });
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: await descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [await descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  return { word, digest: await upstream.putManifest(repository, tag, body, manifestType), size: body.length };
}

async function succeed(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await berth.command(program, ...args);
  assert.equal(code, 0, `${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function tagsOf(repository: string): Promise<string[]> {
  const asked = ['ecr', 'describe-images', '--repository-name', repository];
  const { imageDetails } = await berth.aws<{ imageDetails: { imageTags?: string[] }[] }>(...asked);
  return imageDetails.flatMap(({ imageTags = [] }) => imageTags);
}

suite('a pull-through cache', { skip: withoutDockerRegistry }, () => {
  before(async () => {
    [berth, upstream] = await Promise.all([Berth.start(), startDockerRegistry()]);
    await berth.login();
    const rule = ['--ecr-repository-prefix', 'up', '--upstream-registry-url', upstream.endpoint];
    await berth.aws('ecr', 'create-pull-through-cache-rule', ...rule);
  });
  after(async () => {
    await berth?.remove();
    await upstream?.remove();
  });

  test('the rule is valid as long as its upstream answers', async () => {
    const validate = () =>
      berth.aws<{ isValid: boolean; failure?: string }>(
        ...['ecr', 'validate-pull-through-cache-rule', '--ecr-repository-prefix', 'up'],
      );
    assert.equal((await validate()).isValid, true);
    await upstream.stop();
    assert.match((await validate()).failure!, /cannot be reached \(ECONNREFUSED\)/);
    await upstream.start();
  });

  for (const [at, docker] of engine.entries()) {
    test(`${docker} pulls and runs an image of the upstream, the second time without it`, async () => {
      const { word } = await putImage('team/app', `v${at}`);
      const reference = `${berth.registry}/up/team/app:v${at}`;
      await succeed(docker, 'pull', '-q', reference);
      assert.equal(await succeed(docker, 'run', '--rm', '--network', 'none', reference), word);
      assert.ok((await tagsOf('up/team/app')).includes(`v${at}`), 'complete once the pull is');
      const asked = upstream.requests().length;
      await succeed(docker, 'rmi', '-f', reference);
      await succeed(docker, 'pull', '-q', reference);
      assert.equal(upstream.requests().length, asked, 'a cached pull costs no request');
      await upstream.stop();
      await succeed(docker, 'rmi', '-f', reference);
      await succeed(docker, 'pull', '-q', reference);
      assert.equal(await succeed(docker, 'run', '--rm', '--network', 'none', reference), word);
      const missing = await berth.command(docker, 'pull', `${berth.registry}/up/team/app:nowhere`);
      assert.match(missing.stderr, /localhost:\d+ cannot be reached/);
      await upstream.start();
      const unknown = await berth.command(docker, 'pull', `${berth.registry}/up/team/app:nowhere`);
      assert.match(unknown.stderr, /not found|manifest unknown/);
    });
  }

  test('of an index the image of this machine is pulled; skopeo gets it offline', async () => {
    const [own, other] = [await putImage('team/multi', 'own'), await putImage('team/multi', 'other')];
    const architecture = process.arch === 'arm64' ? ['arm64', 'amd64'] : ['amd64', 'arm64'];
    const manifests = [own, other].map(({ digest, size }, at) => ({
      mediaType: manifestType,
      digest,
      size,
      platform: { os: 'linux', architecture: architecture[at] },
    }));
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
    await upstream.putManifest('team/multi', 'v1', index, indexType);
    const reference = `${berth.registry}/up/team/multi:v1`;
    await succeed('docker', 'pull', '-q', reference);
    assert.equal(await succeed('docker', 'run', '--rm', '--network', 'none', reference), own.word);
    assert.ok(!upstream.requests().some((line) => line.includes(`manifests/${other.digest} `)));
    await upstream.stop();
    const password = (await succeed('aws', 'ecr', 'get-login-password')).trim();
    const target = join(berth.data, 'skopeo');
    await succeed(
      ...(['skopeo', 'copy', '--src-tls-verify=false', '--src-creds', `AWS:${password}`] as const),
      ...[`docker://${reference}`, `dir:${target}`],
    );
    assert.ok(readFileSync(join(target, 'manifest.json'), 'utf8').includes('layers'));
    await upstream.start();
  });

  test('what is asked for by the API alone comes whole, and outlives a crash on the way', async () => {
    await putImage('team/api', 'v1');
    const asked = ['ecr', 'batch-get-image', '--repository-name', 'up/team/api', '--image-ids', 'imageTag=v1'];
    const { images } = await berth.aws<{ images: { imageManifest: string }[] }>(...asked);
    assert.match(images[0]!.imageManifest, /layers/);
    await berth.end('SIGKILL');
    await berth.up();
    await until('the image is complete', async () => (await tagsOf('up/team/api')).includes('v1'));
  });

  test('a task runs an image that nobody has pulled before', async () => {
    const { word, digest } = await putImage('team/task', 'v1');
    const image = `${berth.registry}/up/team/task:v1`;
    await berth.aws('ecs', 'create-cluster', '--cluster-name', 'demo');
    const definition = taskDefinition('cached', image, 'cat /word');
    await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
    const { Subnets } = await berth.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets');
    const network = `awsvpcConfiguration={subnets=[${Subnets[0]!.SubnetId}]}`;
    const place = ['--cluster', 'demo', '--launch-type', 'FARGATE', '--network-configuration', network];
    const started = await berth.aws<{ tasks: { taskArn: string }[] }>(
      ...['ecs', 'run-task', '--task-definition', 'cached', ...place],
    );
    const arn = started.tasks[0]!.taskArn;
    const stopped = await until('the task stopped', async () => {
      const asked = ['ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', arn];
      const [task] = (await berth.aws<{ tasks: Task[] }>(...asked)).tasks;
      return task?.lastStatus === 'STOPPED' && task;
    });
    const { exitCode, imageDigest } = stopped.containers[0]!;
    assert.deepEqual([exitCode, imageDigest], [0, digest], stopped.stoppedReason);
    const { events } = await berth.aws<{ events: { message: string }[] }>(
      ...['logs', 'filter-log-events', '--log-group-name', '/ecs/cached'],
    );
    assert.deepEqual(
      events.map(({ message }) => message),
      [word],
    );
  });
});
