// Takes a request off its socket, whole and bounded.
import type { IncomingMessage } from 'node:http';
import { AwsError } from '#kernel/error.ts';
import { clientLeft } from './access-record.ts';
import type { WireRequest } from './wire.ts';

/** A request without its body. */
export type RequestHead = Omit<WireRequest, 'body'>;

/** Reads what came before the body. */
export function receiveHead(message: IncomingMessage): RequestHead {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: joinHeaders(message.rawHeaders),
  };
}

/** Node drops repetitions of some headers; a signature covers them all, joined as here (SigV4's canonical headers). */
function joinHeaders(raw: readonly string[]): Record<string, string | undefined> {
  // Without a prototype: a header may be called `__proto__`.
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[index + 1]! : `${before},${raw[index + 1]!}`;
  }
  return headers;
}

interface Reception {
  /** Bytes. */
  readonly limit: number;
  /** Asks the client for the body, where it waits to be asked (`Expect: 100-continue`). */
  readonly proceed: () => void;
  /** A client that sends nothing of its body for so long is given up; 30,000 when absent. */
  readonly silenceMs?: number;
}

/**
 * The body, or undefined where it is longer than `limit` bytes: one that is announced as such is not read at all, and
 * of any other the rest is left unread. Rejects with RequestTimeout where the client falls silent, and with
 * ClientClosedRequest where it goes away.
 */
export function receiveBody(message: IncomingMessage, reception: Reception): Promise<Buffer | undefined> {
  const { limit, proceed, silenceMs = 30_000 } = reception;
  if (Number(message.headers['content-length'] ?? 0) > limit) return Promise.resolve(undefined);
  if (message.complete) return Promise.resolve(arrivedBody(message, limit));
  if (message.headers.expect !== undefined) proceed();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  let body: Buffer = nothing;
  let size = 0;
  message.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size <= limit) body = appended(body, size - chunk.byteLength, chunk);
    else if (size - chunk.byteLength <= limit) tooLong();
  });
  message.once('end', () => {
    if (message.listenerCount('timeout') > 0) awaitNothing(message);
    resolve(body.subarray(0, size));
  });
  message.once('error', (cause) => reject(clientClosed(cause)));
  message.once('close', () => {
    if (!message.readableEnded) reject(clientClosed());
  });
  // What is on its way needs no clock.
  setImmediate(() => {
    if (!message.complete && !message.destroyed) message.setTimeout(silenceMs, () => reject(requestTimeout()));
  });

  function tooLong(): void {
    message.pause();
    body = nothing;
    awaitNothing(message);
    resolve(undefined);
  }
  return promise;
}

/** Most bodies come in one piece with their head, and are there by now: nobody has to listen for them. */
function arrivedBody(message: IncomingMessage, limit: number): Buffer | undefined {
  const body = (message.read() as Buffer | null) ?? nothing;
  return body.byteLength > limit ? undefined : body;
}

const nothing: Buffer = Buffer.alloc(0);

/**
 * `body`, of which `length` bytes are taken up, with `chunk` behind them; room is doubled where it lacks. Chunks are not
 * kept as they come: one of a single byte takes some hundred bytes of memory, and a stranger may send a million of them.
 */
function appended(body: Buffer, length: number, chunk: Buffer): Buffer {
  if (length === 0) return chunk;
  const needed = length + chunk.byteLength;
  const roomy = needed <= body.byteLength ? body : Buffer.allocUnsafe(Math.max(needed, 2 * body.byteLength));
  if (roomy !== body) body.copy(roomy, 0, 0, length);
  chunk.copy(roomy, length);
  return roomy;
}

function awaitNothing(message: IncomingMessage): void {
  message.removeAllListeners('timeout');
  message.socket.setTimeout(0);
}

/** Nobody reads it; the access log says it. */
function clientClosed(cause?: Error): AwsError {
  return new AwsError('ClientClosedRequest', 'The client went away before its request was whole.', {
    status: clientLeft,
    cause,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function requestTimeout(): AwsError {
  return new AwsError(
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period.',
    { status: 408 },
  );
}
