// What can be pulled, with the pull-through cache before what is stored: for one puller, who must be allowed to import.
import type { Blobs } from '#drivers/blobs.ts';
import type { Contents, FoundBlob } from '#services/ecr/contents.ts';
import { blobNamespace } from '#services/ecr/keys.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import type { ImportAction, PullThrough } from './cache.ts';

export interface CachedContentsParts {
  readonly contents: Contents;
  readonly pullThrough: PullThrough;
  readonly blobs: Blobs;
}

/**
 * Beside what the contents throw: UpstreamError where upstream was needed and did not help, and whatever `authorize` throws
 * where an image would have to be brought in and the puller may not do that to the repository.
 */
export function cachedContents(
  { contents, pullThrough, blobs }: CachedContentsParts,
  authorize: (action: ImportAction, name: RepositoryName) => void,
): Contents {
  return {
    async manifest(name, id) {
      const arrived = await pullThrough.manifest({ name, id, authorize: (action) => authorize(action, name) });
      if (arrived === undefined) return contents.manifest(name, id);
      const { digest, mediaType, body } = arrived;
      return { digest, mediaType, size: body.length, read: async () => body };
    },
    async blob(name, digest) {
      const stored = await contents.blob(name, digest);
      if (stored !== undefined) return stored;
      // The last blob to come ends the waiting, perhaps since we looked.
      return (await comingBlob({ pullThrough, blobs }, name, digest)) ?? contents.blob(name, digest);
    },
  };
}

async function comingBlob(
  { pullThrough, blobs }: Pick<CachedContentsParts, 'pullThrough' | 'blobs'>,
  name: RepositoryName,
  digest: string,
): Promise<FoundBlob | undefined> {
  const coming = pullThrough.blob(name, digest);
  if (coming === undefined) return undefined;
  const fetch = await coming.fetch();
  return {
    size: coming.size,
    isStored: false,
    read: (range) => (range === undefined ? fetch.read() : partOf(range)),
  };

  async function* partOf(range: { readonly start: number; readonly end: number }): AsyncGenerator<Uint8Array> {
    await fetch.kept;
    yield* blobs.read(blobNamespace(name.scope), digest, range);
  }
}
