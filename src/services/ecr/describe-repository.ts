// A repository as the API shows it.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html
import type { Out } from '#aws/service.ts';
import { nameOf } from './image-records.ts';
import type { Repository } from './kinds.ts';
import { repositoryArn, repositoryUri, type RegistryAddress } from './names.ts';

export type RepositoryDescription = NonNullable<Out<'ecr', 'CreateRepository'>['repository']>;

/** Its repositoryUri points at `address`. */
export function describeRepository(repository: Repository, address: RegistryAddress): RepositoryDescription {
  const name = nameOf(repository);
  return {
    repositoryArn: repositoryArn(name),
    registryId: name.scope.account,
    repositoryName: name.repositoryName,
    repositoryUri: repositoryUri(name, address),
    createdAt: new Date(repository.spec.createdAt),
    ...mutabilityOf(repository),
    imageScanningConfiguration: { scanOnPush: repository.spec.scanOnPush },
    encryptionConfiguration: { ...repository.spec.encryption },
  };
}

export function mutabilityOf({
  spec,
}: Repository): Pick<RepositoryDescription, 'imageTagMutability' | 'imageTagMutabilityExclusionFilters'> {
  const filters = spec.exclusionFilters.map((filter) => ({ filterType: 'WILDCARD' as const, filter }));
  return {
    imageTagMutability: spec.imageTagMutability,
    ...(filters.length === 0 ? {} : { imageTagMutabilityExclusionFilters: filters }),
  };
}
