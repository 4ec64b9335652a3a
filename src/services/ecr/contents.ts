// What can be pulled from repositories: manifests and blobs, by whichever way they are asked for.
import { BlobError, type Blobs, type Digest } from '#drivers/blobs.ts';
import type { Log } from '#kernel/log.ts';
import type { Store } from '#kernel/store.ts';
import { findImage, repositoryIn, type ImageId } from './image-records.ts';
import { blobNamespace, digestKey } from './keys.ts';
import type { Image } from './kinds.ts';
import { imageArchived } from './lifecycle/errors.ts';
import { isArchived } from './lifecycle/storage-class.ts';
import type { RepositoryName } from './names.ts';
import { readBlob } from './read-blob.ts';
import { knownLayer } from './storage/known-layer.ts';

/** A manifest that may be pulled. */
export interface FoundManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Its record, where it is an image of the repository already. */
  readonly image?: Image;
  /** The manifest itself; undefined where its bytes were lost. */
  read(): Promise<Buffer | undefined>;
}

/** A blob that may be pulled. */
export interface FoundBlob {
  /** Bytes. */
  readonly size: number;
  /** Whether the repository holds it; a cache may find more. */
  readonly isStored: boolean;
  /** The bytes from `start` to `end` (inclusive), or all. Each chunk is good until the next is asked for. */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}

/**
 * What the registry and the API read for a pull. A cache may stand before it: it finds more than is stored here.
 * Both throw RepositoryNotFoundException; what they find is durable.
 */
export interface Contents {
  /** The manifest that an id names; undefined where there is none. Throws ImageNotFoundException where it is archived. */
  manifest(name: RepositoryName, id: ImageId): Promise<FoundManifest | undefined>;
  /** The repository's blob of this digest; undefined where it has none, or where its bytes were lost. */
  blob(name: RepositoryName, digest: Digest): Promise<FoundBlob | undefined>;
}

/** What is stored here. */
export function createContents({ store, blobs, log }: { store: Store; blobs: Blobs; log: Log }): Contents {
  const lost = (namespace: string, digest: Digest): undefined => {
    log.error('a blob that a repository holds is not whole in the blob store', { namespace, digest });
  };
  return {
    async manifest(name, id) {
      const image = store.read((reader) => {
        const found = findImage(reader, repositoryIn(reader, name), id);
        if (found !== undefined && isArchived(reader, found)) {
          throw imageArchived(id, name.repositoryName, name.scope.account);
        }
        return found;
      });
      await store.durable();
      if (image === undefined) return undefined;
      const { digest, mediaType, manifestSize: size } = image.spec;
      const namespace = blobNamespace(name.scope);
      // Not when it is read only: who pushes asks by HEAD, and leaves out what it is told is here.
      if ((await blobs.size(namespace, digest)) !== size) return lost(namespace, digest);
      return {
        digest,
        mediaType,
        size,
        image,
        async read() {
          try {
            const body = await readBlob(blobs, namespace, digest);
            return body.length === size ? body : lost(namespace, digest);
          } catch (thrown) {
            if (thrown instanceof BlobError) return lost(namespace, digest);
            throw thrown;
          }
        },
      };
    },
    async blob(name, digest) {
      const layer = await knownLayer(
        store,
        store.read((reader) => digestKey(repositoryIn(reader, name).key, digest)),
      );
      if (layer === undefined) return undefined;
      const { size } = layer.spec;
      const namespace = blobNamespace(name.scope);
      // Where bytes were lost, a client that pushes learns that it has to send them again.
      if ((await blobs.size(namespace, digest)) !== size) return lost(namespace, digest);
      return { size, isStored: true, read: (range) => blobs.read(namespace, digest, range, 'lent') };
    },
  };
}
