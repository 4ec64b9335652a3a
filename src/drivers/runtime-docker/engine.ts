// The Docker Engine's HTTP API: one request and its answer over the unix socket, with every failure as a RuntimeError.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { Agent, request } from '#kernel/http.ts';
import { messageOf } from '#kernel/error.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { RuntimeErrorReason } from '#drivers/runtime.ts';

/** The oldest API that has all we ask for (one-shot stats), and the newest whose changes we have read. */
const oldestApi: ApiVersion = [1, 41];
const newestApi: ApiVersion = [1, 50];

/** Calls that only look things up or write a small file answer within this, or the engine counts as gone. */
const quickMs = 30_000;

type ApiVersion = readonly [major: number, minor: number];

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/containers/json`. Parts that are not ours go through {@link pathPart}. */
  readonly path: string;
  /** Absent members are left out; objects are sent as JSON. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly bytes?: { readonly type: string; readonly content: AsyncIterable<Uint8Array> | Uint8Array };
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the engine may be silent; `none` where that says nothing. 30 s when absent. */
  readonly timeoutMs?: number | 'none';
  /** Breaks the call off; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the engine says of itself. */
export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  /** Go's name of the architecture: `amd64`, `arm64`. */
  readonly Arch: string;
}

/** The socket that `DOCKER_HOST` names, or the usual one. Throws where it names something that is no unix socket. */
export function socketPathOf(dockerHost: string | undefined): string {
  if (!dockerHost) return '/var/run/docker.sock';
  if (!dockerHost.startsWith('unix://')) throw new Error(`DOCKER_HOST must be a unix:// socket, it is ${dockerHost}`);
  return dockerHost.slice('unix://'.length);
}

/** A name or reference as a part of a path; its slashes stay, since the engine's image paths have them. */
export function pathPart(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/** Labels as the engine's list calls filter by them; a value of '' asks for the label alone. */
export function labelFilters(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`));
}

/** A client of one engine. */
export class Engine {
  readonly #socketPath: string;
  /** Look-ups queue for few sockets; calls that take their time (stop, pull, logs) have one each. */
  readonly #quick = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #patient = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  #version: Promise<EngineVersion> | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Closes the idle connections. */
  close(): void {
    this.#quick.destroy();
    this.#patient.destroy();
  }

  /** What the engine says of itself now. */
  async version(): Promise<EngineVersion> {
    const answer = await this.#send({ method: 'GET', path: '/version' }, '');
    return JSON.parse(await read(answer)) as EngineVersion;
  }

  /** The version of the API that both sides know, e.g. `[1, 41]`. */
  async apiVersion(): Promise<ApiVersion> {
    this.#version ??= this.version();
    try {
      return negotiate(await this.#version);
    } catch (thrown) {
      this.#version = undefined;
      throw thrown;
    }
  }

  /** Sends a call and gives its answer's JSON. */
  async json<T>(call: Call): Promise<T> {
    return JSON.parse(await read(await this.#call(call))) as T;
  }

  /** Sends a call whose answer's body says nothing; gives its status. */
  async done(call: Call): Promise<number> {
    const answer = await this.#call(call);
    await read(answer);
    return answer.statusCode!;
  }

  /**
   * Sends a call and gives its answer's body as it comes. It throws `unavailable` when the connection breaks, and ends
   * quietly when the call's signal aborts. Leaving the iteration closes the connection.
   */
  async *stream(call: Call): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const answer = await this.#call({ timeoutMs: 'none', ...call });
      for await (const chunk of answer) yield chunk as Uint8Array;
    } catch (thrown) {
      if (!call.signal?.aborted) throw asRuntimeError(thrown);
    }
  }

  async #call(call: Call): Promise<IncomingMessage> {
    const [major, minor] = await this.apiVersion();
    try {
      return await this.#send(call, `/v${major}.${minor}`);
    } catch (thrown) {
      // The next call asks again: the engine may come back as another version.
      if (thrown instanceof RuntimeError && thrown.reason === 'unavailable') this.#version = undefined;
      throw thrown;
    }
  }

  async #send(call: Call, prefix: string): Promise<IncomingMessage> {
    try {
      const answer = await this.#exchange(call, prefix);
      if (answer.statusCode! < 400) return answer;
      throw failure(answer.statusCode!, engineWords(await read(answer)));
    } catch (thrown) {
      call.signal?.throwIfAborted();
      throw asRuntimeError(thrown);
    }
  }

  #exchange(call: Call, prefix: string): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const timeoutMs = call.timeoutMs ?? quickMs;
    const sent = request({
      socketPath: this.#socketPath,
      agent: timeoutMs === quickMs ? this.#quick : this.#patient,
      method: call.method,
      path: `${prefix}${call.path}${queryText(call.query)}`,
      headers: { host: 'docker', ...contentHeaders(call), ...call.headers },
      signal: call.signal,
    });
    if (timeoutMs !== 'none') sent.setTimeout(timeoutMs, () => sent.destroy(silence(call, timeoutMs)));
    sent.on('error', reject);
    sent.on('response', resolve);
    writeBody(sent, call);
    return promise;
  }
}

function silence(call: Call, ms: number): RuntimeError {
  const seconds = Math.round(ms / 1000);
  return new RuntimeError('unavailable', `The engine did not answer ${call.method} ${call.path} in ${seconds} s`);
}

function negotiate({ ApiVersion: newest, MinAPIVersion: oldest = '1.12' }: EngineVersion): ApiVersion {
  const theirs = parseVersion(newest);
  if (older(theirs, oldestApi)) {
    throw new RuntimeError('failed', `The engine's API is ${newest}; ${oldestApi.join('.')} or later is needed`);
  }
  if (older(newestApi, parseVersion(oldest))) {
    throw new RuntimeError(
      'failed',
      `The engine's API begins at ${oldest}; ${newestApi.join('.')} is the newest known`,
    );
  }
  return older(theirs, newestApi) ? theirs : newestApi;
}

function parseVersion(text: string): ApiVersion {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return [major, minor];
}

/** Whether `a` is older than `b`. */
export function older(a: ApiVersion, b: ApiVersion): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function queryText(query: Call['query']): string {
  if (query === undefined) return '';
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return `?${parameters}`;
}

function contentHeaders(call: Call): Record<string, string> {
  if (call.bytes !== undefined) return { 'content-type': call.bytes.type };
  return call.body === undefined ? {} : { 'content-type': 'application/json' };
}

function writeBody(sent: ClientRequest, call: Call): void {
  if (call.bytes === undefined) sent.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  else if (call.bytes.content instanceof Uint8Array) sent.end(call.bytes.content);
  else writeAll(sent, call.bytes.content).catch((error: Error) => sent.destroy(error));
}

async function writeAll(sent: ClientRequest, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) {
    if (!sent.write(chunk))
      await new Promise<void>((resolve) => void sent.once('drain', resolve).once('close', resolve));
    if (sent.destroyed) return;
  }
  sent.end();
}

async function read(message: IncomingMessage): Promise<string> {
  try {
    return await textOf(message);
  } catch (thrown) {
    throw asRuntimeError(thrown);
  }
}

/** The engine's message out of an error's body, which is JSON except for some that a proxy or the router answers. */
function engineWords(body: string): string {
  try {
    const parsed = JSON.parse(body) as { message?: unknown } | null;
    return typeof parsed?.message === 'string' ? parsed.message.trim() : body.trim();
  } catch {
    return body.trim();
  }
}

const reasons: Readonly<Record<number, RuntimeErrorReason>> = {
  400: 'invalid',
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  409: 'conflict',
};

/**
 * What the words say goes before the status: the engine answers a taken address or subnet and a network in use with 403
 * (20.10) or 400 and 500 (later), a container whose program cannot be executed with 400, 404 or 500, and one whose
 * volumes are to be had from a container that is not there with 400.
 */
const wordings: readonly (readonly [RegExp, RuntimeErrorReason])[] = [
  [/OCI runtime (create|start) failed|failed to create (shim|task)/i, 'failed'],
  [/address already in use|pool overlaps|has active endpoints|cannot join network of a non running/i, 'conflict'],
  [/^no such container/i, 'not-found'],
];

function failure(status: number, words: string): RuntimeError {
  const worded = wordings.find(([pattern]) => pattern.test(words));
  return new RuntimeError(worded?.[1] ?? reasons[status] ?? 'failed', words || `The engine answered ${status}`);
}

/** Whatever broke the conversation, as a RuntimeError. */
export function asRuntimeError(thrown: unknown): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown;
  return new RuntimeError('unavailable', `The engine does not answer: ${messageOf(thrown)}`, thrown);
}
