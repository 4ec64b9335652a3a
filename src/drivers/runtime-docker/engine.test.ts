// The client against a server that answers as engines of other versions, ill ones and silent ones do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { registryAuth } from './docker-images.ts';
import { createDockerRuntime } from './docker-runtime.ts';
import { Engine, socketPathOf } from './engine.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a socket of its own; it answers /version by itself. */
async function serve(context: TestContext, answer: Answer, versions: object = { ApiVersion: '1.41' }) {
  const folder = await mkdtemp(join(tmpdir(), 'berth-engine-'));
  const socketPath = join(folder, 'docker.sock');
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url!);
    if (request.url === '/version') response.end(JSON.stringify({ Version: '0', Arch: 'amd64', ...versions }));
    else answer(request, response);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const runtime = createDockerRuntime({ clock: systemClock, dockerHost: `unix://${socketPath}` });
  return { engine: new Engine(socketPath), runtime, paths };
}

function refuse(status: number, message: string): Answer {
  return (_request, response) => void response.writeHead(status).end(JSON.stringify({ message }));
}

const ping = { method: 'GET', path: '/thing' } as const;
const never = new AbortController().signal;

test('an inspection does not wait for a time that the clock was set back from', async (context) => {
  const ahead = new Date(systemClock.now().getTime() + 3_600_000).toISOString();
  const State = { Status: 'exited', ExitCode: 137, OOMKilled: false, Error: '', StartedAt: ahead, FinishedAt: ahead };
  const HostConfig = { Memory: 1 << 24 };
  const inspection = { Id: 'c1', Name: '/c', Created: ahead, Image: 'i', Config: { Labels: {} }, HostConfig, State };
  const { runtime, paths } = await serve(context, (request, response) => {
    response.end(request.url!.includes('/events') ? '' : JSON.stringify(inspection));
  });
  assert.equal((await runtime.inspect('c1'))?.outOfMemory, false);
  const asked = new URLSearchParams(paths.find((path) => path.includes('/events'))!.split('?')[1]);
  const [since, until] = [Number(asked.get('since')), Number(asked.get('until'))];
  assert.ok(since <= until && until * 1000 < systemClock.now().getTime() + 1000, `from ${since} until ${until}`);
});

test('the API’s version is the newest that both know', async (context) => {
  const ok: Answer = (_request, response) => void response.end('{}');
  for (const [versions, prefix] of [
    [{ ApiVersion: '1.41' }, '/v1.41'],
    [{ ApiVersion: '1.99', MinAPIVersion: '1.44' }, '/v1.50'],
  ] as const) {
    const { engine, paths } = await serve(context, ok, versions);
    await engine.done(ping);
    await engine.done(ping);
    assert.deepEqual(paths, ['/version', `${prefix}/thing`, `${prefix}/thing`]);
  }
  for (const versions of [{ ApiVersion: '1.40' }, { ApiVersion: '1.99', MinAPIVersion: '1.60' }]) {
    const { engine } = await serve(context, ok, versions);
    await assert.rejects(engine.done(ping), { reason: 'failed', message: /API/ });
  }
});

test('refusals become reasons, by their words before their status', async (context) => {
  for (const [status, message, reason] of [
    [400, 'invalid mount config', 'invalid'],
    [401, 'who are you', 'denied'],
    [404, 'No such container: x', 'not-found'],
    [409, 'name is taken', 'conflict'],
    [500, 'no space left on device', 'failed'],
    [503, 'starting', 'failed'],
    [403, 'Address already in use', 'conflict'],
    [403, 'Pool overlaps with other one on this address space', 'conflict'],
    [400, 'OCI runtime create failed: exec: "x": not found', 'failed'],
    [404, 'failed to create task for container: no such file', 'failed'],
  ] as const) {
    const { engine } = await serve(context, refuse(status, message));
    await assert.rejects(engine.done(ping), { name: 'RuntimeError', reason, message });
  }
});

test('an error that is not JSON keeps its words', async (context) => {
  const { engine } = await serve(context, (_request, response) => void response.writeHead(404).end('page not found\n'));
  await assert.rejects(engine.done(ping), { reason: 'not-found', message: 'page not found' });
});

test('an engine that is silent, or falls silent, is unavailable', async (context) => {
  const silent = await serve(context, () => {});
  const gone = { name: 'RuntimeError', reason: 'unavailable' };
  await assert.rejects(silent.engine.done({ ...ping, timeoutMs: 20 }), { ...gone, message: /did not answer/ });
  const stalling = await serve(context, (_request, response) => void response.write('{'));
  await assert.rejects(stalling.engine.json({ ...ping, timeoutMs: 50 }), gone);
  const dropping = await serve(context, (request) => void request.socket.destroy());
  await assert.rejects(dropping.engine.done(ping), gone);
});

test('an abort rejects with its reason', async (context) => {
  const aborter = new AbortController();
  const { engine } = await serve(context, () => aborter.abort(new Error('enough')));
  await assert.rejects(engine.done({ ...ping, signal: aborter.signal }), /enough/);
});

test('a stream of events that breaks is unavailable, and one that is aborted ends', async (context) => {
  const event = { Type: 'container', Action: 'start', Actor: { ID: '1', Attributes: { a: 'b', image: 'i' } } };
  const { runtime } = await serve(context, (request, response) => {
    response.write(`${JSON.stringify({ ...event, timeNano: 1_795_506_576_804_339_712 })}\n`);
    if (!request.url!.includes('kept')) setImmediate(() => response.destroy());
  });
  const seen: object[] = [];
  const broken = async () => {
    for await (const each of runtime.events('a', never)) seen.push(each);
  };
  await assert.rejects(broken(), { name: 'RuntimeError', reason: 'unavailable' });
  assert.deepEqual(seen, [{ id: '1', labels: { a: 'b' }, action: 'start', at: new Date(1_795_506_576_804) }]);
  const aborter = new AbortController();
  for await (const { id } of runtime.events('kept', aborter.signal)) {
    assert.equal(id, '1');
    aborter.abort();
  }
});

test('what a pull’s stream ends with counts', async (context) => {
  const absent = 'manifest for localhost:1/denied/app:v1 not found: manifest unknown: no such tag';
  const denied = "pull access denied for app, repository does not exist or may require 'docker login': denied: no";
  for (const [message, reason] of [
    [absent, 'not-found'],
    ['repository localhost:1/app not found: name unknown', 'not-found'],
    ['failed to resolve reference "localhost:1/app:v1": localhost:1/app:v1: not found', 'not-found'],
    [denied, 'denied'],
    ['unauthorized: authentication required', 'denied'],
    ['Get "http://localhost:1/v2/": no basic auth credentials', 'denied'],
    ['Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', 'failed'],
    ['Get "https://r.test/v2/": dial tcp: lookup r.test on 127.0.0.53:53: no such host', 'failed'],
    ['failed to register layer: no space left on device', 'failed'],
  ] as const) {
    const { runtime } = await serve(context, (_request, response) => {
      response.write('{"status":"Pulling from app"}\r\n');
      response.end(`${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
    });
    const expected = { name: 'RuntimeError', reason, message };
    await assert.rejects(runtime.pull('localhost:1/app:v1', undefined, never), expected);
    const refusing = await serve(context, refuse(500, message));
    await assert.rejects(refusing.runtime.pull('localhost:1/app:v1', undefined, never), expected);
  }
});

test('a pull sends the registry’s credentials and asks for the one tag', async (context) => {
  const asked: { url: string; auth: unknown }[] = [];
  const { runtime } = await serve(context, (request, response) => {
    asked.push({ url: request.url!, auth: request.headers['x-registry-auth'] });
    response.end(
      request.url!.includes('/json') ? '{"Id":"sha256:1","RepoDigests":null,"Size":7}' : '{"status":"Done"}\n',
    );
  });
  const image = await runtime.pull('localhost:1/team/app', { username: 'AWS', password: 'p"ü' }, never);
  assert.deepEqual(image, { id: 'sha256:1', repoDigests: [], size: 7 });
  assert.equal(asked[0]?.url, '/v1.41/images/create?fromImage=localhost%3A1%2Fteam%2Fapp&tag=latest');
  assert.equal(asked[1]?.url, '/v1.41/images/localhost%3A1/team/app/json');
  assert.deepEqual(JSON.parse(Buffer.from(String(asked[0]?.auth), 'base64url').toString()), {
    username: 'AWS',
    password: 'p"ü',
    serveraddress: 'localhost:1',
  });
});

test('containers that vanish while they are listed are left out', async (context) => {
  const { runtime } = await serve(context, (request, response) => {
    if (request.url!.includes('/containers/json')) response.end('[{"Id":"1"},{"Id":"2"}]');
    else refuse(404, 'No such container')(request, response);
  });
  assert.deepEqual(await runtime.list({ a: '' }), []);
});

test('a lack of memory that the engine only has as an event is found, for a fresh kill alone', async (context) => {
  const state = (extra: object) => ({
    Id: '1',
    Name: '/one',
    Created: '2026-01-01T00:00:00Z',
    Image: 'sha256:1',
    Config: { Labels: {}, Tty: false },
    HostConfig: { Memory: 8 },
    State: {
      Status: 'exited',
      OOMKilled: false,
      ExitCode: 137,
      Error: '',
      StartedAt: '2026-01-01T00:00:01Z',
      ...extra,
    },
  });
  const finished = { FinishedAt: new Date().toISOString() };
  const oom = { Type: 'container', Action: 'oom', Actor: { ID: '1', Attributes: {} }, timeNano: 0 };
  for (const [extra, event, outOfMemory] of [
    [finished, oom, true],
    [finished, undefined, false],
    [{ ...finished, ExitCode: 1 }, oom, false],
    [{ FinishedAt: '2026-01-01T00:00:02Z' }, oom, false],
  ] as const) {
    const { runtime } = await serve(context, (request, response) => {
      if (request.url!.includes('/events')) response.end(event && JSON.stringify(event));
      else response.end(JSON.stringify(state(extra)));
    });
    for (let round = 0; round < 2; round += 1) assert.equal((await runtime.inspect('1'))?.outOfMemory, outOfMemory);
  }
});

function logFrame(second: number): Buffer {
  const entry = Buffer.from(`2026-01-01T00:00:0${second}.000000001Z line ${second}\n`);
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, entry.length]);
  return Buffer.concat([header, entry]);
}

test('what the engine’s follow left out at the end is read again, each line once', async (context) => {
  let running = true;
  const { runtime, paths } = await serve(context, (request, response) => {
    const url = request.url!;
    const inspection = { Id: '1', Config: { Tty: false }, State: { Running: running } };
    if (!url.includes('/logs')) response.end(JSON.stringify(inspection));
    else if (!url.includes('follow=true')) response.end(Buffer.concat([2, 3].map(logFrame)));
    else if (!url.includes('since')) response.end(Buffer.concat([1, 2].map(logFrame)));
    else {
      // The second follow: the container went on, and ended.
      running = false;
      response.end(Buffer.concat([3, 4].map(logFrame)));
    }
  });
  const lines = await Array.fromAsync(runtime.logs('1', undefined, never));
  assert.deepEqual(
    lines.map((line) => line.text),
    ['line 1', 'line 2', 'line 3', 'line 4'],
  );
  const asked = paths.filter((path) => path.includes('/logs')).map((path) => new URL(path, 'http://x').searchParams);
  assert.deepEqual(
    asked.map((query) => [query.get('follow'), query.get('since')]),
    [
      ['true', null],
      ['false', '1767225601.000000000'],
      ['true', '1767225602.000000000'],
      ['false', '1767225603.000000000'],
    ],
  );
});

test('logs that break off are unavailable', async (context) => {
  const { runtime } = await serve(context, (request, response) => {
    const inspection = { Id: '1', Config: { Tty: false }, State: { Running: true } };
    if (!request.url!.includes('/logs')) response.end(JSON.stringify(inspection));
    else response.write(logFrame(1), () => response.destroy());
  });
  await assert.rejects(Array.fromAsync(runtime.logs('1', undefined, never)), { reason: 'unavailable' });
});

test('DOCKER_HOST names a unix socket or is refused', () => {
  assert.equal(socketPathOf(undefined), '/var/run/docker.sock');
  assert.equal(socketPathOf(''), '/var/run/docker.sock');
  assert.equal(socketPathOf('unix:///run/user/1000/docker.sock'), '/run/user/1000/docker.sock');
  assert.throws(() => socketPathOf('tcp://10.0.0.1:2375'), /unix:\/\/ socket/);
});

test('credentials are padded, whatever the length of the registry’s name', () => {
  for (const name of ['localhost:1/a', 'localhost:12/a', 'localhost:123/a']) {
    const header = registryAuth(name, { username: 'AWS', password: '>>>???' });
    assert.match(header, /^[\w-]+=*$/);
    assert.equal(header.length % 4, 0);
    const serveraddress = name.slice(0, -2);
    const read = JSON.parse(Buffer.from(header, 'base64url').toString()) as unknown;
    assert.deepEqual(read, { username: 'AWS', password: '>>>???', serveraddress });
  }
});
