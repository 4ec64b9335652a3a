// The real docker client and engine against the registry: log in, push, remove, pull by tag and digest, run.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { until } from '#kernel/until.fixture.ts';
import { layerKind } from '#services/ecr/kinds.ts';
import { pushImage, startRegistry, uploadBytes, type RegistryServer } from './registry-server.ts';

const run = promisify(execFile);
const busybox = '/bin/busybox';
const clients = ['/usr/local/bin/docker', '/usr/bin/docker'].filter((path) => existsSync(path));
const label = 'berth-test=oci';

interface Docker {
  /** Runs the client with a configuration of its own; gives what it wrote. Rejects where it fails. */
  (...argv: string[]): Promise<string>;
  login(secret: string): Promise<void>;
  readonly directory: string;
}

async function startDocker(t: TestContext, client: string, server: RegistryServer): Promise<Docker> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-docker-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  // The classic builder: BuildKit's client is a plugin that need not be there.
  const env = { ...process.env, DOCKER_CONFIG: directory, DOCKER_BUILDKIT: '0' };
  const docker = async (...argv: string[]) => {
    const { stdout, stderr } = await run(client, argv, { env, timeout: 60_000 });
    return stdout + stderr;
  };
  const login = (secret: string) =>
    new Promise<void>((resolve, reject) => {
      const argv = ['login', '--username', 'AWS', '--password-stdin', server.endpoint];
      const child = spawn(client, argv, { env, stdio: ['pipe', 'ignore', 'pipe'] });
      let told = '';
      child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(told))));
      child.stdin.end(secret);
    });
  return Object.assign(docker, { login, directory });
}

async function buildImage(docker: Docker, reference: string): Promise<void> {
  const context = await mkdtemp(join(docker.directory, 'build-'));
  await copyFile(busybox, join(context, 'busybox'));
  await writeFile(join(context, 'word'), reference);
  await writeFile(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY busybox /busybox\nCOPY word /word\nENTRYPOINT ["/busybox"]\n',
  );
  await docker('build', '--label', label, '--tag', reference, context);
}

async function password(server: RegistryServer): Promise<string> {
  const { authorizationData } = await server.call('GetAuthorizationToken', {});
  const [, secret] = Buffer.from(authorizationData![0]!.authorizationToken!, 'base64').toString().split(':');
  return secret!;
}

for (const client of clients) {
  test(`${client} logs in, pushes, pulls by tag and digest, and runs what it pulled`, async (t) => {
    const server = await startRegistry(t);
    const docker = await startDocker(t, client, server);
    const region = 'eu-west-1';
    await server.call('CreateRepository', { repositoryName: 'team/hello' });
    await server.call('CreateRepository', { repositoryName: 'hello' }, { account: '123456789012', region });
    const references = [`${server.endpoint}/team/hello:v1`, `${server.endpoint}/123456789012.${region}/hello:v1`];
    await assert.rejects(docker.login('wrong'), /unauthorized|Unauthorized|401/);
    await docker.login(await password(server));
    for (const reference of references) {
      t.after(() => docker('image', 'rm', '--force', reference).catch((error: Error) => t.diagnostic(error.message)));
      await buildImage(docker, reference);
      const pushed = await docker('push', reference);
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1];
      assert.ok(digest, pushed);
      const byDigest = `${reference.slice(0, reference.lastIndexOf(':'))}@${digest}`;
      await docker('image', 'rm', reference);
      await assert.rejects(docker('image', 'inspect', reference));
      await docker('pull', byDigest);
      await docker('image', 'rm', byDigest);
      await docker('pull', reference);
      assert.equal(
        await docker('run', '--rm', '--label', label, '--network', 'none', reference, 'cat', '/word'),
        reference,
      );
    }
    const { imageDetails } = await server.call('DescribeImages', { repositoryName: 'team/hello' });
    assert.deepEqual(
      imageDetails?.map(({ imageTags }) => imageTags),
      [['v1']],
    );
    assert.ok(imageDetails![0]!.imageSizeInBytes! > 100_000);
  });

  test(`${client} breaks a push off, and its next one sends only what is not there yet`, async (t) => {
    const server = await startRegistry(t);
    const docker = await startDocker(t, client, server);
    await server.call('CreateRepository', { repositoryName: 'broken' });
    await docker.login(await password(server));
    const reference = `${server.endpoint}/broken:v1`;
    t.after(() => docker('image', 'rm', '--force', reference));
    const context = await mkdtemp(join(docker.directory, 'build-'));
    await writeFile(join(context, 'small'), reference);
    // Nothing to compress: it takes its time.
    await writeFile(join(context, 'large'), randomBytes(48 * 1024 * 1024));
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY small /\nCOPY large /\nCMD ["/none"]\n');
    await docker('build', '--label', label, '--tag', reference, context);
    const layers = () => server.store.read((reader) => reader.list(layerKind));
    const env = { ...process.env, DOCKER_CONFIG: docker.directory };
    const pushing = spawn(client, ['push', reference], { env, stdio: 'ignore' });
    const ended = once(pushing, 'exit');
    await until('the small layer and a part of the large one', async () => {
      return layers().length > 0 && (await uploadBytes(server)) > 1024 * 1024;
    });
    pushing.kill('SIGINT');
    const [code] = (await ended) as [number | null];
    assert.notEqual(code, 0);
    const kept = layers();
    assert.ok(kept.length < 3, 'it was broken off before its end');
    assert.equal((await server.ask('HEAD', '/v2/broken/manifests/v1')).status, 404);
    const pushed = await docker('push', reference);
    assert.match(pushed, /Layer already exists/);
    await docker('image', 'rm', reference);
    await docker('pull', reference);
    const [size] = layers()
      .map(({ spec }) => spec.size)
      .toSorted((one, other) => other - one);
    assert.ok(size! > 48 * 1024 * 1024);
  });

  test(`${client} reads the registry's refusals`, async (t) => {
    const server = await startRegistry(t);
    const docker = await startDocker(t, client, server);
    await server.call('CreateRepository', { repositoryName: 'fixed', imageTagMutability: 'IMMUTABLE' });
    await pushImage(server, 'fixed', 'v1');
    const [fixed, missing] = [`${server.endpoint}/fixed:v1`, `${server.endpoint}/missing:v1`];
    await buildImage(docker, fixed);
    await docker('tag', fixed, missing);
    t.after(() => docker('image', 'rm', '--force', fixed, missing));
    await assert.rejects(docker('push', fixed), /no basic auth credentials/);
    await docker.login(await password(server));
    await assert.rejects(
      docker('push', fixed),
      /tag invalid: The image tag 'v1' already exists in the 'fixed' repository/,
    );
    await assert.rejects(docker('push', missing), /The repository with name 'missing' does not exist in the registry/);
    await assert.rejects(docker('pull', `${server.endpoint}/fixed:v2`), /manifest unknown: Requested image not found/);
  });
}
