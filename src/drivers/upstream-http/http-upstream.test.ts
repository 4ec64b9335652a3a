// The client over HTTP passes the suite against a real registry, and keeps its rules against ones that do not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { startDockerRegistry, withoutDockerRegistry } from '#drivers/docker-registry.fixture.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { failsWith, manifestType, sha256, upstreamSuite } from '#drivers/upstream-registry.suite.ts';

upstreamSuite(
  "the client over HTTP, against Debian's docker-registry",
  async (t) => {
    const registry = await startDockerRegistry();
    t.after(() => registry.remove());
    return { ...registry, registry: registry.endpoint, upstream: createHttpUpstream(systemClock) };
  },
  withoutDockerRegistry,
);

const signal = AbortSignal.timeout(60_000);
const body = Buffer.from('{"schemaVersion":2}');
const digest = sha256(body);
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback; gives its address and what it was asked. */
async function serve(t: TestContext, answer: Answer): Promise<{ host: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `localhost:${(server.address() as AddressInfo).port}`, asked };
}

function sendManifest(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': manifestType, ...headers }).end(body);
}

/** A registry that wants a token, and the server that gives it. */
async function serveWithTokens(t: TestContext, { refuses = false } = {}) {
  const tokens = await serve(t, (_, response) => {
    if (refuses) response.writeHead(401).end();
    else response.end(JSON.stringify({ token: `t${tokens.asked.length}`, expires_in: 300 }));
  });
  let valid = 't1';
  const registry = await serve(t, (request, response) => {
    if (request.headers.authorization === `Bearer ${valid}`) return sendManifest(response);
    const challenge = `Bearer realm="http://${tokens.host}/token",service="registry.test",scope="repository:app:pull"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[]}');
  });
  return { tokens, registry, revoke: (next: string) => (valid = next) };
}

test('a token is fetched once for a repository, kept, and fetched again where it became void', async (t) => {
  const { tokens, registry, revoke } = await serveWithTokens(t);
  const upstream = createHttpUpstream(systemClock);
  const from = { registry: registry.host, repository: 'app' };
  for (let pulls = 0; pulls < 3; pulls++) {
    assert.equal((await upstream.manifest(from, 'v1', signal)).digest, digest);
  }
  assert.deepEqual(
    tokens.asked.map(({ url }) => url),
    ['/token?service=registry.test&scope=repository%3Aapp%3Apull'],
  );
  assert.equal(tokens.asked[0]!.headers.authorization, undefined);
  assert.equal(registry.asked.length, 4);
  revoke('t2');
  await upstream.manifest(from, 'v1', signal);
  assert.equal(tokens.asked.length, 2);
});

test('a token that runs out is not used any more', async (t) => {
  const { tokens, registry, revoke } = await serveWithTokens(t);
  let now = Date.parse('2026-01-01T00:00:00Z');
  const upstream = createHttpUpstream({ ...systemClock, now: () => new Date(now) });
  const from = { registry: registry.host, repository: 'app' };
  await upstream.manifest(from, 'v1', signal);
  now += 300_000;
  revoke('t2');
  await upstream.manifest(from, 'v1', signal);
  assert.equal(tokens.asked.length, 2);
  assert.equal(registry.asked.filter(({ headers }) => headers.authorization === 'Bearer t1').length, 1);
});

test('without a token for anybody, or with a token that does not help, it is unauthorized', async (t) => {
  const refusing = await serveWithTokens(t, { refuses: true });
  const upstream = createHttpUpstream(systemClock);
  const from = { registry: refusing.registry.host, repository: 'app' };
  await assert.rejects(upstream.manifest(from, 'v1', signal), failsWith('unauthorized'));
  const useless = await serveWithTokens(t);
  useless.revoke('another');
  const other = { registry: useless.registry.host, repository: 'app' };
  await assert.rejects(upstream.manifest(other, 'v1', signal), failsWith('unauthorized'));
  const basic = await serve(t, (_, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
  );
  await assert.rejects(upstream.ping(basic.host, signal), failsWith('unauthorized'));
});

test('a redirect to the storage of blobs is followed, and the token stays behind', async (t) => {
  const content = Buffer.from('layer');
  const storage = await serve(t, (_, response) => response.writeHead(200, { 'content-length': '5' }).end(content));
  const { registry: withTokens, tokens } = await serveWithTokens(t);
  const registry = await serve(t, (request, response) => {
    if (request.headers.authorization !== 'Bearer t1') {
      const challenge = `Bearer realm="http://${tokens.host}/token"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    } else response.writeHead(307, { location: `http://${storage.host}/signed?x=1` }).end();
  });
  const upstream = createHttpUpstream(systemClock);
  const blob = await upstream.blob({ registry: registry.host, repository: 'app' }, sha256(content), signal);
  assert.deepEqual(Buffer.concat(await Array.fromAsync(blob.content)), content);
  assert.equal(storage.asked[0]!.url, '/signed?x=1');
  assert.equal(storage.asked[0]!.headers.authorization, undefined);
  assert.equal(withTokens.asked.length, 0);
});

test('redirects without end, to other schemes and to the metadata of a machine are refused', async (t) => {
  const upstream = createHttpUpstream(systemClock);
  for (const location of [
    '/again',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/',
    'http://user:pw@localhost/',
  ]) {
    const registry = await serve(t, (_, response) => response.writeHead(307, { location }).end());
    const asking = upstream.manifest({ registry: registry.host, repository: 'app' }, 'v1', signal);
    await assert.rejects(asking, failsWith('malformed'), location);
    assert.ok(registry.asked.length <= 6);
  }
});

test('an upstream that is not named as this machine is not asked on it', async () => {
  const upstream = createHttpUpstream(systemClock);
  for (const registry of ['0.0.0.0:5000', '169.254.170.2', '[::ffff:169.254.169.254]:80', '224.0.0.1', '[fe80::1]']) {
    await assert.rejects(upstream.ping(registry, signal), failsWith('malformed'), registry);
  }
});

test('statuses tell why: too many pulls, a fault of its own, nonsense', async (t) => {
  const upstream = createHttpUpstream(systemClock);
  for (const [status, reason] of [
    [429, 'rate-limited'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [204, 'malformed'],
    [418, 'malformed'],
  ] as const) {
    const registry = await serve(t, (_, response) => response.writeHead(status).end());
    const from = { registry: registry.host, repository: 'app' };
    await assert.rejects(upstream.manifest(from, 'v1', signal), failsWith(reason));
    await assert.rejects(upstream.digest(from, 'v1', signal), failsWith(reason));
    await assert.rejects(upstream.blob(from, digest, signal), failsWith(reason));
  }
});

test('a manifest with another digest, of no type or without end is malformed', async (t) => {
  const upstream = createHttpUpstream(systemClock);
  const ask = async (answer: Answer, reference = 'v1') => {
    const registry = await serve(t, answer);
    await assert.rejects(
      upstream.manifest({ registry: registry.host, repository: 'app' }, reference, signal),
      failsWith('malformed'),
    );
  };
  await ask((_, response) => sendManifest(response), sha256(Buffer.from('other')));
  await ask((_, response) => sendManifest(response, { 'docker-content-digest': sha256(Buffer.from('other')) }));
  await ask((_, response) => response.writeHead(200).end(body));
  await ask((_, response) => {
    response.writeHead(200, { 'content-type': manifestType });
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const send = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', send);
    response.on('error', () => {});
    send();
  });
});

test('a blob that ends early, and one without a length, are not taken for whole', async (t) => {
  const upstream = createHttpUpstream(systemClock);
  const short = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('some', () => response.destroy());
  });
  const blob = await upstream.blob({ registry: short.host, repository: 'app' }, digest, signal);
  await assert.rejects(Array.fromAsync(blob.content), failsWith('unreachable'));
  const chunked = await serve(t, (_, response) => void response.writeHead(200).end('some'));
  await assert.rejects(
    upstream.blob({ registry: chunked.host, repository: 'app' }, digest, signal),
    failsWith('malformed'),
  );
});

test('a registry that falls silent is given up', async (t) => {
  const upstream = createHttpUpstream(systemClock, 50);
  const silent = await serve(t, () => {});
  await assert.rejects(upstream.ping(silent.host, signal), failsWith('unreachable'));
  const stalled = await serve(
    t,
    (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('some'),
  );
  const blob = await upstream.blob({ registry: stalled.host, repository: 'app' }, digest, signal);
  await assert.rejects(Array.fromAsync(blob.content), failsWith('unreachable'));
});

test('a registry that drips is given up after a minute', async (t) => {
  const minute = Promise.withResolvers<void>();
  const upstream = createHttpUpstream({ now: systemClock.now, sleep: () => minute.promise });
  const dripping = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-type': manifestType });
    response.write(' ', () => minute.resolve());
  });
  await assert.rejects(
    upstream.manifest({ registry: dripping.host, repository: 'app' }, 'v1', signal),
    failsWith('unreachable'),
  );
});

test('what a redirect leads to is no manifest for being JSON', async (t) => {
  const registry = await serve(t, (request, response) => {
    if (request.url === '/secrets') response.writeHead(200, { 'content-type': 'application/json' }).end('{"key":1}');
    else response.writeHead(302, { location: '/secrets' }).end();
  });
  const from = { registry: registry.host, repository: 'app' };
  await assert.rejects(createHttpUpstream(systemClock).manifest(from, 'v1', signal), failsWith('malformed'));
});
