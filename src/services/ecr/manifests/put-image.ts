// The API's operation that puts a manifest, with a tag or without one.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
import type { Authorizer, Operations } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Reader, Store } from '#kernel/store.ts';
import { mayCreateFor } from '#services/ecr/access.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { findImage } from '#services/ecr/image-records.ts';
import { repositoryKey } from '#services/ecr/keys.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import { parseManifestJson } from '#services/ecr/manifest-json.ts';
import { isDigest, isTag, type RepositoryName } from '#services/ecr/names.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { imageAlreadyExists, manifestMediaTypeMissing } from './errors.ts';
import { maximumManifestSize, storeManifest } from './store-manifest.ts';

interface Named {
  readonly digest: string;
  readonly tag: string | undefined;
}

export function putImageOperation(parts: {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly authorizer: Authorizer;
}): Operations<'ecr'> {
  return {
    PutImage: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const { imageManifest = '', imageManifestMediaType, imageTag: tag, imageDigest } = input;
        checkImage({ imageManifest, tag, imageDigest });
        if (imageManifestMediaType === undefined && !statesMediaType(imageManifest)) throw manifestMediaTypeMissing();
        const tags = tag === undefined ? [] : [tag];
        const sent = { body: Buffer.from(imageManifest), mediaType: imageManifestMediaType, tags, digest: imageDigest };
        const { digest, content } = await storeManifest(parts, name, {
          ...sent,
          mayCreate: mayCreateFor(parts, name, context),
          refuse: (tx, found) => refuseUnchanged(tx, name, { digest: found, tag }),
        });
        return {
          image: {
            registryId: name.scope.account,
            repositoryName: name.repositoryName,
            imageId: { imageDigest: digest, ...(tag === undefined ? {} : { imageTag: tag }) },
            imageManifest,
            imageManifestMediaType: content.mediaType,
          },
        };
      },
    },
  };
}

function checkImage(image: {
  readonly imageManifest: string;
  readonly tag: string | undefined;
  readonly imageDigest: string | undefined;
}): void {
  const size = Buffer.byteLength(image.imageManifest);
  if (size === 0) throw outOfRange('imageManifest', 'length', 'greater than or equal to 1');
  if (size > maximumManifestSize) {
    throw outOfRange('imageManifest', 'length', `less than or equal to ${maximumManifestSize}`);
  }
  if (image.tag !== undefined && !isTag(image.tag)) {
    throw invalidParameter('imageTag', "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'");
  }
  if (image.imageDigest !== undefined && !isDigest(image.imageDigest)) {
    throw invalidParameter('imageDigest', "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'");
  }
}

/** Whether a manifest says what it is; one that cannot be read is refused where it is read. */
function statesMediaType(manifest: string): boolean {
  try {
    const value: unknown = parseManifestJson(Buffer.from(manifest));
    return typeof value !== 'object' || value === null || 'mediaType' in value;
  } catch {
    return true;
  }
}

/** "The specified image has already been pushed, and there were no changes to the manifest or image tag after the last push." */
function refuseUnchanged(reader: Reader, { scope, repositoryName }: RepositoryName, { digest, tag }: Named): void {
  const repository = { key: repositoryKey(scope, repositoryName) };
  const image = findImage(reader, repository, { imageDigest: digest });
  if (image === undefined || isArchived(reader, image)) return;
  if (tag !== undefined && findImage(reader, repository, { imageTag: tag })?.key !== image.key) return;
  throw imageAlreadyExists({ digest, tag }, repositoryName, scope.account);
}
