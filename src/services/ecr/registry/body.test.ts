// Bodies end with their clients: also with those that never say so.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { bodyOf, drain } from './body.ts';

/** Announces ten bytes and sends `sent` of them. */
async function arrive(t: TestContext, sent: string) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  t.after(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  socket.write(`PATCH / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n${sent}`);
  const [request, response] = await arrived;
  return { request, response, socket, closed };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString();
}

/** The reply's status line. */
async function statusLine(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1').split('\r\n')[0]!;
}

test('a whole body is read, and its connection stays', async (t) => {
  const { request, response, socket } = await arrive(t, '0123456789');
  assert.equal(await textOf(bodyOf(request, 20)), '0123456789');
  assert.ok(request.complete);
  assert.equal(request.listenerCount('timeout'), 0);
  response.end();
  assert.equal(await statusLine(socket), 'HTTP/1.1 200 OK');
});

test('of a client that falls silent what came is kept, and the connection is closed', async (t) => {
  const { request, closed } = await arrive(t, '01234');
  assert.equal(await textOf(bodyOf(request, 20)), '01234');
  assert.ok(!request.complete);
  await closed;
});

test('of a client that leaves what came is kept', async (t) => {
  const { request, socket } = await arrive(t, '01234');
  const text = textOf(bodyOf(request));
  socket.destroy();
  assert.equal(await text, '01234');
  assert.ok(!request.complete);
});

test('a refused body that never ends costs its client the connection, after the reply', async (t) => {
  const { request, response, socket, closed } = await arrive(t, '01234');
  const told = statusLine(socket);
  drain(request, systemClock, 20);
  response.writeHead(401).end();
  assert.equal(await told, 'HTTP/1.1 401 Unauthorized');
  await closed;
});
