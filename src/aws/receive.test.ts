// A request comes off its socket whole and bounded, or it is said why not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { receiveBody, receiveHead } from './receive.ts';

/** Sends bytes and gives the request as node's server has it. */
async function arrive(t: TestContext, text: string): Promise<{ message: IncomingMessage; socket: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  socket.write(text, 'latin1');
  const [message] = await arrived;
  return { message, socket };
}

/** Bytes, once what nobody holds any more was taken away. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const head = (...headers: string[]): string =>
  ['POST /a%20b?c=d?e HTTP/1.1', 'Host: x', ...headers, '', ''].join('\r\n');
const reception = { limit: 10, proceed: () => undefined };

test('the head keeps path, query and every header as they were sent', async (t) => {
  const { message } = await arrive(t, head('X-A: 1', 'x-a: 2', '__proto__: y', 'Authorization: a', 'authorization: b'));
  const { method, path, query, headers } = receiveHead(message);
  assert.deepEqual([method, path, query], ['POST', '/a%20b', 'c=d?e']);
  assert.deepEqual({ ...headers }, { host: 'x', 'x-a': '1,2', ['__proto__']: 'y', authorization: 'a,b' });
});

test('a body is whole, whether its length is announced or not', async (t) => {
  for (const [text, body] of [
    [`${head('Content-Length: 10')}0123456789`, '0123456789'],
    [`${head('Transfer-Encoding: chunked')}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`, 'abcde'],
    [head(), ''],
    [head('Content-Length: 0'), ''],
  ] as const) {
    const { message } = await arrive(t, text);
    assert.equal((await receiveBody(message, reception))?.toString(), body);
  }
});

test('a body in single bytes takes no more memory than it has bytes, near enough', async (t) => {
  const count = 100_000;
  const { message, socket } = await arrive(t, head('Transfer-Encoding: chunked'));
  const body = receiveBody(message, { ...reception, limit: count });
  let [received, before, after] = [0, 0, 0];
  message.on('data', () => {
    received += 1;
    if (received === 1) before = memoryInUse();
    if (received === count) after = memoryInUse();
  });
  socket.end(`${'1\r\na\r\n'.repeat(count)}0\r\n\r\n`);
  assert.equal((await body)?.toString(), 'a'.repeat(count));
  assert.equal(received, count);
  assert.ok(after - before < 50 * count, `${after - before} bytes`);
});

test('one that is too long is not taken', async (t) => {
  for (const text of [
    head('Content-Length: 11'),
    `${head('Transfer-Encoding: chunked')}b\r\n0123456789a\r\n`,
    `${head('Transfer-Encoding: chunked')}${'1\r\na\r\n'.repeat(11)}`,
  ]) {
    const { message } = await arrive(t, text);
    assert.equal(await receiveBody(message, reception), undefined);
  }
});

test('a client that falls silent is given up', async (t) => {
  const { message } = await arrive(t, `${head('Content-Length: 5')}abc`);
  await assert.rejects(receiveBody(message, { ...reception, silenceMs: 20 }), { code: 'RequestTimeout', status: 408 });
});

test('a client that goes away is noticed', async (t) => {
  const { message, socket } = await arrive(t, `${head('Content-Length: 5')}abc`);
  const body = receiveBody(message, reception);
  socket.destroy();
  await assert.rejects(body, { code: 'ClientClosedRequest', status: 499 });
});

test('a client that waits to be asked is asked, but not for what is too long', async (t) => {
  let asked = 0;
  const proceed = (): void => void (asked += 1);
  const short = await arrive(t, `${head('Content-Length: 1', 'Expect: 100-continue')}a`);
  assert.equal((await receiveBody(short.message, { limit: 10, proceed }))?.toString(), 'a');
  const long = await arrive(t, head('Content-Length: 11', 'Expect: 100-continue'));
  assert.equal(await receiveBody(long.message, { limit: 10, proceed }), undefined);
  assert.equal(asked, 1);
});
