// Who may sign requests and what they may do. Until users and roles exist there are the roots of accounts: each may all in
// its own account, but what a resource's policy forbids, and in others what a resource's policy allows.
import type { AccessRequest, Authorizer, Credential, ResourceGuard } from '#aws/service.ts';
import { formatArn } from '#kernel/arn.ts';
import { createAccountKeys } from './account-keys.ts';
import { conditionKeys } from './condition-keys.ts';
import { accessDenied } from './errors.ts';
import { evaluate, type Decision } from './evaluate.ts';
import { parsePolicy, storedPolicy, type PolicyDocument } from './policy-document.ts';
import { askerOf } from './policy-principals.ts';
import { Recent } from './recent.ts';

/** The key pair of an account's root user. */
export interface RootKeys {
  /** Twelve digits. */
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An authorizer that knows the home account's root keys, and derives every other account's from `accountKeysKey` (32 bytes). */
export function createAuthorizer(root: RootKeys, accountKeysKey: Uint8Array): Authorizer {
  const accountKeys = createAccountKeys(accountKeysKey);
  const home = credentialOf(root);
  const others = new Recent<Credential>(1000);
  const documents = new Recent<PolicyDocument>(1000);
  const readDocument = (text: string) => documents.get(text, () => parsePolicy(text, storedPolicy));

  return {
    credential(accessKeyId) {
      if (accessKeyId === root.accessKeyId) return home;
      return others.get(accessKeyId, () => {
        const account = accountKeys.accountOf(accessKeyId);
        // The home account has the keys that its operator chose, and no second ones.
        if (account === undefined || account === root.account) return undefined;
        return credentialOf({ account, ...accountKeys.keysOf(account) });
      });
    },
    authorize(request) {
      if (!request.principal.arn.endsWith(':root')) {
        throw accessDenied(request, request.resources[0] ?? '*', 'no identity-based policy');
      }
      for (const resource of request.resources) authorizeRoot(request, resource, readDocument);
    },
  };
}

function credentialOf({ account, accessKeyId, secretAccessKey }: RootKeys): Credential {
  const arn = formatArn('iam', { account, region: '' }, 'root');
  return { principal: { account, arn, userId: account, accessKeyId }, secretAccessKey };
}

/** Throws AccessDeniedException. */
function authorizeRoot(request: AccessRequest, resource: string, readDocument: (text: string) => PolicyDocument): void {
  const isOwn = isOf(resource, request.principal.account);
  const guard = request.guard?.(resource);
  if (isOwn && (guard === undefined || guard.policies.length === 0 || guard.ownerKeeps)) return;
  const { result } = decide(guard, request, resource, readDocument);
  if (result === 'explicitDeny') throw accessDenied(request, resource, 'explicit deny in a resource-based policy');
  if (!isOwn && result !== 'allow') throw accessDenied(request, resource, 'no resource-based policy');
}

function decide(
  guard: ResourceGuard | undefined,
  request: AccessRequest,
  resource: string,
  readDocument: (text: string) => PolicyDocument,
): Decision {
  return evaluate((guard?.policies ?? []).map(readDocument), {
    asker: askerOf(request.principal),
    action: request.action,
    resource,
    keys: conditionKeys(request, resource),
  });
}

/** Whether a resource is an account's own. `*`, and what has no account in its ARN, is whatever the caller has of it. */
function isOf(resource: string, account: string): boolean {
  if (resource === '*') return true;
  let start = 0;
  for (let colon = 0; colon < 4; colon++) start = resource.indexOf(':', start) + 1;
  const end = resource.indexOf(':', start);
  const owner = start === 0 || end < 0 ? '' : resource.slice(start, end);
  return owner === '' || owner === account;
}
