// Answers neighbours' questions about images (ports.ts).
import type { Scope } from '#kernel/arn.ts';
import { findImage } from './image-records.ts';
import { repositoryKey } from './kinds.ts';
import { parseImageReference, repositoryArn, repositoryUri, type RegistryAddress } from './names.ts';
import type { Images } from './ports.ts';
import type { Tokens } from './token.ts';

export function createImages(address: RegistryAddress, tokens: Tokens): Images {
  return {
    resolve(reference) {
      const parsed = parseImageReference(reference, address);
      if (parsed === undefined) return undefined;
      const suffix = parsed.digest === undefined ? `:${parsed.tag}` : `@${parsed.digest}`;
      return {
        registryId: parsed.scope.account,
        region: parsed.scope.region,
        repositoryName: parsed.repositoryName,
        repositoryArn: repositoryArn(parsed),
        reference: `${repositoryUri(parsed, address)}${suffix}`,
        endpoint: address.endpoint,
      };
    },
    digest(reader, image) {
      const parsed = parseImageReference(image.reference, address);
      if (parsed === undefined) return undefined;
      const repository = { key: repositoryKey(parsed.scope, parsed.repositoryName) };
      return findImage(reader, repository, { imageDigest: parsed.digest, imageTag: parsed.tag })?.spec.digest;
    },
    async pullCredentials(scope: Scope) {
      return { username: 'AWS', password: tokens.forPull(scope).password };
    },
  };
}
