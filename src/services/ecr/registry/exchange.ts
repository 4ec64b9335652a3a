// One request to the registry and its reply.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Authorizer } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Reader, Store } from '#kernel/store.ts';
import type { Contents } from '#services/ecr/contents.ts';
import type { PullThrough } from '#services/ecr/pull-through/cache.ts';
import type { DownloadUrls } from '#services/ecr/layers/download-url.ts';
import type { LayerUploads } from '#services/ecr/layers/layer-uploads.ts';
import type { RegistryAddress, RepositoryName } from '#services/ecr/names.ts';
import type { PullTimes } from '#services/ecr/pulls/pull-times.ts';
import type { Caller, Tokens } from '#services/ecr/token.ts';
import { RegistryError } from './errors.ts';

/** What the registry is made of. */
export interface RegistryParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly authorizer: Authorizer;
  readonly address: RegistryAddress;
  readonly tokens: Tokens;
  readonly contents: Contents;
  readonly pullThrough: PullThrough;
  readonly layerUploads: LayerUploads;
  readonly downloadUrls: DownloadUrls;
  readonly pullTimes: PullTimes;
}

/** A request by a known caller, about a repository (which need not exist) and one of its things. */
export interface Exchange {
  readonly parts: RegistryParts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly repository: RepositoryName;
  /** The repository's path as it was asked for: `flask-api`, `123456789012.eu-west-1/flask-api`. */
  readonly path: string;
  /** The last part of the path: a digest, a tag, an upload's id; empty where the route has none. */
  readonly subject: string;
}

export type Endpoint = (exchange: Exchange) => Promise<void>;

/** Reads the store; resolves once what was seen is durable, so that a reply may reveal it. */
export async function readDurably<R>(store: Store, work: (reader: Reader) => R): Promise<R> {
  const seen = store.read(work);
  await store.durable();
  return seen;
}

/** Replies without a body. */
export function reply(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, status === 204 ? headers : { 'content-length': '0', ...headers }).end();
}

/** Replies with JSON, or with its headers alone where the request is HEAD. */
export function replyJson(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  value: unknown,
): void {
  const body = JSON.stringify(value);
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers }).end(body);
}

/** Replies with an error in the form of the OCI distribution spec 1.1, "Error Codes". */
export function replyError(response: ServerResponse, error: RegistryError): void {
  const detail = error.detail === undefined ? {} : { detail: error.detail };
  replyJson(response, error.status, error.headers, {
    errors: [{ code: error.code, message: error.message, ...detail }],
  });
}

/** The `n` of a paged list, or `fallback`. Throws PAGINATION_NUMBER_INVALID. */
export function pageLength(query: URLSearchParams, fallback: number): number {
  const text = query.get('n');
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested', {
      detail: { n: text },
    });
  }
  return Number(text);
}
