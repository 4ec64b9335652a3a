// A loopback server that speaks the front door's protocols and nothing else: no signatures, no services.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { decode, encode, type Route } from '#aws/codec.ts';
import { encodeError } from '#aws/error-response.ts';
import { dialectOf, route } from '#aws/route.ts';
import type { WireRequest, WireResponse } from '#aws/wire.ts';
import { AwsError } from '#kernel/error.ts';

/** The output for an input; may throw AwsError. */
export type Answer = (route: Route, input: Record<string, unknown>, request: WireRequest) => Replied;

export interface Replied {
  readonly output: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProtocolServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves on a free port. Faults of ours (anything but AwsError) are answered with 500 and their stack. */
export async function serveProtocols(answer: Answer): Promise<ProtocolServer> {
  const server = createServer({ maxHeaderSize: 512 * 1024, keepAliveTimeout: 60_000 }, (request, response) => {
    // A client that goes away in the middle has its own failure to show.
    serve(answer, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const response = await respond(answer, wireRequest(incoming, Buffer.concat(chunks)));
  outgoing.writeHead(response.status, response.headers);
  outgoing.end(response.body);
}

function wireRequest(incoming: IncomingMessage, body: Buffer): WireRequest {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: incoming.headers as Record<string, string | undefined>,
    body,
  };
}

/** The service of the credential scope, in the header or in a presigned URL. */
const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

async function respond(answer: Answer, request: WireRequest): Promise<WireResponse> {
  const signed = scope.exec(request.headers['authorization'] ?? decodeURIComponent(request.query))?.[1];
  try {
    const found = await route(request, signed);
    const { output, headers } = answer(found, decode(found, request), request);
    const response = encode(found, output, 'request-id');
    return { ...response, headers: { ...response.headers, ...headers } };
  } catch (error) {
    if (error instanceof AwsError) return encodeError(dialectOf(request, signed), error, 'request-id');
    const fault = new AwsError('InternalFailure', (error as Error).stack ?? String(error), { status: 500 });
    return encodeError(dialectOf(request, signed), fault, 'request-id');
  }
}
