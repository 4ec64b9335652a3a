// Whose registry a request of the API is about.
import type { Context } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import { crossAccountDenied, invalidParameter } from './errors.ts';
import { isRepositoryName, repositoryArn, repositoryNamePattern, type RepositoryName } from './names.ts';

interface Addressed {
  readonly registryId?: string | undefined;
  readonly repositoryName?: string | undefined;
}

/**
 * The repository that an input names. Throws InvalidParameterException for a malformed name, and AccessDeniedException
 * for another account's registry: only a repository policy could open it.
 */
export function addressed(input: Addressed, context: Context, operation: string): RepositoryName {
  const repositoryName = input.repositoryName ?? '';
  if (!isRepositoryName(repositoryName)) {
    throw invalidParameter('repositoryName', `must satisfy regular expression '${repositoryNamePattern}'`);
  }
  requireOwnRegistry(input.registryId, context, { operation, resource: repositoryName });
  return { scope: scopeOf(context), repositoryName };
}

/** Throws AccessDeniedException where `registryId` is another account's. */
export function requireOwnRegistry(
  registryId: string | undefined,
  context: Context,
  asked: { readonly operation: string; readonly resource: string },
): void {
  if (registryId === undefined || registryId === context.account) return;
  if (!/^\d{12}$/.test(registryId)) throw invalidParameter('registryId', "must satisfy regular expression '[0-9]{12}'");
  const scope = { account: registryId, region: context.region };
  const arn = repositoryArn({ scope, repositoryName: asked.resource });
  throw crossAccountDenied(context.principal.arn, `ecr:${asked.operation}`, arn);
}

/** The ARN that IAM checks for an input that names a repository. */
export function addressedArn(input: Addressed, context: Context): string {
  const scope = { account: input.registryId ?? context.account, region: context.region };
  return repositoryArn({ scope, repositoryName: input.repositoryName ?? '' });
}

export function scopeOf({ account, region }: Context): Scope {
  return { account, region };
}
