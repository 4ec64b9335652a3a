// Who asks the registry (HTTP Basic or Bearer with an authorisation token), and whether they may.
import type { IncomingMessage } from 'node:http';
import { requireAccess } from '#services/ecr/access.ts';
import { notForPulling } from '#services/ecr/errors.ts';
import { registryUrl, repositoryArn, type RepositoryName } from '#services/ecr/names.ts';
import type { Caller } from '#services/ecr/token.ts';
import { RegistryError } from './errors.ts';
import type { Exchange, RegistryParts } from './exchange.ts';

/** What is done to a repository, by the API action that IAM knows it by. */
export type RegistryAction =
  | 'ecr:BatchCheckLayerAvailability'
  | 'ecr:BatchDeleteImage'
  | 'ecr:BatchGetImage'
  | 'ecr:BatchImportUpstreamImage'
  | 'ecr:CompleteLayerUpload'
  | 'ecr:CreateRepository'
  | 'ecr:GetDownloadUrlForLayer'
  | 'ecr:InitiateLayerUpload'
  | 'ecr:ListImageReferrers'
  | 'ecr:ListImages'
  | 'ecr:PutImage'
  | 'ecr:UploadLayerPart';

const pulling: ReadonlySet<RegistryAction> = new Set([
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  // A pull through a cache brings the image, and a repository for it.
  'ecr:BatchImportUpstreamImage',
  'ecr:CreateRepository',
]);

/** The caller. Throws UNAUTHORIZED with a challenge, or DENIED where the token has expired. */
export function authenticate(request: IncomingMessage, parts: RegistryParts): Caller {
  const caller = parts.tokens.verify(passwordOf(request));
  if (caller === 'expired') {
    throw new RegistryError(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
  }
  if (caller === 'invalid') {
    const url = registryUrl(request.headers.host, parts.address);
    const challenge = `Basic realm="${url}/",service="ecr.amazonaws.com"`;
    throw new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized', { headers: { 'www-authenticate': challenge } });
  }
  const { remoteAddress = '' } = request.socket;
  return { ...caller, from: { sourceAddress: remoteAddress, secure: 'encrypted' in request.socket } };
}

/**
 * Basic (RFC 7617: the user's name ends at the first colon), which is what real clients are challenged for; Bearer (RFC
 * 6750) with the password, or with the whole token as GetAuthorizationToken gives it, as people send them by hand.
 */
function passwordOf({ headers: { authorization = '' } }: IncomingMessage): string {
  const [, scheme = '', token = ''] = /^(basic|bearer) +([A-Za-z0-9+/=._~-]+) *$/i.exec(authorization) ?? [];
  const credentials = Buffer.from(token, 'base64').toString();
  if (credentials.startsWith('AWS:')) return credentials.slice('AWS:'.length);
  return scheme.toLowerCase() === 'bearer' ? token : '';
}

/** Asks, when it is called, whether the caller may create the repository: a push makes one where a template says so. */
export function mayCreate({
  parts,
  caller,
  repository,
}: Pick<Exchange, 'parts' | 'caller' | 'repository'>): () => void {
  return () => authorize(parts, caller, 'ecr:CreateRepository', repository);
}

/**
 * Throws AccessDeniedException where the caller may not do this to the repository: another account's callers may what the
 * policies of repository and registry allow, the owner's everything but what they deny.
 */
export function authorize(
  parts: RegistryParts,
  caller: Caller,
  action: RegistryAction,
  repository: RepositoryName,
): void {
  const { principal, from } = caller;
  const { account, region } = repository.scope;
  if (caller.use === 'pull') {
    const isOpen = caller.scope.account === account && caller.scope.region === region && pulling.has(action);
    if (!isOpen) throw notForPulling(principal.arn, action, repositoryArn(repository));
    if (caller.settled) return;
  }
  const circumstances = from && { ...from, region, now: parts.clock.now() };
  const wish = { principal, action, repository, circumstances };
  parts.store.read((reader) => requireAccess(parts.authorizer, reader, wish));
}
