// Whose registry a request of the API is about.
import type { Context } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import { crossAccountDenied, invalidParameter, outOfRange } from './errors.ts';
import { isRepositoryName, repositoryArn, repositoryNamePattern, type RepositoryName } from './names.ts';

interface Addressed {
  readonly registryId?: string | undefined;
  readonly repositoryName?: string | undefined;
}

/**
 * The repository that an input names, also another account's: whether its policies let the caller in was asked before, for
 * the ARN that {@link addressedArn} gives. Throws InvalidParameterException for a malformed name or registry id.
 */
export function addressed(input: Addressed, context: Context): RepositoryName {
  const repositoryName = input.repositoryName ?? '';
  const { length } = repositoryName;
  if (length < 2) throw outOfRange('repositoryName', 'length', 'greater than or equal to 2');
  if (length > 256) throw outOfRange('repositoryName', 'length', 'less than or equal to 256');
  if (!isRepositoryName(repositoryName)) {
    throw invalidParameter('repositoryName', `must satisfy regular expression '${repositoryNamePattern}'`);
  }
  return { scope: registryOf(input.registryId, context), repositoryName };
}

/** The registry that an input names, or the caller's own. Throws InvalidParameterException for a malformed id. */
export function registryOf(registryId: string | undefined, context: Context): Scope {
  if (registryId === undefined) return scopeOf(context);
  if (!/^\d{12}$/.test(registryId)) throw invalidParameter('registryId', "must satisfy regular expression '[0-9]{12}'");
  return { account: registryId, region: context.region };
}

/** For what no policy can open to others. Throws AccessDeniedException where `registryId` is another account's. */
export function requireOwnRegistry(
  registryId: string | undefined,
  context: Context,
  asked: { readonly operation: string; readonly resource: string },
): void {
  const scope = registryOf(registryId, context);
  if (scope.account === context.account) return;
  const arn = repositoryArn({ scope, repositoryName: asked.resource });
  throw crossAccountDenied(context.principal.arn, `ecr:${asked.operation}`, arn);
}

/** The ARN that IAM checks for an input that names a repository. Throws InvalidParameterException for a malformed id. */
export function addressedArn(input: Addressed, context: Context): string {
  const scope = registryOf(input.registryId, context);
  return repositoryArn({ scope, repositoryName: input.repositoryName ?? '' });
}

export function scopeOf({ account, region }: Context): Scope {
  return { account, region };
}
