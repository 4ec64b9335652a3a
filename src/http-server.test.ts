// The one port over raw sockets: which room a request comes to, whom it turns away, and how connections end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { AccessRecord } from '#aws/access-record.ts';
import { receiveBody } from '#aws/receive.ts';
import { send } from '#aws/send.ts';
import { systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { until } from '#kernel/until.fixture.ts';
import { createHttpServer, type Rooms } from './http-server.ts';

interface House {
  readonly port: number;
  readonly records: AccessRecord[];
  /** Sends text, half-closes, and gives everything that came back until the server closed, too. */
  ask(text: string): Promise<string>;
  /** Opens a connection and sends text; the test goes on from there. */
  open(text: string): Promise<Socket>;
}

/** What the rooms of these tests answer: their name, the request's target and the length of its body. */
const room =
  (name: string, limit: number) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await receiveBody(request, { limit, proceed: () => response.writeContinue() });
    const text =
      body === undefined ? `${name} too long` : `${name} ${request.method} ${request.url} ${body.byteLength}`;
    send(request, response, { status: body === undefined ? 413 : 200, headers: {}, body: text });
  };

async function build(t: TestContext, rooms: Rooms | 'shut' = standing): Promise<House> {
  const records: AccessRecord[] = [];
  const server = createHttpServer({
    door: { hosts: new Set(['berth.example']), origins: new Set() },
    rooms: () => (rooms === 'shut' ? undefined : rooms),
    recordAccess: (record) => records.push(record),
    clock: systemClock,
    random: seededRandom(1),
    version: '1.2.3',
    log: silentLog,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = async (text: string): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.setEncoding('latin1').write(text, 'latin1');
    return socket;
  };
  const ask = async (text: string): Promise<string> => {
    const socket = await open(text);
    socket.end();
    return readAll(socket);
  };
  return { port, records, ask, open };
}

const standing: Rooms = { gateway: room('gateway', 1000), registry: room('registry', 1000) };

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  // Not once(): a reset is an end, too.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Resolves once `part` was received. */
async function hears(socket: Socket, part: string): Promise<void> {
  let text = '';
  const listen = (chunk: string) => (text += chunk);
  socket.on('data', listen);
  await until(part, () => text.includes(part));
  socket.off('data', listen);
}

const get = (path: string, ...headers: string[]): string =>
  ['GET ' + path + ' HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n');
const statusOf = (answer: string): number => Number(answer.slice(9, 12));
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

test('requests come to the room that they are for', async (t) => {
  const { ask } = await build(t);
  const signed = 'Authorization: AWS4-HMAC-SHA256 Credential=…';
  const rooms: readonly (readonly [request: string, answer: string])[] = [
    [get('/v2/'), 'registry GET /v2/ 0'],
    [get('/v2'), 'registry GET /v2 0'],
    [get('/v2/a/manifests/b', 'Authorization: Basic eA=='), 'registry GET /v2/a/manifests/b 0'],
    [get('/v2/key', signed), 'gateway GET /v2/key 0'],
    [get('/v2/key?a=b&X-Amz-Signature=c'), 'gateway GET /v2/key?a=b&X-Amz-Signature=c 0'],
    [get('/v2x'), 'gateway GET /v2x 0'],
    [get('/', signed), 'gateway GET / 0'],
    [get('/?Action=x'), 'gateway GET /?Action=x 0'],
    [get('/'), 'Berth 1.2.3: the AWS APIs and the image registry.\n'],
    [get('/_berth/health'), '{"status":"ready","version":"1.2.3"}\n'],
    [get('http://localhost/v2/?a=b'), 'registry GET /v2/?a=b 0'],
    [get('http://localhost'), 'Berth 1.2.3: the AWS APIs and the image registry.\n'],
    [get('/bucket/%zz'), 'gateway GET /bucket/%zz 0'],
    [get('//evil.example/x'), 'gateway GET //evil.example/x 0'],
  ];
  for (const [request, answer] of rooms) assert.equal(bodyOf(await ask(request)), answer, request);
});

test('whom Berth must not serve is turned away before any room, with an id and a record', async (t) => {
  const { ask, records } = await build(t);
  const refused: readonly (readonly [request: string, status: number])[] = [
    ['GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403],
    ['GET / HTTP/1.1\r\n\r\n', 403],
    ['GET / HTTP/1.0\r\n\r\n', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n', 403],
    [get('/_berth/health', 'Origin: https://evil.example'), 403],
    [get('/v2/', 'Sec-Fetch-Site: cross-site'), 403],
    [get('http://evil.example/v2/'), 400],
    [get('http://user@localhost/'), 400],
    [get('/', 'Expect: the-unexpected'), 417],
  ];
  for (const [request, status] of refused) {
    records.length = 0;
    const answer = await ask(request);
    assert.equal(statusOf(answer), status, request);
    const [, id] = /x-amzn-requestid: (\S+)/.exec(answer)!;
    assert.deepEqual(
      records.map((record) => [record.requestId, record.status]),
      [[id, status]],
      request,
    );
  }
});

test('what is not HTTP is answered, recorded and closed', async (t) => {
  const { ask, records } = await build(t);
  const unreadable: readonly (readonly [request: string, status: number, code: string])[] = [
    ['\x16\x03\x01\x02\x00', 400, 'HPE_INVALID_METHOD'],
    ['nonsense\r\n\r\n', 400, 'HPE_INVALID_METHOD'],
    [get('/', `X-Bomb: ${'a'.repeat(20_000)}`), 431, 'HPE_HEADER_OVERFLOW'],
    [get('/', ...Array.from({ length: 5000 }, (_, i) => `a${i}: b`)), 431, 'HPE_HEADER_OVERFLOW'],
    [get('/', 'Content-Length: 1', 'Content-Length: 2'), 400, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    [get('/', 'Content-Length: 1', 'Transfer-Encoding: chunked'), 400, 'HPE_INVALID_TRANSFER_ENCODING'],
    [get('/', 'Content-Length: -1'), 400, 'HPE_INVALID_CONTENT_LENGTH'],
  ];
  for (const [request, status, code] of unreadable) {
    records.length = 0;
    const answer = await ask(request);
    assert.equal(statusOf(answer), status, code);
    assert.match(answer, /x-amzn-requestid: [0-9a-f-]{36}\r\n/);
    assert.match(answer, /connection: close/);
    assert.deepEqual(
      records.map((record) => [record.status, record.errorCode, record.path]),
      [[status, code, '']],
    );
  }
});

test('every header counts, however many there are', async (t) => {
  const { ask } = await build(t, {
    ...standing,
    async gateway(request, response) {
      send(request, response, { status: 200, headers: {}, body: String(request.rawHeaders.length / 2) });
    },
  });
  const headers = Array.from({ length: 3000 }, () => 'a:');
  assert.equal(bodyOf(await ask(get('/x', ...headers))), '3001');
});

test('an upgrade is a request like any other', async (t) => {
  const { ask } = await build(t);
  const answer = await ask(get('/x', 'Connection: Upgrade', 'Upgrade: websocket'));
  assert.deepEqual([statusOf(answer), bodyOf(answer)], [200, 'gateway GET /x 0']);
});

test('pipelined requests are answered in order', async (t) => {
  const { ask } = await build(t);
  const answers = await ask(get('/a') + get('/v2/b') + get('/c'));
  assert.deepEqual(answers.match(/(?:gateway|registry) GET \S+/g), [
    'gateway GET /a',
    'registry GET /v2/b',
    'gateway GET /c',
  ]);
});

test('HEAD has no body', async (t) => {
  const { ask } = await build(t);
  const answer = await ask(get('/x').replace('GET', 'HEAD'));
  assert.match(answer, /content-length: 17/);
  assert.equal(bodyOf(answer), '');
});

const post = (...headers: string[]): string => get('/x', ...headers).replace('GET', 'POST');

test('a body that is announced as too long is not asked for and not awaited', async (t) => {
  const { open } = await build(t);
  const socket = await open(post('Content-Length: 1001', 'Expect: 100-continue'));
  const answer = readAll(socket);
  await hears(socket, 'too long');
  socket.end();
  assert.equal(statusOf(await answer), 413);
});

test('a client that goes on sending after it was refused still reads why, then the connection ends', async (t) => {
  const { open } = await build(t);
  const socket = await open(post('Transfer-Encoding: chunked'));
  const answer = readAll(socket);
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
  for (let i = 0; i < 16; i += 1) socket.write(chunk);
  await hears(socket, 'too long').catch(() => assert.fail('no answer'));
  socket.end('0\r\n\r\n');
  assert.match(await answer, /^HTTP\/1\.1 413 .*connection: close.*gateway too long$/s);
});

test('a client that never stops sending is cut off', async (t) => {
  const { open } = await build(t);
  const socket = await open(post('Transfer-Encoding: chunked'));
  const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
  let sent = 0;
  const pump = (): void => {
    while (!socket.destroyed && socket.write(chunk)) sent += 1;
    if (!socket.destroyed) sent += 1;
  };
  socket.on('drain', pump);
  pump();
  await readAll(socket);
  assert.ok(sent < 64, `${sent} MiB were taken`);
});

test('whoever waits to be asked for a body is asked once it is wanted', async (t) => {
  const { open } = await build(t);
  for (const path of ['/x', '/v2/x']) {
    const socket = await open(get(path, 'Content-Length: 3', 'Expect: 100-continue').replace('GET', 'PUT'));
    const answer = readAll(socket);
    await hears(socket, 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.end('abc');
    assert.match(await answer, new RegExp(`HTTP/1.1 200 OK.* PUT ${path} 3$`, 's'));
  }
});

test('a registry request has its id in the reply and one record once it is through', async (t) => {
  const { ask, records } = await build(t);
  const answer = await ask(get('/v2/app/blobs/x?token=secret', 'User-Agent: docker/1'));
  const [, id] = /x-amzn-requestid: (\S+)/.exec(answer)!;
  const record = await until('the record', () => records[0]);
  assert.equal(records.length, 1);
  const { time, durationMs, ...rest } = record;
  assert.ok(Date.parse(time) > 0 && durationMs >= 0);
  assert.deepEqual(rest, {
    requestId: id,
    sourceAddress: '127.0.0.1',
    method: 'GET',
    path: '/v2/app/blobs/x',
    userAgent: 'docker/1',
    service: 'registry',
    status: 200,
    errorCode: undefined,
  });
});

test('what the registry learns of a request is in its record', async (t) => {
  const { ask, records } = await build(t, {
    ...standing,
    async registry(request, response, tell) {
      tell({ principal: 'arn:aws:iam::123456789012:root' });
      tell({ operation: 'PutImage', region: 'us-east-1' });
      send(request, response, { status: 201, headers: {}, body: '' });
    },
  });
  await ask(get('/v2/app/manifests/x'));
  const { principal, operation, region } = await until('the record', () => records[0]);
  assert.deepEqual([principal, operation, region], ['arn:aws:iam::123456789012:root', 'PutImage', 'us-east-1']);
});

test('a registry client that leaves is recorded as such', async (t) => {
  const { open, records } = await build(t);
  const socket = await open(get('/v2/x', 'Content-Length: 5').replace('GET', 'PUT') + 'ab');
  socket.destroy();
  const record = await until('the record', () => records[0]);
  assert.deepEqual([record.status, record.errorCode], [499, 'ClientClosedRequest']);
});

test('a room that fails is no reason for the server to end', async (t) => {
  const { ask } = await build(t, {
    ...standing,
    async gateway() {
      throw new Error('a bug');
    },
  });
  assert.equal(await ask(get('/x')), '');
  assert.equal(statusOf(await ask(get('/v2/'))), 200);
});

test('until everything serves the health says so, and all else is told to come again', async (t) => {
  const { ask, records } = await build(t, 'shut');
  const health = await ask(get('/_berth/health'));
  assert.deepEqual([statusOf(health), bodyOf(health)], [503, '{"status":"starting","version":"1.2.3"}\n']);
  for (const path of ['/v2/', '/x', '/']) assert.equal(statusOf(await ask(get(path))), 503, path);
  assert.deepEqual(
    records.map(({ path, errorCode }) => [path, errorCode]),
    [
      ['/v2/', 'ServiceUnavailable'],
      ['/x', 'ServiceUnavailable'],
      ['/', 'ServiceUnavailable'],
    ],
  );
});
