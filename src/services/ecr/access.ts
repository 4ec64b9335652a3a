// Who may do what to a repository: asked of the authorizer together with what guards the repository.
import type { Authorizer, Circumstances, Context, Principal } from '#aws/service.ts';
import { formatArn } from '#kernel/arn.ts';
import type { Reader, Store } from '#kernel/store.ts';
import { repositoryArn, type RepositoryName } from './names.ts';
import { guardOf } from './policies/guard.ts';

/** What somebody wants to do to a repository, which need not exist. */
export interface Wish {
  readonly principal: Principal;
  /** `ecr:BatchGetImage` */
  readonly action: string;
  readonly repository: RepositoryName;
  readonly circumstances?: Circumstances;
}

/** Throws AccessDeniedException where that is not allowed. */
export function requireAccess(authorizer: Pick<Authorizer, 'authorize'>, reader: Reader, wish: Wish): void {
  const { principal, action, repository, circumstances } = wish;
  authorizer.authorize({
    principal,
    action,
    resources: [repositoryArn(repository)],
    ...(circumstances === undefined ? {} : { circumstances }),
    guard: (resource) => guardOf(reader, resource, action),
  });
}

/** Asks, when it is called, whether the caller of an operation may create a repository. Throws AccessDeniedException. */
export function mayCreateFor(
  { store, authorizer }: { readonly store: Store; readonly authorizer: Authorizer },
  repository: RepositoryName,
  context: Context,
): () => void {
  const { principal, now, region, sourceAddress } = context;
  // The APIs have no door but the plain one.
  const circumstances = { now, region, sourceAddress, secure: false };
  const wish = { principal, action: 'ecr:CreateRepository', repository, circumstances };
  return () => store.read((reader) => requireAccess(authorizer, reader, wish));
}

/** The root of an account, where the platform acts for it and no key is used: for its tasks, or for replication. */
export function rootWithoutKey(account: string): Principal {
  const arn = formatArn('iam', { account, region: '' }, 'root');
  return { account, arn, userId: account, accessKeyId: '' };
}
