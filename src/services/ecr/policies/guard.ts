// What hangs on a repository: its own policy and that of its registry.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
import type { ResourceGuard } from '#aws/service.ts';
import { parseArn } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { repositoryKey } from '#services/ecr/keys.ts';
import { repositoryKind, repositoryPolicyKind } from '#services/ecr/kinds.ts';
import { registryIn } from '#services/ecr/registry-record.ts';

/** Whoever shut himself out can change his mind: the owner's root keeps these. */
const kept: ReadonlySet<string> = new Set([
  'ecr:SetRepositoryPolicy',
  'ecr:GetRepositoryPolicy',
  'ecr:DeleteRepositoryPolicy',
  'ecr:PutRegistryPolicy',
  'ecr:GetRegistryPolicy',
  'ecr:DeleteRegistryPolicy',
]);

/**
 * The policies that a request about `resource` has to pass, and the repository's tags, as conditions may ask for them. The
 * registry's policy is for every action, which AWS calls version 2 of its scope.
 */
export function guardOf(reader: Reader, resource: string, action: string): ResourceGuard | undefined {
  const arn = parseArn(resource);
  if (arn?.service !== 'ecr') return undefined;
  const policies: string[] = [];
  const registry = registryIn(reader, arn).policyText;
  if (registry !== undefined) policies.push(registry);
  const ownerKeeps = kept.has(action);
  if (!arn.resource.startsWith('repository/')) return { policies, ownerKeeps };
  const key = repositoryKey(arn, arn.resource.slice('repository/'.length));
  const own = reader.get(repositoryPolicyKind, key);
  if (own !== undefined) policies.push(own.spec.policyText);
  return { policies, ownerKeeps, tags: reader.get(repositoryKind, key)?.spec.tags };
}
