// The API's operations on repositories.
import type { In, Operation, OperationName, Operations, Out } from '#aws/service.ts';
import { scopedKey } from '#kernel/arn.ts';
import { createRepositoryRecord } from './create-repository.ts';
import { describeRepository, mutabilityOf } from './describe-repository.ts';
import { pagedByName, repositoryNotEmpty } from './errors.ts';
import { deleteRepositoryRecords, imagesOf, repositoryIn } from './image-records.ts';
import { checkBatch, pageLimit } from './limits.ts';
import { repositoryKind } from './kinds.ts';
import type { RegistryAddress } from './names.ts';
import { addressed, addressedArn, registryOf } from './registry-scope.ts';
import { mergeTags } from './resource-tags.ts';
import { readEncryption } from './settings/encryption.ts';
import { readMutability } from './tag-mutability.ts';

type Handler<N extends OperationName<'ecr'> & string> = Operation<In<'ecr', N>, Out<'ecr', N>>;
/** Operations whose repositoryUri points at `address`. */
export function repositoryOperations(address: RegistryAddress): Operations<'ecr'> {
  return {
    CreateRepository: createRepository(address),
    DescribeRepositories: describeRepositories(address),
    DeleteRepository: deleteRepository(address),
    PutImageTagMutability: putImageTagMutability,
  };
}

function createRepository(address: RegistryAddress): Handler<'CreateRepository'> {
  return {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const repository = createRepositoryRecord(tx, addressed(input, context), {
        ...readMutability(input.imageTagMutability, input.imageTagMutabilityExclusionFilters),
        encryption: readEncryption(input.encryptionConfiguration),
        scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
        tags: mergeTags({}, input.tags ?? []),
        createdAt: context.now.getTime(),
      });
      return { repository: describeRepository(repository, address) };
    },
  };
}

function describeRepositories(address: RegistryAddress): Handler<'DescribeRepositories'> {
  return {
    accepts: true,
    resource: (input, context) =>
      // An empty list names no repository, and so means every one, as none does.
      (input.repositoryNames?.length ? input.repositoryNames : ['*']).map((repositoryName) =>
        addressedArn({ ...input, repositoryName }, context),
      ),
    read(input, reader, context) {
      const { repositoryNames: names, maxResults, nextToken } = input;
      if (names !== undefined && names.length > 0) {
        if (maxResults !== undefined || nextToken !== undefined) throw pagedByName();
        checkBatch('repositoryNames', names);
        const wanted = names.map((repositoryName) => addressed({ ...input, repositoryName }, context));
        return { repositories: wanted.map((name) => describeRepository(repositoryIn(reader, name), address)) };
      }
      const all = reader.list(repositoryKind, scopedKey(registryOf(input.registryId, context), ''));
      const page = context.page(all, ({ key }) => key, { token: nextToken, limit: pageLimit(maxResults) });
      return { repositories: page.items.map((each) => describeRepository(each, address)), nextToken: page.nextToken };
    },
  };
}

function deleteRepository(address: RegistryAddress): Handler<'DeleteRepository'> {
  return {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const name = addressed(input, context);
      const repository = repositoryIn(tx, name);
      if (!input.force && imagesOf(tx, repository).length > 0) {
        throw repositoryNotEmpty(name.repositoryName, name.scope.account);
      }
      deleteRepositoryRecords(tx, repository);
      return { repository: describeRepository(repository, address) };
    },
  };
}

const putImageTagMutability: Handler<'PutImageTagMutability'> = {
  accepts: true,
  resource: addressedArn,
  run(input, tx, context) {
    const { key, spec } = repositoryIn(tx, addressed(input, context));
    const setting = readMutability(input.imageTagMutability, input.imageTagMutabilityExclusionFilters);
    const changed = tx.setSpec(repositoryKind, key, { ...spec, ...setting });
    return { registryId: spec.account, repositoryName: spec.repositoryName, ...mutabilityOf(changed) };
  },
};
