// The one port: tells the console's, the registry's and the AWS APIs' requests apart, and turns away whom it must not serve.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { refuseSource, type FrontDoor } from '#aws/hosts.ts';
import { receiveHead, type RequestHead } from '#aws/receive.ts';
import { messageOf } from '#kernel/error.ts';
import type { Log } from '#kernel/log.ts';

/** Serves one request. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What stands behind the port once everything serves. */
export interface Rooms {
  readonly gateway: Handler;
  /** Everything under `/v2`. */
  readonly registry: Handler;
}

interface HttpServerParts {
  readonly door: FrontDoor;
  /** Undefined until everything serves. */
  readonly rooms: () => Rooms | undefined;
  readonly version: string;
  readonly log: Log;
}

/** Makes the server; the caller makes it listen. */
export function createHttpServer(parts: HttpServerParts): Server {
  const server = createServer((request, response) => {
    serve(parts, request, response).catch((thrown: unknown) => {
      parts.log.error('a request broke off', { error: messageOf(thrown) });
      response.destroy();
    });
  });
  // Longer than the SDKs keep idle connections, so that they never write to one that is being closed.
  server.keepAliveTimeout = 75_000;
  // A large layer may take long over a slow line; a client that sends nothing at all may not.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  return server;
}

async function serve(parts: HttpServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const head = receiveHead(request);
  const refused = refuseSource(head.headers, parts.door);
  if (refused !== undefined) return say(response, 403, `${refused}\n`);
  const rooms = parts.rooms();
  if (head.path === '/_berth/health') return health(response, parts.version, rooms !== undefined);
  if (rooms === undefined) return say(response, 503, 'Berth is starting.\n');
  if (isForRegistry(head)) return rooms.registry(request, response);
  if (isVisitor(head)) return say(response, 200, `Berth ${parts.version}: the AWS APIs and the image registry.\n`);
  return rooms.gateway(request, response);
}

/** Registry clients never sign with SigV4; a bucket may well be called `v2`. */
function isForRegistry({ path, headers }: RequestHead): boolean {
  return /^\/v2(\/|$)/.test(path) && !headers['authorization']?.startsWith('AWS4-');
}

/** Somebody who looks at the address in a browser, or with curl. */
function isVisitor({ method, path, query, headers }: RequestHead): boolean {
  return method === 'GET' && path === '/' && query === '' && headers['authorization'] === undefined;
}

function health(response: ServerResponse, version: string, ready: boolean): void {
  const body = JSON.stringify({ status: ready ? 'ready' : 'starting', version });
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' }).end(`${body}\n`);
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(text);
}
