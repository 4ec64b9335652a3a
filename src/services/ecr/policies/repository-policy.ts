// The API's operations on repository policies.
import type { Context, Operations } from '#aws/service.ts';
import type { Reader } from '#kernel/store.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { type Repository, repositoryPolicyKind } from '#services/ecr/kinds.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { decideByPolicies } from '#services/iam/ports.ts';
import { repositoryPolicyNotFound, wouldLockOut } from './errors.ts';
import { checkRepositoryPolicy } from './policy-text.ts';

export const repositoryPolicyOperations: Operations<'ecr'> = {
  SetRepositoryPolicy: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const repository = repositoryIn(tx, addressed(input, context));
      const policyText = checkRepositoryPolicy(input.policyText);
      if (!input.force) requireNoLockOut(policyText, context, addressedArn(input, context));
      tx.put(repositoryPolicyKind, repository.key, { spec: { policyText }, status: null });
      return described(repository, policyText);
    },
  },
  GetRepositoryPolicy: {
    accepts: true,
    resource: addressedArn,
    read(input, reader, context) {
      const repository = repositoryIn(reader, addressed(input, context));
      return described(repository, policyOf(reader, repository));
    },
  },
  DeleteRepositoryPolicy: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const repository = repositoryIn(tx, addressed(input, context));
      const policyText = policyOf(tx, repository);
      tx.delete(repositoryPolicyKind, repository.key);
      return described(repository, policyText);
    },
  },
};

/**
 * "If the policy you are attempting to set on a repository policy would prevent you from setting another policy in the
 * future, you must force the SetRepositoryPolicy operation." Throws InvalidParameterException.
 */
function requireNoLockOut(policyText: string, context: Context, arn: string): void {
  const { principal } = context;
  const request = { principal, action: 'ecr:SetRepositoryPolicy', resources: [arn], circumstances: context };
  const result = decideByPolicies([policyText], request, arn);
  const isOwn = arn.split(':')[4] === principal.account;
  if (result === 'explicitDeny' || (!isOwn && result !== 'allow')) throw wouldLockOut();
}

function policyOf(reader: Reader, { key, spec }: Repository): string {
  const policy = reader.get(repositoryPolicyKind, key);
  if (policy === undefined) throw repositoryPolicyNotFound(spec.repositoryName, spec.account);
  return policy.spec.policyText;
}

function described({ spec }: Repository, policyText: string) {
  return { registryId: spec.account, repositoryName: spec.repositoryName, policyText };
}
