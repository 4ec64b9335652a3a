// What refers to a manifest: signatures, attestations, any artifact with it as its subject. OCI distribution spec 1.1, "Listing Referrers".
import type { Reader } from '#kernel/store.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { digestKey, imageKind, type Image } from '#services/ecr/kinds.ts';
import { isDigest } from '#services/ecr/names.ts';
import { RegistryError } from './errors.ts';
import { readDurably, replyJson, type Exchange } from './exchange.ts';

const indexMediaType = 'application/vnd.oci.image.index.v1+json';

/** An image index of the referrers; empty where nothing refers to the digest, even where it does not exist. */
export async function listReferrers({ parts, response, query, repository: name, subject }: Exchange): Promise<void> {
  if (!isDigest(subject)) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest: subject } });
  }
  const wanted = query.get('artifactType');
  const manifests = await readDurably(parts.store, (reader) =>
    referring(reader, digestKey(repositoryIn(reader, name).key, subject))
      .filter(({ spec }) => wanted === null || spec.artifactType === wanted)
      .map(descriptorOf),
  );
  const headers: Record<string, string> = { 'content-type': indexMediaType };
  if (wanted !== null) headers['oci-filters-applied'] = 'artifactType';
  replyJson(response, 200, headers, { schemaVersion: 2, mediaType: indexMediaType, manifests });
}

function referring(reader: Reader, subjectKey: string): Image[] {
  return reader.by(imageKind, 'subject', subjectKey);
}

function descriptorOf({ spec }: Image): Record<string, unknown> {
  return {
    mediaType: spec.mediaType,
    digest: spec.digest,
    size: spec.manifestSize,
    ...(spec.artifactType === undefined ? {} : { artifactType: spec.artifactType }),
    ...(Object.keys(spec.annotations).length === 0 ? {} : { annotations: spec.annotations }),
  };
}
