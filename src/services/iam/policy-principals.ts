// Who a policy's statement is about: the Principal element, and who meets it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import type { Principal } from '#aws/service.ts';
import { malformedPolicy } from './errors.ts';

/** What a Principal element names. */
export interface Principals {
  /** `*` */
  readonly anyone: boolean;
  /** Account ids: everybody whom the account lets. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs of users, roles and sessions, and unique ids. */
  readonly identities: ReadonlySet<string>;
  /** `ecs-tasks.amazonaws.com` */
  readonly services: ReadonlySet<string>;
  /** Identity providers: `accounts.google.com`, ARNs of OIDC and SAML providers. */
  readonly federated: ReadonlySet<string>;
  /** S3's own names for accounts. */
  readonly canonicalUsers: ReadonlySet<string>;
}

/** Who asks. */
export type Asker =
  | {
      readonly type: 'AWS';
      readonly account: string;
      /** All that it is called by: a session by its own ARN and by its role's; none of them for the root user. */
      readonly identities: readonly string[];
    }
  | { readonly type: 'Service'; readonly name: string }
  | { readonly type: 'Federated'; readonly provider: string }
  | { readonly type: 'Anonymous' };

/** How a statement names who asks: by itself, or by its account, which then has to let it too. */
export type Naming = 'itself' | 'account' | undefined;

const members = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
const accountId = /^\d{12}$/;
const accountArn = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):root$/;
const identity =
  /^(?:arn:aws(?:-[a-z]+)*:(?:iam::\d{12}:(?:user|role)\/|sts::\d{12}:(?:assumed-role|federated-user)\/)[\w+=,.@/-]+|A[A-Z]{3}[A-Z0-9]{12,124})$/;

/** Reads a Principal or NotPrincipal. Throws MalformedPolicyDocument. */
export function readPrincipals(given: unknown): Principals {
  if (given === '*') return gather({ AWS: ['*'] });
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw malformedPolicy(`Invalid principal in policy: ${JSON.stringify(given)}`);
  const named: Partial<Record<(typeof members)[number], string[]>> = {};
  for (const [member, value] of Object.entries(given)) {
    const known = members.find((each) => each === member);
    const values: unknown[] = Array.isArray(value) ? value : [value];
    if (known === undefined || values.length === 0) throw invalid(member, value);
    named[known] = values.map((each) => checked(known, each));
  }
  if (Object.keys(named).length === 0) throw malformedPolicy('Missing required field Principal cannot be empty!');
  return gather(named);
}

function checked(member: (typeof members)[number], value: unknown): string {
  const isSound =
    typeof value === 'string' &&
    (member === 'AWS'
      ? value === '*' || accountId.test(value) || accountArn.test(value) || identity.test(value)
      : member === 'Service'
        ? /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value)
        : /^[\w:/.+=,@-]+$/.test(value));
  if (!isSound) throw invalid(member, value);
  return value;
}

function invalid(member: string, value: unknown): Error {
  return malformedPolicy(`Invalid principal in policy: ${JSON.stringify(member)}:${JSON.stringify(value)}`);
}

function gather(named: Partial<Record<(typeof members)[number], readonly string[]>>): Principals {
  const aws = named.AWS ?? [];
  return {
    anyone: aws.includes('*'),
    accounts: new Set(aws.flatMap((each) => (accountId.test(each) ? [each] : (accountArn.exec(each)?.[1] ?? [])))),
    identities: new Set(aws.filter((each) => identity.test(each))),
    services: new Set(named.Service),
    federated: new Set(named.Federated),
    canonicalUsers: new Set(named.CanonicalUser),
  };
}

/** The asker that a caller is. */
export function askerOf({ account, arn, userId }: Principal): Asker {
  return { type: 'AWS', account, identities: arn.endsWith(':root') ? [] : [arn, userId] };
}

/** How `principals` name who asks, if they do. */
export function namingOf(principals: Principals, asker: Asker): Naming {
  if (principals.anyone) return 'itself';
  switch (asker.type) {
    case 'AWS':
      if (asker.identities.some((each) => principals.identities.has(each))) return 'itself';
      if (!principals.accounts.has(asker.account)) return undefined;
      return asker.identities.length === 0 ? 'itself' : 'account';
    case 'Service':
      return principals.services.has(asker.name) ? 'itself' : undefined;
    case 'Federated':
      return principals.federated.has(asker.provider) ? 'itself' : undefined;
    case 'Anonymous':
      return undefined;
  }
}

/**
 * Whether the NotPrincipal of a deny spares who asks. It has to name the account as well as the identity in it, and of a session the
 * role as well: "you must also specify the account ARN of the not-denied principal".
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function isSpared(principals: Principals, asker: Asker): boolean {
  if (asker.type !== 'AWS' || principals.anyone) return namingOf(principals, asker) !== undefined;
  return principals.accounts.has(asker.account) && asker.identities.every((each) => principals.identities.has(each));
}
