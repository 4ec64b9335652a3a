// The API's operations on lifecycle policies.
import type { Operations } from '#aws/service.ts';
import type { Reader } from '#kernel/store.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { type LifecyclePolicy, lifecyclePolicyKind } from './kinds.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { lifecyclePolicyNotFound } from './errors.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';

export const lifecyclePolicyOperations: Operations<'ecr'> = {
  PutLifecyclePolicy: {
    accepts: true,
    resource: addressedArn,
    run({ lifecyclePolicyText = '', ...input }, tx, context) {
      const name = addressed(input, context);
      const { key } = repositoryIn(tx, name);
      readLifecyclePolicy(lifecyclePolicyText);
      const spec = { policyText: lifecyclePolicyText, setAt: context.now.getTime() };
      return describe(name, tx.put(lifecyclePolicyKind, key, { spec, status: {} }));
    },
  },
  GetLifecyclePolicy: {
    accepts: true,
    resource: addressedArn,
    read(input, reader, context) {
      const name = addressed(input, context);
      const policy = policyOf(reader, name);
      return { ...describe(name, policy), ...lastEvaluated(policy) };
    },
  },
  DeleteLifecyclePolicy: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const name = addressed(input, context);
      const policy = policyOf(tx, name);
      tx.delete(lifecyclePolicyKind, policy.key);
      return { ...describe(name, policy), ...lastEvaluated(policy) };
    },
  },
};

/** The repository's policy. Throws RepositoryNotFoundException and LifecyclePolicyNotFoundException. */
export function policyOf(reader: Reader, name: RepositoryName): LifecyclePolicy {
  const policy = reader.get(lifecyclePolicyKind, repositoryIn(reader, name).key);
  if (policy === undefined) throw lifecyclePolicyNotFound(name.repositoryName, name.scope.account);
  return policy;
}

function describe({ scope, repositoryName }: RepositoryName, { spec }: LifecyclePolicy) {
  return { registryId: scope.account, repositoryName, lifecyclePolicyText: spec.policyText };
}

function lastEvaluated({ status: { lastEvaluatedAt } }: LifecyclePolicy) {
  return lastEvaluatedAt === undefined ? {} : { lastEvaluatedAt: new Date(lastEvaluatedAt) };
}
