// Pulls through a real engine from a registry made of a few lines: what arrives, and each way to be refused.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '#kernel/clock.ts';
import { createDockerRuntime } from './docker-runtime.ts';
import { Engine, socketPathOf } from './engine.ts';

const dockerHost = process.env['DOCKER_HOST'];
const runtime = createDockerRuntime({ clock: systemClock, dockerHost });
const engine = new Engine(socketPathOf(dockerHost));
const skip = await runtime.version().then(
  () => false,
  () => 'no Docker Engine answers',
);
const never = new AbortController().signal;

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** An image of one file: its blobs by digest, and its manifest. */
async function imageOf(content: Buffer) {
  const archive = pack();
  archive.entry({ name: 'file' }, content);
  archive.finalize();
  const layer = await buffer(archive);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
  const described = (blob: Buffer, mediaType: string) => ({ mediaType, size: blob.length, digest: digestOf(blob) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: described(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [described(layer, 'application/vnd.oci.image.layer.v1.tar')],
    }),
  );
  const contents = [layer, config, manifest];
  return { config, manifest, contents: new Map(contents.map((each) => [digestOf(each), each])) };
}

const password = 'p"ässword';

/** A registry that lets user AWS pull `app:v1`. */
async function startRegistry(context: TestContext) {
  const image = await imageOf(randomBytes(100));
  const allowed = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const refuse = (status: number, code: string) =>
      response.writeHead(status).end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
    const reference = request.url!.split('/').at(-1)!;
    const content = reference === 'v1' ? image.manifest : image.contents.get(reference);
    if (request.headers.authorization !== allowed) {
      response.setHeader('www-authenticate', 'Basic realm="test"');
      refuse(401, 'UNAUTHORIZED');
    } else if (request.url === '/v2/') response.end('{}');
    else if (request.url!.startsWith('/v2/secret/')) refuse(403, 'DENIED');
    else if (!request.url!.startsWith('/v2/app/')) refuse(404, 'NAME_UNKNOWN');
    else if (content === undefined) refuse(404, 'MANIFEST_UNKNOWN');
    else {
      response.setHeader('docker-content-digest', digestOf(content));
      if (content === image.manifest) response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
      response.setHeader('content-length', content.length);
      response.end(request.method === 'HEAD' ? undefined : content);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, image };
}

test('an image is pulled by tag and by digest', { skip }, async (context) => {
  const { host, image } = await startRegistry(context);
  const auth = { username: 'AWS', password };
  const digest = digestOf(image.manifest);
  for (const reference of [`${host}/app:v1`, `${host}/app@${digest}`]) {
    const pulled = await runtime.pull(reference, auth, never);
    assert.equal(pulled.id, digestOf(image.config));
    assert.deepEqual(pulled.repoDigests, [`${host}/app@${digest}`]);
    assert.deepEqual(await runtime.image(reference), pulled);
  }
  await engine.done({ method: 'DELETE', path: `/images/${digestOf(image.config)}`, query: { force: true } });
});

test('each refusal of a registry has its reason and its words', { skip }, async (context) => {
  const { host } = await startRegistry(context);
  const auth = { username: 'AWS', password };
  for (const [reference, credentials, reason, words] of [
    [`${host}/app:v2`, auth, 'not-found', /app:v2 not found: manifest unknown/],
    [`${host}/secret:v1`, auth, 'denied', /denied/],
    [`${host}/app:v1`, { ...auth, password: 'wrong' }, 'denied', /unauthorized|no basic auth/],
    [`${host}/app:v1`, undefined, 'denied', /unauthorized|no basic auth/],
    [`${host}/other:v1`, auth, 'not-found', /other.* not found/],
  ] as const) {
    await assert.rejects(runtime.pull(reference, credentials, never), { name: 'RuntimeError', reason, message: words });
  }
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(runtime.pull(`${host}/app:v1`, auth, aborted), /enough/);
});
