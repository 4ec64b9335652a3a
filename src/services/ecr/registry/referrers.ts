// What refers to a manifest, as an image index. OCI distribution spec 1.1, "Listing Referrers".
import { repositoryIn } from '#services/ecr/image-records.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import { describeReferrer, referrersOf, type Referrer } from '#services/ecr/manifests/referrers.ts';
import { isDigest } from '#services/ecr/names.ts';
import { RegistryError } from './errors.ts';
import { pageLength, readDurably, replyJson, type Exchange } from './exchange.ts';

const indexMediaType = 'application/vnd.oci.image.index.v1+json';
const mostListed = 1000;
/** Clients need take no more of a manifest than this, and an index of referrers is one. */
const mostBytes = 4 * 1024 * 1024 - 4096;

/** The referrers; none where nothing refers to the digest, even where it does not exist. In pages that link to the next. */
export async function listReferrers(exchange: Exchange): Promise<void> {
  const { parts, response, query, repository: name, subject, path } = exchange;
  if (!isDigest(subject)) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest: subject } });
  }
  const wanted = query.get('artifactType');
  const last = query.get('last') ?? '';
  const following = await readDurably(parts.store, (reader) =>
    referrersOf(reader, repositoryIn(reader, name), subject)
      .filter((image) => image.spec.digest > last && !isArchived(reader, image))
      .map(describeReferrer)
      .filter(({ artifactType }) => wanted === null || artifactType === wanted),
  );
  const length = Math.min(Math.max(pageLength(query, mostListed), 1), mostListed);
  const manifests = firstOf(following, length);
  const headers: Record<string, string> = { 'content-type': indexMediaType };
  if (wanted !== null) headers['oci-filters-applied'] = 'artifactType';
  if (manifests.length < following.length) {
    const next = new URLSearchParams(query);
    next.set('last', manifests.at(-1)!.digest);
    headers['link'] = `</v2/${path}/referrers/${subject}?${next.toString()}>; rel="next"`;
  }
  replyJson(response, 200, headers, { schemaVersion: 2, mediaType: indexMediaType, manifests });
}

/** As many as fit into one index, but one at least. */
function firstOf(referrers: readonly Referrer[], length: number): Referrer[] {
  let bytes = 0;
  const page = referrers.slice(0, length);
  const end = page.findIndex((referrer, at) => {
    bytes += Buffer.byteLength(JSON.stringify(referrer)) + 1;
    return at > 0 && bytes > mostBytes;
  });
  return end < 0 ? page : page.slice(0, end);
}
