// Answers neighbours' questions about images (ports.ts).
import type { Scope } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { prefixesOf, rootPrefix } from './create-repository.ts';
import { findImage } from './image-records.ts';
import { prefixKey, pullThroughRuleKind, repositoryKey } from './kinds.ts';
import {
  parseImageReference,
  repositoryArn,
  repositoryUri,
  type RegistryAddress,
  type RepositoryName,
} from './names.ts';
import type { Images } from './ports.ts';
import type { Tokens } from './token.ts';

export function createImages(address: RegistryAddress, tokens: Tokens): Images {
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
    digest(reader, reference) {
      const parsed = parseImageReference(reference, address);
      if (parsed === undefined || isCached(reader, parsed)) return undefined;
      const repository = { key: repositoryKey(parsed.scope, parsed.repositoryName) };
      return findImage(reader, repository, { imageDigest: parsed.digest, imageTag: parsed.tag })?.spec.digest;
    },
    async pullCredentials(scope: Scope) {
      return { username: 'AWS', password: tokens.forPull(scope).password };
    },
  };
}

/** Whether a repository's images are another registry's, by a pull-through cache rule. */
function isCached(reader: Reader, { scope, repositoryName }: RepositoryName): boolean {
  return [...prefixesOf(repositoryName), rootPrefix].some(
    (prefix) => reader.get(pullThroughRuleKind, prefixKey(scope, prefix)) !== undefined,
  );
}
