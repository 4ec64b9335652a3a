// What of an image is sent to a client that knows images but no indexes of them. Pure.
// RFC 9110, section 12.5.1; what Docker's own registry does for such clients.
import { platformImage } from '#services/ecr/manifest.ts';

const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

/**
 * Whether a client whose Accept header this is wants one image rather than the index that it asked for by tag: it names
 * types of images, none of indexes, and nothing by wildcard. In every other case a manifest is sent as it is stored.
 */
export function wantsOneImage(accept: string | undefined, mediaType: string): boolean {
  if (!indexTypes.has(mediaType)) return false;
  const accepted = acceptedTypes(accept);
  return (
    accepted.some((type) => imageTypes.has(type)) && !accepted.some((type) => indexTypes.has(type) || isWild(type))
  );
}

/** The digest of the index's image for linux/amd64, as Docker's registry chooses, if the client accepts its type. */
export function imageFor(accept: string | undefined, index: Uint8Array): string | undefined {
  const image = platformImage(index, { os: 'linux', architecture: 'amd64' });
  return image !== undefined && acceptedTypes(accept).includes(image.mediaType) ? image.digest : undefined;
}

function acceptedTypes(accept = ''): string[] {
  return accept.split(',').map((range) => range.split(';')[0]!.trim().toLowerCase());
}

function isWild(type: string): boolean {
  return type === '*/*' || type === 'application/*';
}
