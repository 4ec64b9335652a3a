// Authorisation tokens: passwords for the registry that are sealed to their caller and verified without being stored.
import type { Authorizer, Principal } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Random } from '#kernel/random.ts';
import { rootWithoutKey } from './access.ts';
import type { Seals } from './seal.ts';

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html: "valid for 12 hours". */
const lifetimeMs = 12 * 60 * 60 * 1000;
const purpose = 'ecr/token';

/** Who stands behind a token: a principal with its own permissions, or tasks of an account that pull from one registry. */
export type Caller = { readonly principal: Principal; readonly from?: Origin } & (
  | { readonly use: 'principal' }
  /**
   * The principal is the root of the tasks' account. A pull that is settled was decided on before, or is the platform's
   * own: no policy is asked about it any more.
   */
  | { readonly use: 'pull'; readonly scope: Scope; readonly settled?: true }
);

/** How a request came. */
export interface Origin {
  /** The client's IP address. */
  readonly sourceAddress: string;
  /** Whether through TLS. */
  readonly secure: boolean;
}

export interface Password {
  readonly password: string;
  readonly expiresAt: Date;
}

export interface Tokens {
  /** A password by which the principal, and nobody else, acts on the registry; void once its access key is. */
  forPrincipal(principal: Principal): Password;
  /** A password that only pulls, only from `scope`, and there what the tasks of `account` may; all, where none is named. */
  forPull(scope: Scope, account?: string): Password;
  /** The caller behind a password, or why there is none. */
  verify(password: string): Caller | 'invalid' | 'expired';
}

interface Claims {
  readonly use: 'principal' | 'pull';
  readonly account: string;
  readonly region?: string;
  /** The account whose tasks pull. */
  readonly tasksOf?: string;
  readonly arn?: string;
  readonly accessKeyId?: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Makes every token another one. */
  readonly nonce: string;
}

export function createTokens(parts: {
  readonly seals: Seals;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorizer: Pick<Authorizer, 'credential'>;
}): Tokens {
  const { seals, clock, random, authorizer } = parts;

  function issue(claims: Omit<Claims, 'expires' | 'nonce'>): Password {
    const expiresAt = new Date(clock.now().getTime() + lifetimeMs);
    const whole: Claims = { ...claims, expires: expiresAt.getTime(), nonce: random.bytes(9).toString('base64url') };
    const text = Buffer.from(JSON.stringify(whole)).toString('base64url');
    // No colon in it: Basic authentication and CDK's asset publishing split at the first one.
    return { password: `${text}.${seals.seal(purpose, text)}`, expiresAt };
  }

  return {
    forPrincipal: ({ account, arn, accessKeyId }) => issue({ use: 'principal', account, arn, accessKeyId }),
    forPull: ({ account, region }, tasksOf) => issue({ use: 'pull', account, region, tasksOf }),
    verify(password) {
      const dot = password.lastIndexOf('.');
      const [text, proof] = [password.slice(0, Math.max(dot, 0)), password.slice(dot + 1)];
      if (!seals.verify(purpose, text, proof)) return 'invalid';
      const claims = JSON.parse(Buffer.from(text, 'base64url').toString()) as Claims;
      if (claims.expires <= clock.now().getTime()) return 'expired';
      const { account, region, tasksOf, arn, accessKeyId } = claims;
      if (claims.use === 'pull') {
        if (region === undefined) return 'invalid';
        const pull = { use: 'pull' as const, scope: { account, region } };
        if (tasksOf !== undefined) return { ...pull, principal: rootWithoutKey(tasksOf) };
        return { ...pull, principal: rootWithoutKey(account), settled: true };
      }
      const principal = accessKeyId === undefined ? undefined : authorizer.credential(accessKeyId)?.principal;
      if (principal === undefined || principal.account !== account || principal.arn !== arn) return 'invalid';
      return { use: 'principal', principal };
    },
  };
}
