// Other OCI registries, asked over HTTP: the pull side of the OCI distribution spec 1.1, and Docker's token authentication.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import { isLoopbackHost } from './address.ts';
import { bodyOfSize, bodyUpTo } from './body.ts';
import { bearerChallenge } from './challenge.ts';
import {
  UpstreamError,
  type UpstreamBlob,
  type UpstreamManifest,
  type UpstreamRegistry,
  type UpstreamRepository,
} from '#drivers/upstream-registry.ts';
import { UpstreamConnections } from './request.ts';
import { UpstreamTokens } from './tokens.ts';

/** "Registries SHOULD accept manifests of at least 4 megabytes"; ECR takes no more. */
const largestManifest = 4 * 1024 * 1024;
const digestForm = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** What a pull asks for. Anything else that comes is no manifest, but perhaps what a redirect was to get hold of. */
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const accept = manifestTypes.join(', ');

interface Asked {
  readonly method: 'GET' | 'HEAD';
  /** Host and port. */
  readonly registry: string;
  /** Below `/v2/`. */
  readonly path: string;
  /** The scope of the token that this needs; empty where it is about no repository. */
  readonly scope: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** How long everything but a blob may take; a registry that drips is as good as silent. */
const answerMs = 60_000;

/** `patience`: milliseconds without a byte after which a registry is taken for gone. */
export function createHttpUpstream(clock: Clock, patience?: number): UpstreamRegistry {
  return new HttpUpstream(clock, patience);
}

class HttpUpstream implements UpstreamRegistry {
  readonly #connections: UpstreamConnections;
  readonly #tokens: UpstreamTokens;
  readonly #clock: Clock;

  constructor(clock: Clock, patience: number | undefined) {
    this.#connections = new UpstreamConnections(patience);
    this.#clock = clock;
    this.#tokens = new UpstreamTokens(this.#connections, clock);
  }

  ping(registry: string, signal: AbortSignal): Promise<void> {
    return this.#inTime(signal, async (limited) => {
      const asked: Asked = { method: 'GET', registry, path: '', scope: '', signal: limited };
      const { reply } = await this.#ask(asked);
      reply.destroy();
      requireFound(asked, reply);
    });
  }

  manifest(from: UpstreamRepository, reference: string, signal: AbortSignal): Promise<UpstreamManifest> {
    return this.#inTime(signal, (limited) => this.#manifest(from, reference, limited));
  }

  async #manifest(from: UpstreamRepository, reference: string, signal: AbortSignal): Promise<UpstreamManifest> {
    const asked = about(from, `manifests/${reference}`, { method: 'GET', accept, signal });
    const { reply, url } = await this.#ask(asked);
    requireFound(asked, reply);
    const body = await bodyUpTo(url, reply, largestManifest);
    const { 'content-type': mediaType, 'docker-content-digest': stated } = reply.headers;
    if (mediaType === undefined) throw malformed(asked, 'a manifest without a media type');
    const type = mediaType.split(';')[0]!.trim().toLowerCase();
    if (!manifestTypes.includes(type)) throw malformed(asked, 'something that is not a manifest of an image');
    const expected = digestForm.test(reference) ? reference : typeof stated === 'string' ? stated : undefined;
    const algorithm = expected?.startsWith('sha512:') ? 'sha512' : 'sha256';
    const digest = `${algorithm}:${createHash(algorithm).update(body).digest('hex')}`;
    if (expected !== undefined && digest !== expected) throw malformed(asked, `a manifest that is not ${expected}`);
    return { body, mediaType: type, digest };
  }

  digest(from: UpstreamRepository, reference: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#inTime(signal, async (limited) => {
      const asked = about(from, `manifests/${reference}`, { method: 'HEAD', accept, signal: limited });
      const { reply } = await this.#ask(asked);
      reply.resume();
      requireFound(asked, reply);
      const stated = reply.headers['docker-content-digest'];
      return typeof stated === 'string' && digestForm.test(stated) ? stated : undefined;
    });
  }

  async blob(from: UpstreamRepository, digest: string, signal: AbortSignal): Promise<UpstreamBlob> {
    const asked = about(from, `blobs/${digest}`, { method: 'GET', signal });
    const { reply, url } = await this.#ask(asked);
    requireFound(asked, reply);
    const { 'content-length': length, 'content-encoding': coding = 'identity' } = reply.headers;
    if (coding !== 'identity' || length === undefined || !/^\d{1,15}$/.test(length)) {
      reply.destroy();
      throw malformed(asked, coding === 'identity' ? 'a blob of no stated length' : `a blob in the coding ${coding}`);
    }
    return { size: Number(length), content: bodyOfSize(url, reply, { size: Number(length), clock: this.#clock }) };
  }

  async #inTime<R>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<R>): Promise<R> {
    const over = new AbortController();
    const done = new AbortController();
    void this.#clock.sleep(answerMs, done.signal).then(() => {
      if (!done.signal.aborted) over.abort();
    });
    try {
      return await work(AbortSignal.any([signal, over.signal]));
    } finally {
      done.abort();
    }
  }

  /** Asks with the token in hand; where there is none, or it is void, with a new one. */
  async #ask(asked: Asked): Promise<{ readonly reply: IncomingMessage; readonly url: URL }> {
    const { registry, scope, signal } = asked;
    const { url, nearby } = locate(asked);
    const send = (token: string | undefined) => {
      const headers: Record<string, string> = { accept: asked.accept ?? '*/*', 'user-agent': 'berth' };
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      return this.#connections.send({ method: asked.method, url, headers, nearby, signal });
    };
    const first = await send(this.#tokens.kept(registry, scope));
    if (first.statusCode !== 401) return { reply: first, url };
    first.destroy();
    const challenge = bearerChallenge(first.headers['www-authenticate']);
    if (challenge === undefined) throw refusal(asked, 401);
    const token = await this.#tokens.fetch({ registry, challenge, scope, nearby, signal });
    return { reply: await send(token), url };
  }
}

function about(from: UpstreamRepository, path: string, rest: Pick<Asked, 'method' | 'accept' | 'signal'>): Asked {
  const { registry, repository } = from;
  return { registry, path: `${repository}/${path}`, scope: `repository:${repository}:pull`, ...rest };
}

/** "http for loopback hosts, https otherwise", as docker does it. */
function locate({ registry, path }: Asked): { readonly url: URL; readonly nearby: boolean } {
  if (!URL.canParse(`https://${registry}`)) {
    throw new UpstreamError('malformed', `'${registry}' is not the address of a registry.`);
  }
  const nearby = isLoopbackHost(new URL(`https://${registry}`).hostname);
  return { url: new URL(`${nearby ? 'http' : 'https'}://${registry}/v2/${path}`), nearby };
}

function requireFound(asked: Asked, reply: IncomingMessage): void {
  if (reply.statusCode === 200) return;
  reply.destroy();
  throw refusal(asked, reply.statusCode ?? 0);
}

function refusal({ registry, path }: Asked, status: number): UpstreamError {
  const what = path === '' ? '' : ` ${path}`;
  if (status === 404) return new UpstreamError('not-found', `${registry} does not have${what} (404).`);
  if (status === 401 || status === 403) {
    return new UpstreamError('unauthorized', `${registry} does not give${what} to an anonymous client (${status}).`);
  }
  if (status === 429) return new UpstreamError('rate-limited', `${registry} allows no more pulls for now (429).`);
  if (status >= 500) return new UpstreamError('unreachable', `${registry} failed to answer (${status}).`);
  return new UpstreamError('malformed', `${registry} answered${what} with status ${status}.`);
}

function malformed({ registry }: Asked, what: string): UpstreamError {
  return new UpstreamError('malformed', `${registry} sent ${what}.`);
}
