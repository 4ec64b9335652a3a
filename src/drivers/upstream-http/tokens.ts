// Tokens that upstream registries' token servers give to anybody, kept as long as they last.
// https://distribution.github.io/distribution/spec/auth/token/
import type { Clock } from '#kernel/clock.ts';
import type { BearerChallenge } from './challenge.ts';
import { bodyUpTo, jsonOf } from './body.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';
import type { UpstreamConnections } from './request.ts';

export interface TokenRequest {
  readonly registry: string;
  readonly challenge: BearerChallenge;
  /** `repository:library/busybox:pull`; empty where the registry alone is asked. */
  readonly scope: string;
  readonly nearby: boolean;
  readonly signal: AbortSignal;
}

/** "If no lifetime is given: 60 seconds", and none is shorter. */
const shortestMs = 60_000;
const longestMs = 3_600_000;
/** Taken off each lifetime: a token must not run out between two machines' clocks. */
const marginMs = 10_000;
const mostKept = 1000;
const mostBytes = 1024 * 1024;

export class UpstreamTokens {
  readonly #connections: UpstreamConnections;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(connections: UpstreamConnections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /** The token in hand for a scope of a registry. */
  kept(registry: string, scope: string): string | undefined {
    const found = this.#kept.get(`${registry} ${scope}`);
    return found !== undefined && found.until > this.#clock.now().getTime() ? found.token : undefined;
  }

  /** A new token, as nobody in particular. Throws UpstreamError. */
  async fetch({ registry, challenge, scope, nearby, signal }: TokenRequest): Promise<string> {
    if (!URL.canParse(challenge.realm)) {
      throw new UpstreamError('malformed', `${registry} names a token server that is no URL.`);
    }
    const url = new URL(challenge.realm);
    if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
    const asked = scope === '' ? challenge.scope : scope;
    if (asked !== undefined) url.searchParams.set('scope', asked);
    const request = { method: 'GET', url, headers: { accept: 'application/json' }, nearby, signal } as const;
    const reply = await this.#connections.send(request);
    if (reply.statusCode !== 200) {
      reply.destroy();
      throw refusal(url.host, reply.statusCode ?? 0);
    }
    const { token, access_token: alias, expires_in: seconds } = jsonOf(url, await bodyUpTo(url, reply, mostBytes));
    const given = typeof token === 'string' && token !== '' ? token : alias;
    if (typeof given !== 'string' || !/^[\x21-\x7e]+$/.test(given)) {
      throw new UpstreamError('malformed', `${url.host} gave no token.`);
    }
    this.#keep(`${registry} ${scope}`, given, typeof seconds === 'number' ? seconds * 1000 : shortestMs);
    return given;
  }

  #keep(key: string, token: string, lifeMs: number): void {
    const life = Math.min(Math.max(lifeMs, shortestMs), longestMs) - marginMs;
    this.#kept.delete(key);
    this.#kept.set(key, { token, until: this.#clock.now().getTime() + life });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
  }
}

function refusal(host: string, status: number): UpstreamError {
  if (status === 429) return new UpstreamError('rate-limited', `${host} gives no more tokens for now (429).`);
  if (status >= 500) return new UpstreamError('unreachable', `${host} failed to give a token (${status}).`);
  return new UpstreamError('unauthorized', `${host} gives no token to anybody (${status}).`);
}
