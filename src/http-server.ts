// The doors: tell the console's, the registry's and the AWS APIs' requests apart, and turn away whom they must not serve.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientLeft, since, type AccessRecord } from '#aws/access-record.ts';
import { refuseSource, type FrontDoor } from '#aws/hosts.ts';
import { receiveHead, type RequestHead } from '#aws/receive.ts';
import { send } from '#aws/send.ts';
import type { Clock } from '#kernel/clock.ts';
import { messageOf } from '#kernel/error.ts';
import { createServer } from '#kernel/http.ts';
import { uuid } from '#kernel/id.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import { answerUnreadable } from './unreadable-request.ts';

/** What stands behind the port once everything serves. */
export interface Rooms {
  /** Keeps its own access records. */
  readonly gateway: (request: IncomingMessage, response: ServerResponse, head: RequestHead) => Promise<void>;
  /** Everything under `/v2`; tells what it learns of a request, for its access record. */
  readonly registry: (
    request: IncomingMessage,
    response: ServerResponse,
    tell: (call: RegistryCall) => void,
  ) => Promise<void>;
}

/** What the registry says of a request: the API action that it stands for, where, and by whom. */
export type RegistryCall = Pick<AccessRecord, 'operation' | 'region' | 'principal'>;

export interface HttpServerParts {
  readonly door: FrontDoor;
  /** Undefined until everything serves. */
  readonly rooms: () => Rooms | undefined;
  readonly recordAccess: (record: AccessRecord) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly log: Log;
}

/** A request on its way to its room. */
interface Arrival {
  readonly head: RequestHead;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request that is answered or recorded here; the gateway gives its requests their ids itself. */
interface Named extends Arrival {
  readonly requestId: string;
}

/** Makes the server of everything; the caller makes it listen. */
export function createHttpServer(parts: HttpServerParts): Server {
  return arrange(createServer({ requireHostHeader: false }), parts, serve);
}

/** Makes the server that speaks TLS and has nothing but the registry; `identity` is PEM. */
export async function createRegistryServer(
  parts: HttpServerParts,
  identity: { readonly certificate: string; readonly key: string },
): Promise<Server> {
  const { certificate: cert, key } = identity;
  // Node's TLS takes 4 MB, which only those pay for who want it.
  const { createServer: createSecureServer } = await import('node:https');
  const server = createSecureServer({ requireHostHeader: false, cert, key, handshakeTimeout: 30_000 });
  return arrange(server, parts, serveRegistry);
}

function arrange(
  server: Server,
  parts: HttpServerParts,
  serveOne: (parts: HttpServerParts, arrival: Arrival) => Promise<void>,
): Server {
  const answering = new WeakMap<Socket, ServerResponse>();
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    answering.set(request.socket, response);
    serveOne(parts, { head: receiveHead(request), request, response }).catch((thrown: unknown) => {
      parts.log.error('a request broke off', { method: request.method, error: messageOf(thrown) });
      response.destroy();
    });
  };
  server.on('request', take);
  // None is dropped before its signature is checked; their size in all is limited, to 16 KiB.
  server.maxHeadersCount = 0;
  // Whoever waits to be asked for a body is asked only once it is wanted.
  server.on('checkContinue', take);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const arrival = { head: receiveHead(request), request, response };
    turnAway(parts, arrival, 417, 'Berth knows no other expectation than 100-continue.');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const response = answering.get(socket);
    const unread = { error, socket, response, requestId: uuid(parts.random) };
    const status = answerUnreadable(unread);
    // A request whose body broke off has a record of its own.
    const isNew = response === undefined || response.writableFinished;
    if (status !== undefined && isNew) recordUnreadable(parts, unread, status);
  });
  // Longer than the SDKs keep idle connections, so that they never write to one that is being closed.
  server.keepAliveTimeout = 75_000;
  // A large layer may take long over a slow line; a client that sends nothing at all may not.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  return server;
}

async function serve(parts: HttpServerParts, asked: Arrival): Promise<void> {
  const arrival = admit(parts, asked);
  if (arrival === undefined) return;
  const { head, request, response } = arrival;
  const rooms = parts.rooms();
  if (head.path === '/_berth/health') return health(parts, arrival, rooms !== undefined);
  if (rooms === undefined) return turnAway(parts, arrival, 503, 'Berth is starting.');
  if (isForRegistry(head)) return registry(parts, arrival, rooms);
  if (isVisitor(head))
    return say(named(parts, arrival), 200, `Berth ${parts.version}: the AWS APIs and the image registry.`);
  return rooms.gateway(request, response, head);
}

async function serveRegistry(parts: HttpServerParts, asked: Arrival): Promise<void> {
  const arrival = admit(parts, asked);
  if (arrival === undefined) return;
  const rooms = parts.rooms();
  if (rooms === undefined) return turnAway(parts, arrival, 503, 'Berth is starting.');
  if (isForRegistry(arrival.head)) return registry(parts, arrival, rooms);
  turnAway(parts, arrival, 404, 'Only the image registry has this name.');
}

/** The arrival with its target as `/path?query`; undefined where it was turned away. */
function admit(parts: HttpServerParts, arrival: Arrival): Arrival | undefined {
  const { head, request } = arrival;
  const refused = refuseSource(head.headers, parts.door);
  if (refused !== undefined) return void turnAway(parts, arrival, 403, refused);
  const target = originForm(head);
  if (target === undefined)
    return void turnAway(parts, arrival, 400, 'The request is for another host than its Host header says.');
  if (target === request.url) return arrival;
  request.url = target;
  return { ...arrival, head: receiveHead(request) };
}

/**
 * The request target as `/path?query`; undefined where it is absolute and names another authority than Host, which is
 * what was checked (RFC 9112, section 3.2.2).
 */
function originForm({ path, query, headers }: RequestHead): string | undefined {
  const target = query === '' ? path : `${path}?${query}`;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) return target;
  const [, authority = '', rest = ''] = absolute;
  if (authority.toLowerCase() !== headers['host']?.toLowerCase()) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Registry clients never sign with SigV4; a bucket may well be called `v2`. */
function isForRegistry({ path, query, headers }: RequestHead): boolean {
  if (!/^\/v2(\/|$)/.test(path)) return false;
  return !headers['authorization']?.startsWith('AWS4-') && !/(?:^|&)X-Amz-Signature=/.test(query);
}

/** Somebody who looks at the address in a browser, or with curl. */
function isVisitor({ method, path, query, headers }: RequestHead): boolean {
  return method === 'GET' && path === '/' && query === '' && headers['authorization'] === undefined;
}

/** The registry streams, so that its record is made once its reply is through. */
function registry(parts: HttpServerParts, arrival: Arrival, rooms: Rooms): Promise<void> {
  const met = named(parts, arrival);
  const { head, request, response } = met;
  const start = performance.now();
  const time = parts.clock.now().toISOString();
  let call: RegistryCall = {};
  response.setHeader('x-amzn-requestid', met.requestId);
  response.once('close', () => {
    const whole = response.writableFinished;
    parts.recordAccess({
      time,
      ...described(met),
      service: 'registry',
      ...call,
      status: response.headersSent ? response.statusCode : clientLeft,
      errorCode: whole ? undefined : 'ClientClosedRequest',
      durationMs: since(start),
    });
  });
  if (head.headers['expect'] !== undefined) response.writeContinue();
  return rooms.registry(request, response, (learned) => (call = { ...call, ...learned }));
}

function health(parts: HttpServerParts, arrival: Arrival, ready: boolean): void {
  const { request, response, requestId } = named(parts, arrival);
  const body = `${JSON.stringify({ status: ready ? 'ready' : 'starting', version: parts.version })}\n`;
  const headers = { 'x-amzn-requestid': requestId, 'content-type': 'application/json' };
  send(request, response, { status: ready ? 200 : 503, headers, body });
}

/** Refuses a request before it is in any room. */
function turnAway(parts: HttpServerParts, arrival: Arrival, status: number, text: string): void {
  const start = performance.now();
  const time = parts.clock.now().toISOString();
  const met = named(parts, arrival);
  say(met, status, text);
  const errorCode = status === 503 ? 'ServiceUnavailable' : 'TurnedAway';
  parts.recordAccess({ time, ...described(met), status, errorCode, durationMs: since(start) });
}

function say({ request, response, requestId }: Named, status: number, text: string): void {
  const headers = {
    'x-amzn-requestid': requestId,
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  };
  send(request, response, { status, headers, body: `${text}\n` });
}

function named({ random }: HttpServerParts, arrival: Arrival): Named {
  return { ...arrival, requestId: uuid(random) };
}

function described({ requestId, head, request }: Named) {
  return {
    requestId,
    sourceAddress: request.socket.remoteAddress ?? '',
    method: head.method,
    path: head.path,
    userAgent: head.headers['user-agent'],
  };
}

interface Unreadable {
  readonly error: NodeJS.ErrnoException;
  readonly socket: Socket;
  readonly requestId: string;
}

function recordUnreadable(parts: HttpServerParts, { error, socket, requestId }: Unreadable, status: number): void {
  parts.recordAccess({
    time: parts.clock.now().toISOString(),
    requestId,
    sourceAddress: socket.remoteAddress ?? '',
    method: '',
    path: '',
    status,
    errorCode: error.code,
    durationMs: 0,
  });
}
