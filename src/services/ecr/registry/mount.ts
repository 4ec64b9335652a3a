// Gives a repository a blob that another one has, without sending it.
// OCI distribution spec 1.1, "Mounting a blob from another repository".
import { blobNamespace, bytesKey } from '#services/ecr/keys.ts';
import { layerKind, repositoryKind } from '#services/ecr/kinds.ts';
import { nameOf } from '#services/ecr/image-records.ts';
import { isDigest, repositoryAt, type RepositoryName } from '#services/ecr/names.ts';
import { registryErrorOf } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { authorize, mayCreate } from './token.ts';
import { preparePush } from '#services/ecr/push-target.ts';

/** Repositories that are tried where the client names none. */
const mostTried = 100;

/**
 * Mounts the blob from the repository that the query names, or else ("the registry MAY treat the `from` parameter as
 * optional") from any of the same registry that the caller may pull from. False where it cannot: the client then uploads.
 */
export async function mount(exchange: Exchange, digest: string): Promise<boolean> {
  const { parts, repository } = exchange;
  if (!isDigest(digest)) return false;
  const source = sourcesOf(exchange, digest).find((from) => mayPull(exchange, from));
  if (source === undefined) return false;
  await preparePush(parts, repository, mayCreate(exchange));
  return parts.layerUploads.mount(repository, source, digest);
}

function sourcesOf({ parts, request, query, repository }: Exchange, digest: string): RepositoryName[] {
  const from = query.get('from');
  if (from !== null) return [repositoryAt(request.headers.host, from, parts.address.home)];
  return parts.store.read((reader) => {
    const layers = reader.by(layerKind, 'bytes', bytesKey(blobNamespace(repository.scope), digest));
    return layers.slice(0, mostTried).flatMap(({ key }) => {
      const holder = reader.get(repositoryKind, key.slice(0, key.lastIndexOf('@')));
      return holder === undefined ? [] : [nameOf(holder)];
    });
  });
}

/**
 * "If a registry does not support cross-repository mounting or is unable to mount the requested blob, it SHOULD return a
 * 202": also so that the reply does not tell what is in a repository that the caller may not read.
 */
function mayPull({ parts, caller }: Exchange, from: RepositoryName): boolean {
  try {
    authorize(parts, caller, 'ecr:GetDownloadUrlForLayer', from);
    return true;
  } catch (thrown) {
    if (registryErrorOf(thrown)?.code === 'DENIED') return false;
    throw thrown;
  }
}
