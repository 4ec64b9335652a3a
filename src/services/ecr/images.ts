// Answers neighbours' questions about images (ports.ts).
import type { Authorizer } from '#aws/service.ts';
import { AwsError } from '#kernel/error.ts';
import type { Reader, Store } from '#kernel/store.ts';
import { requireAccess, rootWithoutKey } from './access.ts';
import { prefixesOf, rootPrefix } from './create-repository.ts';
import { findImage } from './image-records.ts';
import { prefixKey, repositoryKey } from './keys.ts';
import { pullThroughRuleKind } from '#services/ecr/pull-through/kinds.ts';
import {
  parseImageReference,
  repositoryArn,
  repositoryUri,
  type RegistryAddress,
  type RepositoryName,
} from './names.ts';
import type { Images } from './ports.ts';
import type { Tokens } from './token.ts';

interface ImagesParts {
  readonly address: RegistryAddress;
  readonly tokens: Tokens;
  readonly store: Store;
  readonly authorizer: Authorizer;
}

export function createImages({ address, tokens, store, authorizer }: ImagesParts): Images {
  const requirePull = (reader: Reader, account: string, repository: RepositoryName): void => {
    const principal = rootWithoutKey(account);
    for (const action of ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']) {
      requireAccess(authorizer, reader, { principal, action, repository });
    }
  };
  return {
    resolve(reference) {
      const parsed = parseImageReference(reference, address);
      if (parsed === undefined) return undefined;
      const uri = repositoryUri(parsed, address);
      const suffix = parsed.digest === undefined ? `:${parsed.tag}` : `@${parsed.digest}`;
      return {
        registryId: parsed.scope.account,
        region: parsed.scope.region,
        repositoryName: parsed.repositoryName,
        repositoryArn: repositoryArn(parsed),
        reference: `${uri}${suffix}`,
        repositoryUri: uri,
        endpoint: address.endpoint,
      };
    },
    digest(reader, reference, account) {
      const parsed = parseImageReference(reference, address);
      if (parsed === undefined || isCached(reader, parsed)) return undefined;
      if (!isAllowed(() => requirePull(reader, account, parsed))) return undefined;
      const repository = { key: repositoryKey(parsed.scope, parsed.repositoryName) };
      return findImage(reader, repository, { imageDigest: parsed.digest, imageTag: parsed.tag })?.spec.digest;
    },
    async pullCredentials({ scope, repositoryName, account }) {
      store.read((reader) => requirePull(reader, account, { scope, repositoryName }));
      return { username: 'AWS', password: tokens.forPull(scope, account).password };
    },
  };
}

function isAllowed(require: () => void): boolean {
  try {
    require();
    return true;
  } catch (thrown) {
    if (thrown instanceof AwsError && thrown.code === 'AccessDeniedException') return false;
    throw thrown;
  }
}

/** Whether a repository's images are another registry's, by a pull-through cache rule. */
function isCached(reader: Reader, { scope, repositoryName }: RepositoryName): boolean {
  return [...prefixesOf(repositoryName), rootPrefix].some(
    (prefix) => reader.get(pullThroughRuleKind, prefixKey(scope, prefix)) !== undefined,
  );
}
