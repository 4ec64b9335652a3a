// A program that a bench forks: sends ready-made requests over raw keep-alive sockets and says how long the answers took.
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Whole HTTP requests; begun again from the first when they are used up, unless each may be sent only `once`. */
  readonly requests: readonly Uint8Array[];
  readonly once: boolean;
  /** Whether answers have no body, whatever length they state (HEAD). */
  readonly bodiless?: boolean;
  /** How long requests are sent. */
  readonly seconds: number;
}

export interface Outcome {
  readonly answers: number;
  readonly seconds: number;
  /** Answers other than 200. */
  readonly refused: number;
  /** The first of those. */
  readonly firstRefusal?: string;
  /** Of the median and the 99th percentile. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of one answer, head included. */
  readonly answerBytes: number;
  /** Seconds of processor time that the client itself used. */
  readonly clientSeconds: number;
}

process.once('message', (load: Load) => {
  apply(load).then(
    (outcome) => process.send!(outcome, () => process.disconnect()),
    (thrown: unknown) => {
      process.stderr.write(`${String(thrown)}\n`);
      process.exit(1);
    },
  );
});

async function apply({ port, connections, requests, once, bodiless, seconds: wanted }: Load): Promise<Outcome> {
  const limit = once ? requests.length : Number.POSITIVE_INFINITY;
  const latencies: number[] = [];
  let sent = 0;
  let refused = 0;
  let firstRefusal: string | undefined;
  let answerBytes = 0;
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + wanted * 1000;
  async function work(): Promise<void> {
    const connection = new Connection(port, bodiless ?? false);
    while (performance.now() < end && sent < limit) {
      const request = requests[sent++ % requests.length]!;
      const begun = performance.now();
      const answer = await connection.ask(request);
      latencies.push(performance.now() - begun);
      answerBytes = answer.byteLength;
      if (answer.subarray(9, 12).toString('latin1') === '200') continue;
      refused++;
      firstRefusal ??= answer.toString();
    }
    connection.end();
  }
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const clientSeconds = (user + system) / 1e6;
  return {
    answers: sorted.length,
    seconds,
    refused,
    firstRefusal,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    answerBytes,
    clientSeconds,
  };
}

const headEnd = Buffer.from('\r\n\r\n');

/** One request at a time; connects anew where the server closes (moto does, after every answer). Content-Length only. */
class Connection {
  readonly #port: number;
  readonly #bodiless: boolean;
  #socket: Socket | undefined;

  constructor(port: number, bodiless: boolean) {
    this.#port = port;
    this.#bodiless = bodiless;
  }

  ask(request: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = this.#open();
      const parts: Buffer[] = [];
      let wanted = -1;
      let size = 0;
      const done = (settle: () => void) => {
        socket.off('data', onData).off('error', reject).off('close', onClose);
        if (saysClose(parts[0])) this.end();
        settle();
      };
      const onClose = () => done(() => reject(new Error('the server closed before it answered')));
      const onData = (part: Buffer) => {
        parts.push(part);
        size += part.byteLength;
        if (wanted < 0) wanted = answerLength(parts.length === 1 ? part : Buffer.concat(parts), this.#bodiless);
        if (wanted >= 0 && size >= wanted) done(() => resolve(parts.length === 1 ? part : Buffer.concat(parts)));
      };
      socket.on('data', onData).once('error', reject).once('close', onClose);
      socket.write(request);
    });
  }

  end(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    this.#socket ??= connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    return this.#socket;
  }
}

function saysClose(start: Buffer | undefined): boolean {
  return start?.subarray(0, 1024).includes('\r\nConnection: close') ?? false;
}

/** Bytes of the whole answer, or -1 while its head is not complete. */
function answerLength(start: Buffer, bodiless: boolean): number {
  const end = start.indexOf(headEnd);
  if (end < 0) return -1;
  if (bodiless) return end + headEnd.byteLength;
  const length = /\r\ncontent-length: *(\d+)/i.exec(start.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${start.toString('latin1', 0, end)}`);
  return end + headEnd.byteLength + Number(length);
}
