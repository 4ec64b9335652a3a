// One request to an upstream registry: where it may go, how long it may take, which redirects are followed.
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { Agent, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import * as http from '#kernel/http.ts';
import { isAllowedAddress, isLoopbackHost } from './address.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';

export interface UpstreamRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** The registry itself is on this machine: it may lead to addresses of this machine, and without TLS. */
  readonly nearby: boolean;
  readonly signal: AbortSignal;
}

/** Nothing on a connection for so long, and its registry is taken for gone. */
const silenceMs = 30_000;
const mostRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
type Lookup = (
  hostname: string,
  options: LookupOptions,
  done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

interface Client {
  readonly request: typeof http.request;
  readonly agent: Agent;
}

const kept = { keepAlive: true, maxFreeSockets: 8, timeout: silenceMs };

/** Connections are kept and shared. They go straight to the upstream: no proxy is taken from the environment. */
export class UpstreamConnections {
  readonly #silenceMs: number;
  readonly #http: Client = { request: http.request, agent: new http.Agent(kept) };
  #https: Client | undefined;

  constructor(patience = silenceMs) {
    this.#silenceMs = patience;
  }

  /**
   * The reply to a request, redirects followed; its body is to be read or destroyed. An Authorization header goes to the
   * request's own origin only: a blob's storage elsewhere has its own signature in the URL.
   * Throws UpstreamError `unreachable`, or `malformed` where a redirect is none that may be followed.
   */
  async send(request: UpstreamRequest): Promise<IncomingMessage> {
    let { url, headers } = request;
    for (let hop = 0; hop <= mostRedirects; hop++) {
      const reply = await this.#once({ ...request, url, headers });
      const { statusCode = 0, headers: told } = reply;
      if (!redirects.has(statusCode) || told.location === undefined) return reply;
      reply.destroy();
      const target = URL.canParse(told.location, url.href) ? new URL(told.location, url) : undefined;
      if (target === undefined) throw malformed(request.url, 'sent a redirect that is no URL');
      if (target.origin !== url.origin) headers = withoutAuthorization(headers);
      url = target;
    }
    throw malformed(request.url, 'redirects without end');
  }

  /** Node's TLS takes 4 MB, which only those pay for who want it. */
  async #clientFor(url: URL): Promise<Client> {
    if (url.protocol !== 'https:') return this.#http;
    const https = await import('node:https');
    return (this.#https ??= { request: https.request, agent: new https.Agent(kept) });
  }

  async #once(request: UpstreamRequest): Promise<IncomingMessage> {
    const { url, method, headers, nearby, signal } = request;
    requireAllowed(url, nearby);
    const { request: send, agent } = await this.#clientFor(url);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(asUpstreamError(url, error));
      // Numbers in a URL never meet a resolver; requireAllowed has looked at them.
      const options = { method, agent, signal, lookup: guardedLookup(nearby) as never };
      const sent = send(url, { ...options, headers: { 'accept-encoding': 'identity', ...headers } });
      sent.setTimeout(this.#silenceMs, () => sent.destroy(new Error(`no answer for ${this.#silenceMs / 1000} s`)));
      sent.once('error', fail);
      sent.once('response', (reply) => {
        sent.off('error', fail);
        // Whoever reads the body hears of it there.
        sent.on('error', () => {});
        resolve(reply);
      });
      sent.end();
    });
  }
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
}

function requireAllowed(url: URL, nearby: boolean): void {
  if (url.username !== '' || url.password !== '') throw malformed(url, 'was given with a password in its URL');
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && nearby)) {
    throw malformed(
      url,
      `is not asked over ${url.protocol}: only https, and http where the upstream is on this machine`,
    );
  }
  const local = isLoopbackHost(url.hostname) && !nearby;
  if (local || (isIP(bare) !== 0 && !isAllowedAddress(bare, nearby))) throw forbidden(url.host);
}

/** Looks at what a name stands for at the moment of connecting: a check beforehand could be answered differently. */
function guardedLookup(nearby: boolean): Lookup {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, nearby));
      if (allowed.length === 0) return done(forbidden(hostname), []);
      if (options.all === true) return done(null, allowed);
      done(null, allowed[0]!.address, allowed[0]!.family);
    });
  };
}

function forbidden(host: string): UpstreamError {
  const why = 'an upstream elsewhere must not lead to addresses that only this machine reaches';
  return new UpstreamError('malformed', `${host} is an address of this machine: ${why}.`);
}

function malformed(url: URL, what: string): UpstreamError {
  return new UpstreamError('malformed', `${url.host} ${what}.`);
}

/** What a failed connection or stream is to the one who pulls. */
export function asUpstreamError(url: URL, error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new UpstreamError('unreachable', `${url.host} cannot be reached (${code ?? message}).`, error);
}
