// The API's operations on when images are scanned.
import type { In, Operation, OperationName, Operations, Out } from '#aws/service.ts';
import { invalidParameter, outOfRange, repositoryNotFound } from '#services/ecr/errors.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { repositoryKey } from '#services/ecr/keys.ts';
import { type RegistrySpec, repositoryKind } from '#services/ecr/kinds.ts';
import { isRepositoryName, repositoryArn, repositoryNamePattern } from '#services/ecr/names.ts';
import { changeRegistry, registryIn } from '#services/ecr/registry-record.ts';
import { addressed, addressedArn, scopeOf } from '#services/ecr/registry-scope.ts';
import { readScanSettings, scanSettingOf } from './scan-settings.ts';

type Handler<N extends OperationName<'ecr'> & string> = Operation<In<'ecr', N>, Out<'ecr', N>>;
type BatchOut = Out<'ecr', 'BatchGetRepositoryScanningConfiguration'>;
type Found = NonNullable<BatchOut['scanningConfigurations']>[number];
type Failure = NonNullable<BatchOut['failures']>[number];

const mostInBatch = 25;

const putImageScanningConfiguration: Handler<'PutImageScanningConfiguration'> = {
  accepts: true,
  resource: addressedArn,
  run(input, tx, context) {
    const { key, spec } = repositoryIn(tx, addressed(input, context));
    const scanOnPush = input.imageScanningConfiguration?.scanOnPush ?? false;
    tx.setSpec(repositoryKind, key, { ...spec, scanOnPush });
    const { account: registryId, repositoryName } = spec;
    return { registryId, repositoryName, imageScanningConfiguration: { scanOnPush } };
  },
};

const batchGetRepositoryScanningConfiguration: Handler<'BatchGetRepositoryScanningConfiguration'> = {
  accepts: true,
  resource: ({ repositoryNames = [] }, context) =>
    repositoryNames.map((repositoryName) => addressedArn({ repositoryName }, context)),
  read({ repositoryNames = [] }, reader, context) {
    if (repositoryNames.length < 1) throw outOfRange('repositoryNames', 'length', 'greater than or equal to 1');
    if (repositoryNames.length > mostInBatch) {
      throw outOfRange('repositoryNames', 'length', `less than or equal to ${mostInBatch}`);
    }
    const scope = scopeOf(context);
    const registry = registryIn(reader, scope);
    const scanningConfigurations: Found[] = [];
    const failures: Failure[] = [];
    for (const repositoryName of new Set(repositoryNames)) {
      if (!isRepositoryName(repositoryName)) {
        throw invalidParameter('repositoryNames', `must satisfy regular expression '${repositoryNamePattern}'`);
      }
      const repository = reader.get(repositoryKind, repositoryKey(scope, repositoryName));
      if (repository === undefined) {
        const failureReason = repositoryNotFound(repositoryName, scope.account).message;
        failures.push({ repositoryName, failureCode: 'REPOSITORY_NOT_FOUND', failureReason });
        continue;
      }
      const { scanOnPush, scanFrequency, appliedFilters } = scanSettingOf(registry, repository.spec);
      const appliedScanFilters = appliedFilters.map((filter) => ({ filter, filterType: 'WILDCARD' as const }));
      const arn = repositoryArn({ scope, repositoryName });
      scanningConfigurations.push({
        repositoryArn: arn,
        repositoryName,
        scanOnPush,
        scanFrequency,
        appliedScanFilters,
      });
    }
    return { scanningConfigurations, failures };
  },
};

const putRegistryScanningConfiguration: Handler<'PutRegistryScanningConfiguration'> = {
  accepts: true,
  run(input, tx, context) {
    const asked = readScanSettings(input);
    const registry = changeRegistry(tx, scopeOf(context), (before) => ({ ...before, ...asked }));
    return { registryScanningConfiguration: describe(registry) };
  },
};

const getRegistryScanningConfiguration: Handler<'GetRegistryScanningConfiguration'> = {
  accepts: true,
  read: (_input, reader, context) => ({
    registryId: context.account,
    scanningConfiguration: describe(registryIn(reader, scopeOf(context))),
  }),
};

function describe({ scanType, scanningRules }: RegistrySpec) {
  return {
    scanType,
    rules: scanningRules.map(({ scanFrequency, filters }) => ({
      scanFrequency,
      repositoryFilters: filters.map((filter) => ({ filter, filterType: 'WILDCARD' as const })),
    })),
  };
}

export const scanSettingOperations: Operations<'ecr'> = {
  PutImageScanningConfiguration: putImageScanningConfiguration,
  BatchGetRepositoryScanningConfiguration: batchGetRepositoryScanningConfiguration,
  PutRegistryScanningConfiguration: putRegistryScanningConfiguration,
  GetRegistryScanningConfiguration: getRegistryScanningConfiguration,
};
