// The registry's door: authenticates a request, finds its endpoint, and turns what it throws into a reply.
// OCI distribution spec 1.1, "Endpoints": https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#kernel/error.ts';
import { isRepositoryName, repositoryAt, type RepositoryName } from '#services/ecr/names.ts';
import { cachedContents } from '#services/ecr/pull-through/cached-contents.ts';
import { deleteBlob, getBlob, headBlob } from './blobs.ts';
import { drain } from './body.ts';
import { downloaderOf } from './download.ts';
import { RegistryError, registryErrorOf } from './errors.ts';
import { reply, replyError, type Endpoint, type Exchange, type RegistryParts } from './exchange.ts';
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts';
import { listReferrers } from './referrers.ts';
import { listTags } from './tags.ts';
import { authenticate, authorize, type RegistryAction } from './token.ts';
import { beginUpload, cancelUpload, completeUpload, continueUpload, uploadStatus } from './uploads.ts';

/** What a request turned out to be, for its access record. */
export interface RegistryCall {
  /** The API operation that it stands for: `PutImage`. */
  readonly operation?: string;
  readonly region?: string;
  /** The caller's ARN; absent where a node pulls for a task. */
  readonly principal?: string;
}

/** Serves a request whose path is `/v2` or begins with `/v2/`, and tells what it is as it finds out; never rejects. */
export type RegistryHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  tell?: (call: RegistryCall) => void,
) => Promise<void>;

interface Method {
  readonly action: RegistryAction;
  readonly endpoint: Endpoint;
  /** Whether a download URL opens it, without credentials. */
  readonly isDownload?: true;
}

interface Route {
  /** Captures the repository's path and, where there is one, the subject. */
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Method>>;
}

// Greedy, so that a repository may be named `a/blobs/b`: the last such part of a path is the endpoint's.
const routes: readonly Route[] = [
  {
    path: /^\/v2\/(.+)\/blobs\/uploads\/?$/,
    methods: { POST: { action: 'ecr:InitiateLayerUpload', endpoint: beginUpload } },
  },
  {
    path: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    methods: {
      GET: { action: 'ecr:UploadLayerPart', endpoint: uploadStatus },
      PATCH: { action: 'ecr:UploadLayerPart', endpoint: continueUpload },
      PUT: { action: 'ecr:CompleteLayerUpload', endpoint: completeUpload },
      DELETE: { action: 'ecr:InitiateLayerUpload', endpoint: cancelUpload },
    },
  },
  {
    path: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    methods: {
      GET: { action: 'ecr:GetDownloadUrlForLayer', endpoint: getBlob, isDownload: true },
      HEAD: { action: 'ecr:BatchCheckLayerAvailability', endpoint: headBlob, isDownload: true },
      DELETE: { action: 'ecr:BatchDeleteImage', endpoint: deleteBlob },
    },
  },
  {
    path: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    methods: {
      GET: { action: 'ecr:BatchGetImage', endpoint: getManifest },
      HEAD: { action: 'ecr:BatchGetImage', endpoint: headManifest },
      PUT: { action: 'ecr:PutImage', endpoint: putManifest },
      DELETE: { action: 'ecr:BatchDeleteImage', endpoint: deleteManifest },
    },
  },
  { path: /^\/v2\/(.+)\/tags\/list$/, methods: { GET: { action: 'ecr:ListImages', endpoint: listTags } } },
  {
    path: /^\/v2\/(.+)\/referrers\/([^/]+)$/,
    // What ListImageReferrers asks for, too.
    methods: { GET: { action: 'ecr:BatchGetImage', endpoint: listReferrers } },
  },
];

export function createRegistry(parts: RegistryParts): RegistryHandler {
  return async (request, response, tell = () => undefined) => {
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    // A manifest has the type that its pusher gave it: shown in a browser, it must not act as a page of this origin.
    response.setHeader('content-security-policy', "default-src 'none'; sandbox");
    response.setHeader('x-content-type-options', 'nosniff');
    // A client may leave at any moment; the streams' own ends say so where it matters.
    response.on('error', (error) => parts.log.debug('a registry client went away', { error }));
    try {
      await serve(parts, { request, response, tell });
    } catch (thrown) {
      fail(parts, request, response, thrown);
    }
  };
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly tell: (call: RegistryCall) => void;
}

async function serve(parts: RegistryParts, { request, response, tell }: Arrival): Promise<void> {
  const { path, query } = target(request);
  const asked = find(parts, request, path);
  const blob = { digest: asked?.subject ?? '', query };
  const downloader = asked?.method?.isDownload && downloaderOf(parts, asked.repository, blob);
  const caller = downloader ?? authenticate(request, parts);
  if (caller.use === 'principal') tell({ principal: caller.principal.arn });
  if (/^\/v2\/?$/.test(path)) return ping(request, response);
  if (asked === undefined) throw new RegistryError(404, 'UNSUPPORTED', 'There is no such endpoint');
  const { route, method, repository, subject } = asked;
  if (method === undefined) throw unsupported(Object.keys(route.methods));
  tell({ operation: method.action.slice('ecr:'.length), region: repository.scope.region });
  requireName(repository);
  if (downloader === undefined) authorize(parts, caller, method.action, repository);
  // Pulls find what a cache may bring in for this very caller.
  const contents = cachedContents(parts, (action, name) => authorize(parts, caller, action, name));
  const own = { ...parts, contents };
  const exchange: Exchange = { parts: own, request, response, query, caller, repository, path: asked.path, subject };
  return method.endpoint(exchange);
}

interface Asked {
  readonly route: Route;
  /** Undefined where the route knows no such method. */
  readonly method: Method | undefined;
  readonly repository: RepositoryName;
  /** The repository's path as it was asked for. */
  readonly path: string;
  readonly subject: string;
}

function find(parts: RegistryParts, request: IncomingMessage, path: string): Asked | undefined {
  for (const route of routes) {
    const [matched, repositoryPath = '', subject = ''] = route.path.exec(path) ?? [];
    if (matched === undefined) continue;
    const repository = repositoryAt(request.headers.host, repositoryPath, parts.address.home);
    const { method = '' } = request;
    const known = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
    return { route, method: known, repository, path: repositoryPath, subject };
  }
  return undefined;
}

function requireName({ repositoryName: name }: RepositoryName): void {
  if (!isRepositoryName(name)) {
    throw new RegistryError(400, 'NAME_INVALID', 'invalid repository name', { detail: { name } });
  }
}

function ping(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw unsupported(['GET', 'HEAD']);
  reply(response, 200);
}

function target(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '', ...query] = (request.url ?? '').split('?');
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query.join('?')) };
  } catch {
    throw new RegistryError(400, 'NAME_INVALID', 'The path is not percent-encoded UTF-8');
  }
}

function unsupported(allowed: readonly string[]): RegistryError {
  const headers = { allow: allowed.join(', ') };
  return new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.', { headers });
}

function fail(parts: RegistryParts, request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  // Without the query: the seal of a download URL opens a blob to whoever reads it.
  const asked = { method: request.method, path: request.url?.split('?', 1)[0] };
  if (request.socket.destroyed || response.destroyed) {
    parts.log.debug('a registry request ended early', { ...asked, error: thrown });
    return;
  }
  const known = registryErrorOf(thrown) ?? denial(thrown);
  if (known === undefined) {
    parts.log.error('a registry request failed', { ...asked, error: thrown });
  }
  // With the headers gone the only honest end is a broken one: the client sees that the body is incomplete.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  drain(request, parts.clock);
  replyError(response, known ?? new RegistryError(500, 'UNKNOWN', 'The registry failed to serve the request.'));
}

/** The authorizer's refusals, whose codes differ by service. */
function denial(thrown: unknown): RegistryError | undefined {
  return thrown instanceof AwsError && thrown.fault === 'client'
    ? new RegistryError(403, 'DENIED', thrown.message)
    : undefined;
}
