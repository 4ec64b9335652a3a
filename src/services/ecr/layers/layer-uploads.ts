// Uploads of layers: begun, appended to, completed or mounted, the same whether the registry or the API is spoken to.
import type { Blobs, Digest, LastPart, Upload } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Store } from '#kernel/store.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { layerKind } from '#services/ecr/kinds.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { preparePush, type MayCreate } from '#services/ecr/push-target.ts';
import type { Seals } from '#services/ecr/seal.ts';

const purpose = 'ecr/upload';
const uploadForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Uploads go by a UUID that is the blob store's own id, veiled by the repository's name: in another repository it is no
 * upload's, so that nobody appends to one that they were not given.
 */
export interface LayerUploads {
  /** Throws RepositoryNotFoundException where the repository neither is there nor comes about by a template. */
  begin(name: RepositoryName, mayCreate: MayCreate): Promise<Upload>;
  /** The upload, or undefined where the repository has none of this id. Throws RepositoryNotFoundException. */
  find(name: RepositoryName, id: string): Promise<Upload | undefined>;
  /** Appends at `offset`; what came is kept on disk. Throws BlobError `range` and `not-found`. */
  append(name: RepositoryName, part: LayerPart): Promise<Upload>;
  /**
   * Appends what is still to come and ends the upload: the layer is the repository's from then on. Throws BlobError
   * `digest` (and keeps the upload with all that came), `range` and `not-found`.
   */
  complete(name: RepositoryName, end: LayerEnd): Promise<void>;
  /** Forgets the upload; nothing happens where there is none. */
  cancel(name: RepositoryName, id: string): Promise<void>;
  /** Gives the repository a layer that another one has. False where that one has none. */
  mount(name: RepositoryName, from: RepositoryName, digest: Digest): Promise<boolean>;
}

export interface LayerPart {
  readonly id: string;
  /** Bytes before it. */
  readonly offset: number;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface LayerEnd {
  readonly id: string;
  readonly digest: Digest;
  /** The last bytes, where there are any yet. */
  readonly last?: LastPart | undefined;
}

export interface LayerUploadParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly seals: Seals;
}

export function createLayerUploads(parts: LayerUploadParts): LayerUploads {
  const { store, blobs, clock, seals } = parts;

  const keyOf = ({ scope, repositoryName }: RepositoryName) => repositoryKey(scope, repositoryName);
  const named = (name: RepositoryName, { id, size }: Upload): Upload => ({
    id: uuidOf(seals.veil(purpose, keyOf(name), Buffer.from(id, 'hex'))),
    size,
  });
  /** The blob store's id of an upload; for what is no id, one that no upload has. */
  const storedId = (name: RepositoryName, id: string): string =>
    uploadForm.test(id)
      ? seals.unveil(purpose, keyOf(name), Buffer.from(id.replaceAll('-', ''), 'hex')).toString('hex')
      : '';
  const keep = (name: RepositoryName, digest: Digest, size: number): Promise<void> =>
    store.write((tx) => {
      const spec = { digest, size, uploadedAt: clock.now().getTime() };
      tx.put(layerKind, digestKey(repositoryIn(tx, name).key, digest), { spec, status: null });
    });

  return {
    async begin(name, mayCreate) {
      await preparePush(parts, name, mayCreate);
      return named(name, await blobs.begin(blobNamespace(name.scope)));
    },
    async find(name, id) {
      store.read((reader) => repositoryIn(reader, name));
      await store.durable();
      const upload = await blobs.upload(blobNamespace(name.scope), storedId(name, id));
      return upload && named(name, upload);
    },
    async append(name, { id, offset, content }) {
      return named(name, await blobs.append(blobNamespace(name.scope), storedId(name, id), offset, content));
    },
    async complete(name, { id, digest, last }) {
      const { size } = await blobs.commit(blobNamespace(name.scope), storedId(name, id), digest, last);
      await keep(name, digest, size);
    },
    cancel: (name, id) => blobs.cancel(blobNamespace(name.scope), storedId(name, id)),
    async mount(name, from, digest) {
      const source = store.read((reader) => reader.get(layerKind, digestKey(keyOf(from), digest)));
      await store.durable();
      if (source === undefined) return false;
      // Within a registry the bytes are there already; linked all the same, they count as new to whoever removes unused ones.
      if (!(await blobs.link(blobNamespace(from.scope), digest, blobNamespace(name.scope)))) return false;
      await keep(name, digest, source.spec.size);
      return true;
    },
  };
}

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
