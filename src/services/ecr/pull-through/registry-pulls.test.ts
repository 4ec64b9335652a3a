// Pulls by HTTP and by the API through a cache: what clients get while an image comes, and what they read when it does not.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import {
  createCacheFixture,
  manifestType,
  putUpstreamImage,
  putUpstreamIndex,
  registry,
  type CacheFixture,
} from './pull-through.fixture.ts';

interface Server extends CacheFixture {
  ask(method: string, path: string, headers?: Record<string, string>): Promise<Response>;
}

async function open(t: TestContext): Promise<Server> {
  const cache = await createCacheFixture();
  const server = createServer((request, response) => void cache.ecr.registry(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const authorization = await cache.authorization();
  const ask: Server['ask'] = (method, path, headers = {}) =>
    fetch(`http://127.0.0.1:${port}/v2/${path}`, { method, headers: { authorization, ...headers } });
  return { ...cache, ask };
}

async function bytesOf(reply: Response): Promise<Buffer> {
  return Buffer.from(await reply.arrayBuffer());
}

async function errorOf(reply: Response): Promise<{ status: number; code: string; message: string }> {
  const { errors } = (await reply.json()) as { errors: { code: string; message: string }[] };
  return { status: reply.status, ...errors[0]! };
}

test('an image that is not here yet is pulled as any other, once from upstream', async (t) => {
  const server = await open(t);
  const layer = randomBytes(400_000);
  const image = putUpstreamImage(server.upstream, 'team/app', 'v1', layer);
  const head = await server.ask('HEAD', 'up/team/app/manifests/v1');
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('docker-content-digest'), image.digest);
  assert.equal(head.headers.get('content-length'), String(image.body.length));
  const manifest = await server.ask('GET', 'up/team/app/manifests/v1');
  assert.equal(manifest.headers.get('content-type'), manifestType);
  assert.deepEqual(await bytesOf(manifest), image.body);
  const range = await server.ask('GET', `up/team/app/blobs/${image.layer}`, { range: 'bytes=399990-' });
  assert.equal(range.status, 206);
  assert.deepEqual(await bytesOf(range), layer.subarray(399_990));
  const blob = await server.ask('GET', `up/team/app/blobs/${image.layer}`);
  assert.equal(blob.headers.get('content-length'), '400000');
  assert.deepEqual(await bytesOf(blob), layer);
  const size = await server.ask('HEAD', `up/team/app/blobs/${image.config}`);
  assert.equal(size.status, 200);
  await bytesOf(await server.ask('GET', `up/team/app/blobs/${image.config}`));
  assert.equal(server.upstream.asked.length, 3);
  server.upstream.failure = 'unreachable';
  for (const path of ['manifests/v1', `manifests/${image.digest}`, `blobs/${image.layer}`, `blobs/${image.config}`]) {
    const reply = await server.ask('GET', `up/team/app/${path}`);
    assert.equal(reply.status, 200, path);
    await bytesOf(reply);
  }
  assert.equal(server.upstream.asked.length, 3, 'a cached pull asks nobody');
});

test('refusals of upstream reach the client in words and never as a fault of ours', async (t) => {
  const server = await open(t);
  const image = putUpstreamImage(server.upstream, 'team/app', 'v1', randomBytes(10));
  for (const [reason, status, code] of [
    ['unauthorized', 403, 'DENIED'],
    ['rate-limited', 429, 'TOOMANYREQUESTS'],
    ['unreachable', 424, 'UNAVAILABLE'],
    ['malformed', 424, 'UNAVAILABLE'],
    ['not-found', 404, 'NAME_UNKNOWN'],
  ] as const) {
    server.upstream.failure = reason;
    const error = await errorOf(await server.ask('GET', 'up/team/app/manifests/v1'));
    assert.deepEqual([error.status, error.code], [status, code]);
    if (reason !== 'not-found') assert.match(error.message, /upstream registry.*registry\.example\.com/);
  }
  server.upstream.failure = undefined;
  await bytesOf(await server.ask('GET', 'up/team/app/manifests/v1'));
  assert.equal((await errorOf(await server.ask('GET', 'up/team/app/manifests/v2'))).code, 'MANIFEST_UNKNOWN');
  const unknown = `sha256:${'0'.repeat(64)}`;
  assert.equal((await errorOf(await server.ask('GET', `up/team/app/blobs/${unknown}`))).code, 'BLOB_UNKNOWN');
  server.upstream.failure = 'rate-limited';
  const blob = await server.ask('GET', `up/team/app/blobs/${image.layer}`);
  assert.equal(blob.status, 429);
  server.upstream.failure = undefined;
  server.upstream.damageBlob({ registry, repository: 'team/app' }, image.layer);
  const broken = server.ask('GET', `up/team/app/blobs/${image.layer}`).then(bytesOf);
  await assert.rejects(broken, 'the reply ends early instead of being wrong');
});

test('a client that reads no indexes gets the one image of it that it can read', async (t) => {
  const server = await open(t);
  const image = putUpstreamImage(server.upstream, 'team/app', undefined, randomBytes(10));
  putUpstreamIndex(server.upstream, 'team/app', 'v1', [image]);
  const reply = await server.ask('GET', 'up/team/app/manifests/v1');
  assert.equal(reply.status, 200);
  await bytesOf(reply);
  const child = await server.ask('GET', `up/team/app/manifests/${image.digest}`);
  assert.deepEqual(await bytesOf(child), image.body);
});

test('without the permission to import, a pull of what is not cached is denied', async (t) => {
  const server = await open(t);
  putUpstreamImage(server.upstream, 'team/app', 'v1', randomBytes(10));
  server.authorizer.denied.add('ecr:BatchImportUpstreamImage');
  const error = await errorOf(await server.ask('GET', 'up/team/app/manifests/v1'));
  assert.deepEqual([error.status, error.code], [403, 'DENIED']);
  assert.deepEqual(server.upstream.asked, []);
});

test('the API gets images through the cache, too, and says for each why upstream did not give it', async (t) => {
  const server = await open(t);
  const layer = randomBytes(1000);
  const image = putUpstreamImage(server.upstream, 'team/app', 'v1', layer);
  const get = (...tags: string[]) =>
    server.call('BatchGetImage', {
      repositoryName: 'up/team/app',
      imageIds: tags.map((imageTag) => ({ imageTag })),
    });
  for (const [reason, failureCode] of [
    ['unauthorized', 'UpstreamAccessDenied'],
    ['rate-limited', 'UpstreamTooManyRequests'],
    ['unreachable', 'UpstreamUnavailable'],
  ] as const) {
    server.upstream.failure = reason;
    const { failures } = await get('v1');
    const failureReason = `${registry} is ${reason}.`;
    assert.deepEqual(failures, [{ imageId: { imageTag: 'v1' }, failureCode, failureReason }]);
  }
  server.upstream.failure = undefined;
  await assert.rejects(get('v2'), { code: 'RepositoryNotFoundException' });
  const { images, failures } = await get('v1', 'v2');
  assert.deepEqual(
    images?.map(({ imageManifest, imageId }) => [imageManifest, imageId]),
    [[image.body.toString(), { imageTag: 'v1', imageDigest: image.digest }]],
  );
  assert.deepEqual(
    failures?.map(({ failureCode }) => failureCode),
    ['ImageNotFound'],
  );
  const { downloadUrl } = await server.call('GetDownloadUrlForLayer', {
    repositoryName: 'up/team/app',
    layerDigest: image.layer,
  });
  const { pathname, search } = new URL(downloadUrl!);
  const reply = await server.ask('GET', `${pathname.slice('/v2/'.length)}${search}`, { authorization: '' });
  assert.deepEqual(await bytesOf(reply), layer);
});
