// The repository that something is pushed to: it must be there, or come about by a creation template.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
import type { Clock } from '#kernel/clock.ts';
import type { Store } from '#kernel/store.ts';
import { ensureRepository } from './create-repository.ts';
import { repositoryKey } from './keys.ts';
import { repositoryKind } from './kinds.ts';
import type { RepositoryName } from './names.ts';

/** Throws where the one who pushes may not create the repository. */
export type MayCreate = () => void;

/**
 * Resolves once the repository is there for good. Throws RepositoryNotFoundException where no template makes it, and what
 * `mayCreate` throws, which is asked only where there is no repository yet.
 */
export async function preparePush(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  name: RepositoryName,
  mayCreate: MayCreate,
): Promise<void> {
  const key = repositoryKey(name.scope, name.repositoryName);
  const isThere = store.read((reader) => reader.get(repositoryKind, key) !== undefined);
  if (isThere) return store.durable();
  mayCreate();
  await store.write((tx) => {
    ensureRepository(tx, name, 'CREATE_ON_PUSH', clock.now());
  });
}
