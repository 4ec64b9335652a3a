// The policy of a whole registry: the API's operations on it, and what it says of replication from other accounts.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
import type { Operations } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { rootWithoutKey } from '#services/ecr/access.ts';
import { repositoryKey } from '#services/ecr/keys.ts';
import { repositoryKind } from '#services/ecr/kinds.ts';
import { repositoryArn, type RepositoryName } from '#services/ecr/names.ts';
import { changeRegistry, registryIn } from '#services/ecr/registry-record.ts';
import { scopeOf } from '#services/ecr/registry-scope.ts';
import { decideByPolicies } from '#services/iam/ports.ts';
import { registryPolicyNotFound } from './errors.ts';
import { checkRegistryPolicy } from './policy-text.ts';

export const registryPolicyOperations: Operations<'ecr'> = {
  PutRegistryPolicy: {
    accepts: true,
    run(input, tx, context) {
      const policyText = checkRegistryPolicy(input.policyText);
      changeRegistry(tx, scopeOf(context), (before) => ({ ...before, policyText }));
      return { registryId: context.account, policyText };
    },
  },
  GetRegistryPolicy: {
    accepts: true,
    read: (_input, reader, context) => ({
      registryId: context.account,
      policyText: policyOf(reader, scopeOf(context)),
    }),
  },
  DeleteRegistryPolicy: {
    accepts: true,
    run(_input, tx, context) {
      const policyText = policyOf(tx, scopeOf(context));
      changeRegistry(tx, scopeOf(context), ({ policyText: _gone, ...rest }) => rest);
      return { registryId: context.account, policyText };
    },
  },
};

function policyOf(reader: Reader, scope: Scope): string {
  const { policyText } = registryIn(reader, scope);
  if (policyText === undefined) throw registryPolicyNotFound(scope.account);
  return policyText;
}

/**
 * Whether the registry `from` may replicate into the repository `to`, which need not exist: within an account always, from
 * another account where the registry's policy lets that account's root, also make the repository where there is none.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions-create-replication.html
 */
export function allowsReplication(reader: Reader, from: Scope, to: RepositoryName): boolean {
  if (from.account === to.scope.account) return true;
  const { policyText } = registryIn(reader, to.scope);
  if (policyText === undefined) return false;
  const exists = reader.get(repositoryKind, repositoryKey(to.scope, to.repositoryName)) !== undefined;
  const principal = rootWithoutKey(from.account);
  const resource = repositoryArn(to);
  return ['ecr:ReplicateImage', ...(exists ? [] : ['ecr:CreateRepository'])].every(
    (action) => decideByPolicies([policyText], { principal, action, resources: [resource] }, resource) === 'allow',
  );
}
