// A blob that is asked for by a URL of GetDownloadUrlForLayer: whoever has the URL was let in when it was made.
import { rootWithoutKey } from '#services/ecr/access.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import type { Caller } from '#services/ecr/token.ts';
import { RegistryError } from './errors.ts';
import type { RegistryParts } from './exchange.ts';

/** The one for whom such a URL stands, or undefined where the query is not one's. Throws DENIED once its hour is over. */
export function downloaderOf(
  parts: RegistryParts,
  repository: RepositoryName,
  blob: { readonly digest: string; readonly query: URLSearchParams },
): Caller | undefined {
  const { scope } = repository;
  switch (parts.downloadUrls.check(repository, blob.digest, blob.query)) {
    case 'open':
      return { use: 'pull', scope, principal: rootWithoutKey(scope.account), settled: true };
    case 'expired':
      throw new RegistryError(403, 'DENIED', 'The download URL has expired: ask for another one.');
    case 'none':
      return undefined;
  }
}
