// The API's operations on repositories.
import type { In, Operation, OperationName, Operations, Out } from '#aws/service.ts';
import { scopedKey } from '#kernel/arn.ts';
import { pagedByName, repositoryAlreadyExists, repositoryNotEmpty, scanOnPushUnsupported } from './errors.ts';
import { deleteRepositoryRecords, imagesOf, nameOf, repositoryIn } from './image-records.ts';
import { checkBatch, pageLimit } from './limits.ts';
import { repositoryKey, repositoryKind, type Repository } from './kinds.ts';
import { repositoryArn, repositoryUri, type RegistryAddress } from './names.ts';
import { addressed, addressedArn, requireOwnRegistry, scopeOf } from './registry-scope.ts';
import { mergeTags } from './resource-tags.ts';
import { readMutability } from './tag-mutability.ts';

type Handler<N extends OperationName<'ecr'> & string> = Operation<In<'ecr', N>, Out<'ecr', N>>;
type Described = NonNullable<Out<'ecr', 'CreateRepository'>['repository']>;

/** Operations whose repositoryUri points at `address`. */
export function repositoryOperations(address: RegistryAddress): Operations<'ecr'> {
  return {
    CreateRepository: createRepository(address),
    DescribeRepositories: describeRepositories(address),
    DeleteRepository: deleteRepository(address),
    PutImageTagMutability: putImageTagMutability,
    DescribeRegistry: describeRegistry,
  };
}

function createRepository(address: RegistryAddress): Handler<'CreateRepository'> {
  return {
    accepts: {
      registryId: true,
      repositoryName: true,
      tags: true,
      imageTagMutability: true,
      imageTagMutabilityExclusionFilters: true,
      imageScanningConfiguration: true,
    },
    resource: addressedArn,
    run(input, tx, context) {
      const { scope, repositoryName } = addressed(input, context, 'CreateRepository');
      if (input.imageScanningConfiguration?.scanOnPush) throw scanOnPushUnsupported();
      const key = repositoryKey(scope, repositoryName);
      if (tx.get(repositoryKind, key) !== undefined) throw repositoryAlreadyExists(repositoryName, scope.account);
      const spec = {
        ...scope,
        repositoryName,
        createdAt: context.now.getTime(),
        ...readMutability(input.imageTagMutability, input.imageTagMutabilityExclusionFilters),
        tags: mergeTags({}, input.tags ?? []),
      };
      return { repository: describe(tx.put(repositoryKind, key, { spec, status: null }), address) };
    },
  };
}

function describeRepositories(address: RegistryAddress): Handler<'DescribeRepositories'> {
  const operation = 'DescribeRepositories';
  return {
    accepts: true,
    resource: (input, context) =>
      (input.repositoryNames ?? ['*']).map((repositoryName) => addressedArn({ ...input, repositoryName }, context)),
    read(input, reader, context) {
      const { repositoryNames: names, maxResults, nextToken } = input;
      if (names !== undefined && names.length > 0) {
        if (maxResults !== undefined || nextToken !== undefined) throw pagedByName();
        checkBatch('repositoryNames', names);
        const wanted = names.map((repositoryName) => addressed({ ...input, repositoryName }, context, operation));
        return { repositories: wanted.map((name) => describe(repositoryIn(reader, name), address)) };
      }
      requireOwnRegistry(input.registryId, context, { operation, resource: '*' });
      const all = reader.list(repositoryKind, scopedKey(scopeOf(context), ''));
      const page = context.page(all, ({ key }) => key, { token: nextToken, limit: pageLimit(maxResults) });
      return { repositories: page.items.map((each) => describe(each, address)), nextToken: page.nextToken };
    },
  };
}

function deleteRepository(address: RegistryAddress): Handler<'DeleteRepository'> {
  return {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const name = addressed(input, context, 'DeleteRepository');
      const repository = repositoryIn(tx, name);
      if (!input.force && imagesOf(tx, repository).length > 0) {
        throw repositoryNotEmpty(name.repositoryName, name.scope.account);
      }
      deleteRepositoryRecords(tx, repository);
      return { repository: describe(repository, address) };
    },
  };
}

const putImageTagMutability: Handler<'PutImageTagMutability'> = {
  accepts: true,
  resource: addressedArn,
  run(input, tx, context) {
    const { key, spec } = repositoryIn(tx, addressed(input, context, 'PutImageTagMutability'));
    const setting = readMutability(input.imageTagMutability, input.imageTagMutabilityExclusionFilters);
    const changed = tx.setSpec(repositoryKind, key, { ...spec, ...setting });
    return { registryId: spec.account, repositoryName: spec.repositoryName, ...mutabilityOf(changed) };
  },
};

const describeRegistry: Handler<'DescribeRegistry'> = {
  accepts: true,
  read: (_input, _reader, context) => ({
    registryId: context.account,
    replicationConfiguration: { rules: [] },
  }),
};

function describe(repository: Repository, address: RegistryAddress): Described {
  const name = nameOf(repository);
  return {
    repositoryArn: repositoryArn(name),
    registryId: name.scope.account,
    repositoryName: name.repositoryName,
    repositoryUri: repositoryUri(name, address),
    createdAt: new Date(repository.spec.createdAt),
    ...mutabilityOf(repository),
    imageScanningConfiguration: { scanOnPush: false },
  };
}

function mutabilityOf({
  spec,
}: Repository): Pick<Described, 'imageTagMutability' | 'imageTagMutabilityExclusionFilters'> {
  const filters = spec.exclusionFilters.map((filter) => ({ filterType: 'WILDCARD' as const, filter }));
  return {
    imageTagMutability: spec.imageTagMutability,
    ...(filters.length === 0 ? {} : { imageTagMutabilityExclusionFilters: filters }),
  };
}
