// The images of a repository as lifecycle rules look at them.
import type { Kind, Reader } from '#kernel/store.ts';
import { digestKey, tagKey } from '#services/ecr/keys.ts';
import { imageKind, tagKind } from '#services/ecr/kinds.ts';
import { imageStorageKind } from './kinds.ts';
import { imagePullKind } from '#services/ecr/pulls/kinds.ts';
import type { LifecycleImage } from './evaluate-lifecycle.ts';

/** Each list is read once, however many images there are. */
export function lifecycleImagesOf(reader: Reader, repositoryKey: string): LifecycleImage[] {
  const ofImages = digestKey(repositoryKey, '');
  const specs = <S>(kind: Kind<S, null>) => new Map(reader.list(kind, ofImages).map(({ key, spec }) => [key, spec]));
  const storages = specs(imageStorageKind);
  const pulls = specs(imagePullKind);
  const tags = Map.groupBy(reader.list(tagKind, tagKey(repositoryKey, '')), ({ spec }) => spec.digest);
  return reader.list(imageKind, ofImages).map(({ key, spec }) => {
    const { storageClass = 'STANDARD', archivedAt, activatedAt } = storages.get(key) ?? {};
    return {
      digest: spec.digest,
      tags: tags.get(spec.digest)?.map((tag) => tag.spec.tag) ?? [],
      storageClass,
      pushedAt: spec.pushedAt,
      pulledAt: pulls.get(key)?.pulledAt,
      archivedAt,
      activatedAt,
      references: spec.references,
      subject: spec.subject,
    };
  });
}
