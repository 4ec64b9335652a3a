// The API's operations that look at layers: which ones a repository has, and where to fetch one.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html, …/API_GetDownloadUrlForLayer.html
import type { Operations, Out } from '#aws/service.ts';
import type { Store } from '#kernel/store.ts';
import type { Contents } from '#services/ecr/contents.ts';
import { invalidParameter, layersNotFound } from '#services/ecr/errors.ts';
import { imagesReferencing, repositoryIn } from '#services/ecr/image-records.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import { checkBatch } from '#services/ecr/limits.ts';
import { mediaTypesOf } from '#services/ecr/manifest.ts';
import { isDigest, type RepositoryName } from '#services/ecr/names.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import type { PullThrough } from '#services/ecr/pull-through/cache.ts';
import type { DownloadUrls } from './download-url.ts';
import { layerInaccessible } from './errors.ts';

const digestPattern = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+';

type Reply = Out<'ecr', 'BatchCheckLayerAvailability'>;
type Layer = NonNullable<Reply['layers']>[number];
type Failure = NonNullable<Reply['failures']>[number];

interface Parts {
  readonly store: Store;
  readonly contents: Contents;
  readonly pullThrough: PullThrough;
  readonly downloadUrls: DownloadUrls;
}

/** How the images of a repository need a layer. */
interface Use {
  /** The digest of an image that needs it and may be pulled; absent where none may, or none needs it. */
  readonly image?: string;
  /** Only archived images need it. */
  readonly isArchived: boolean;
}

export function layerOperations(parts: Parts): Operations<'ecr'> {
  return {
    BatchCheckLayerAvailability: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        checkBatch('layerDigests', input.layerDigests);
        parts.store.read((reader) => repositoryIn(reader, name));
        const layers: Layer[] = [];
        const failures: Failure[] = [];
        for (const digest of new Set(input.layerDigests)) {
          const failure = failureOf(digest);
          if (failure !== undefined) failures.push(failure);
          else layers.push(await layerIn(parts, name, digest));
        }
        return { layers, failures };
      },
    },
    GetDownloadUrlForLayer: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const { layerDigest: digest = '' } = input;
        if (!new RegExp(`^${digestPattern}$`).test(digest)) {
          throw invalidParameter('layerDigest', `must satisfy regular expression '${digestPattern}'`);
        }
        const stored = isDigest(digest) ? await parts.contents.blob(name, digest) : undefined;
        // A blob that a cache waits for is fetched by whoever follows the URL.
        const found = stored ?? parts.pullThrough.blob(name, digest);
        if (found === undefined) throw layersNotFound([digest], name.repositoryName, name.scope.account);
        // "You can only get URLs for image layers that are referenced in an image."
        if (stored?.isStored && useOf(parts, name, digest).image === undefined) throw layerInaccessible(digest, name);
        return { downloadUrl: parts.downloadUrls.urlOf(name, digest), layerDigest: digest };
      },
    },
  };
}

async function layerIn({ store, contents }: Parts, name: RepositoryName, layerDigest: string): Promise<Layer> {
  const found = isDigest(layerDigest) ? await contents.blob(name, layerDigest) : undefined;
  if (found === undefined) return { layerDigest, layerAvailability: 'UNAVAILABLE' };
  const use = useOf({ store }, name, layerDigest);
  const layer = { layerDigest, layerSize: found.size } as const;
  if (use.isArchived) return { ...layer, layerAvailability: 'ARCHIVED' };
  const manifest = use.image === undefined ? undefined : await contents.manifest(name, { imageDigest: use.image });
  const mediaType = mediaTypesOf(await manifest?.read()).get(layerDigest);
  return { ...layer, layerAvailability: 'AVAILABLE', ...(mediaType === undefined ? {} : { mediaType }) };
}

function useOf({ store }: Pick<Parts, 'store'>, name: RepositoryName, digest: string): Use {
  return store.read((reader) => {
    const images = imagesReferencing(reader, repositoryIn(reader, name), digest);
    const image = images.find((each) => !isArchived(reader, each))?.spec.digest;
    return { isArchived: images.length > 0 && image === undefined, ...(image === undefined ? {} : { image }) };
  });
}

function failureOf(layerDigest: string): Failure | undefined {
  if (layerDigest === '') {
    return {
      layerDigest,
      failureCode: 'MissingLayerDigest',
      failureReason: 'Invalid request parameters: layer digest cannot be null',
    };
  }
  if (new RegExp(`^${digestPattern}$`).test(layerDigest)) return undefined;
  return {
    layerDigest,
    failureCode: 'InvalidLayerDigest',
    failureReason: `Invalid request parameters: layer digest should satisfy the regex '${digestPattern}'`,
  };
}
