// The repository that something is pushed to: it must be there, or come about by a creation template.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
import type { Clock } from '#kernel/clock.ts';
import type { Store } from '#kernel/store.ts';
import { ensureRepository } from './create-repository.ts';
import { repositoryKey, repositoryKind } from './kinds.ts';
import type { RepositoryName } from './names.ts';

/** Resolves once the repository is there for good. Throws RepositoryNotFoundException where no template makes it. */
export async function preparePush(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  name: RepositoryName,
): Promise<void> {
  const key = repositoryKey(name.scope, name.repositoryName);
  const isThere = store.read((reader) => reader.get(repositoryKind, key) !== undefined);
  if (isThere) return store.durable();
  await store.write((tx) => {
    ensureRepository(tx, name, 'CREATE_ON_PUSH', clock.now());
  });
}
