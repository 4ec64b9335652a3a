// For tests: requests as bytes, signed or not, and a connection that holds every answer against HTTP's grammar.
import { createHmac, hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { canonicalPath, canonicalQuery, canonicalRequest, canonicalS3Path } from '#aws/sigv4-canonical.ts';
import { keys, region } from './front-door.fixture.ts';

/** A request before it is written down: nothing in it need be sound. */
export interface RawRequest {
  service: string;
  method: string;
  path: string;
  query: string;
  headers: [name: string, value: string][];
  body: Buffer;
}

export interface Signing {
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly at?: Date;
}

const timestampOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, '');

/** Signs whatever the request is by now, so that it gets past the signature; takes an older signature off first. */
export function signRaw(request: RawRequest, signing: Signing = {}): RawRequest {
  const timestamp = timestampOf(signing.at ?? new Date(Date.now()));
  const date = timestamp.slice(0, 8);
  const s3 = request.service === 's3';
  const payloadHash = hash('sha256', request.body);
  const old = /^(?:authorization|x-amz-date|x-amz-content-sha256)$/i;
  const headers = request.headers.filter(([name]) => !old.test(name));
  headers.push(['X-Amz-Date', timestamp]);
  if (s3) headers.push(['x-amz-content-sha256', payloadHash]);
  const joined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    joined[lower] = joined[lower] === undefined ? value.trim() : `${joined[lower]},${value.trim()}`;
  }
  const signedHeaders = Object.keys(joined)
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .toSorted();
  const canonical = canonicalRequest({
    method: request.method,
    path: s3 ? canonicalS3Path(request.path) : canonicalPath(request.path),
    query: canonicalQuery(request.query),
    headers: joined,
    signedHeaders,
    payloadHash,
  });
  const scope = `${date}/${signing.region ?? region}/${request.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'))}`;
  const key = scope
    .split('/')
    .reduce<Buffer | string>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${signing.secretAccessKey ?? keys.secretAccessKey}`,
    );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { ...request, headers: [...headers, ['Authorization', authorization]] };
}

/** The request on the wire, with the length of its body unless its headers already say how it is framed. */
export function bytesOf(request: RawRequest): Buffer {
  const target = request.query === '' ? request.path : `${request.path}?${request.query}`;
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (!isFramed(request)) lines.push(`Content-Length: ${request.body.byteLength}\r\n`);
  return Buffer.concat([
    Buffer.from(`${request.method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    request.body,
  ]);
}

/** Whether the request's own headers say where its body ends, rightly or not. */
export function isFramed({ headers }: RawRequest): boolean {
  return headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name));
}

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What came back on a connection that then ended, or the one answer that was waited for. */
export interface Heard {
  readonly answers: readonly Answer[];
  /** The server ended the connection. */
  readonly ended: boolean;
}

/** One keep-alive connection that sends a request and hears its answer. Throws Error where an answer is not HTTP. */
export class RawConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #wake: () => void = () => undefined;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends and waits for one final answer, or for the end of the connection. */
  async ask(bytes: Buffer, method: string): Promise<Heard> {
    const socket = await this.#open();
    socket.write(bytes);
    const answers: Answer[] = [];
    while (true) {
      const answer = this.#take(method);
      if (answer !== undefined && answer.status >= 200) {
        answers.push(answer);
        if (answer.headers.get('connection') === 'close') this.close();
        return { answers, ended: this.#socket === undefined };
      }
      if (answer !== undefined) continue;
      if (this.#ended) return this.#end(answers);
      await this.#news();
    }
  }

  /** Sends, half-closes and hears everything until the server ends the connection, too. */
  async pour(bytes: Buffer): Promise<Heard> {
    const socket = await this.#open();
    socket.end(bytes);
    while (!this.#ended) await this.#news();
    const answers: Answer[] = [];
    for (let answer = this.#take('GET'); answer !== undefined; answer = this.#take('GET')) answers.push(answer);
    return this.#end(answers);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
  }

  #end(answers: readonly Answer[]): Heard {
    const rest = this.#received;
    this.close();
    if (rest.byteLength > 0)
      throw new Error(`not a whole answer: ${JSON.stringify(rest.toString('latin1').slice(0, 200))}`);
    return { answers, ended: true };
  }

  #news(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #open(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#ended) return this.#socket;
    this.close();
    this.#ended = false;
    const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = this.#received.byteLength === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const ended = (): void => {
      if (this.#socket === socket) this.#ended = true;
      this.#wake();
    };
    socket.once('end', ended).once('close', ended);
    // Resets are ends, too.
    socket.on('error', ended);
    return new Promise((resolve) => socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket)));
  }

  /** Takes one answer off what was received; undefined where it is not whole yet. */
  #take(method: string): Answer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first = '', ...lines] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]+$/.exec(first)?.[1] ?? malformed(first));
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+): ?([^\r\n\0]*)$/.exec(line) ?? malformed(line);
      if (headers.has(name!.toLowerCase())) malformed(`twice: ${line}`);
      headers.set(name!.toLowerCase(), value!);
    }
    const bodyless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
    const length = Number(
      bodyless ? 0 : (headers.get('content-length') ?? malformed(`no length: ${first} ${lines.join()}`)),
    );
    const start = end + 4;
    if (this.#received.byteLength < start + length) return undefined;
    const body = this.#received.subarray(start, start + length);
    this.#received = this.#received.subarray(start + length);
    return { status, headers, body };
  }
}

function malformed(text: string): never {
  throw new Error(`not HTTP: ${JSON.stringify(text.slice(0, 200))}`);
}
