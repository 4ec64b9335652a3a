// Puts a reply on the wire, also where the request's body was not read to its end.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireResponse } from './wire.ts';

/** Bytes of a refused body that are still read, and how long that may take. */
const lingerBytes = 16 * 1024 * 1024;
const lingerMs = 5_000;

/**
 * Sends a whole reply. A connection with an unread body is closed after it, but not at once: closing a socket that has
 * unread bytes resets it, and the client would lose the reply (RFC 9112, section 9.6). Throws where a header's value
 * cannot be sent.
 */
export function send(message: IncomingMessage, response: ServerResponse, reply: WireResponse): void {
  if (response.destroyed) return;
  const noBody = reply.status === 204 || reply.status === 304;
  const length = noBody ? undefined : { 'content-length': String(Buffer.byteLength(reply.body)) };
  const body = noBody ? '' : reply.body;
  if (message.complete) {
    response.writeHead(reply.status, { ...length, ...reply.headers }).end(body);
    return;
  }
  response.writeHead(reply.status, { ...length, ...reply.headers, connection: 'close' });
  response.flushHeaders();
  if (body.length > 0) response.write(body);
  linger(message, response);
}

/** Reads the body that nobody wants any more until it ends or the client has had its chance; then ends the connection. */
function linger(message: IncomingMessage, response: ServerResponse): void {
  let left = lingerBytes;
  const deadline = performance.now() + lingerMs;
  const finish = (): void => void response.end();
  message.setTimeout(lingerMs, finish);
  message.once('end', finish);
  // That it left is what we wish for by now.
  message.once('close', finish);
  message.on('error', () => undefined);
  message.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left >= 0 && performance.now() < deadline) return;
    finish();
    message.destroy();
  });
  message.resume();
}
