// URLs that give one blob to whoever has them, for an hour: sealed, so that nothing need be remembered.
import type { Clock } from '#kernel/clock.ts';
import { digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { repositoryPath, type RegistryAddress, type RepositoryName } from '#services/ecr/names.ts';
import type { Seals } from '#services/ecr/seal.ts';

const purpose = 'ecr/download';
const lifeMs = 3_600_000;

export interface DownloadUrls {
  /** A URL on the registry's own port by which a blob of the repository is read without credentials. */
  urlOf(name: RepositoryName, digest: string): string;
  /** Whether the query of such a URL opens this blob now: `expired` once its hour is over, `none` where it is none. */
  check(name: RepositoryName, digest: string, query: URLSearchParams): 'open' | 'expired' | 'none';
}

export function createDownloadUrls(parts: {
  readonly seals: Seals;
  readonly clock: Clock;
  readonly address: RegistryAddress;
}): DownloadUrls {
  const { seals, clock, address } = parts;
  const sealed = ({ scope, repositoryName }: RepositoryName, digest: string, expires: string) =>
    `${digestKey(repositoryKey(scope, repositoryName), digest)} ${expires}`;
  return {
    urlOf(name, digest) {
      const expires = String(clock.now().getTime() + lifeMs);
      const query = new URLSearchParams({ expires, seal: seals.seal(purpose, sealed(name, digest, expires)) });
      return `http://${address.endpoint}/v2/${repositoryPath(name, address.home)}/blobs/${digest}?${query.toString()}`;
    },
    check(name, digest, query) {
      const expires = query.get('expires') ?? '';
      if (!seals.verify(purpose, sealed(name, digest, expires), query.get('seal') ?? '')) return 'none';
      return Number(expires) > clock.now().getTime() ? 'open' : 'expired';
    },
  };
}
