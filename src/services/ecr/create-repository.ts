// Repositories come about: asked for by CreateRepository, or by themselves where a creation template says so.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
import type { Reader, Tx } from '#kernel/store.ts';
import { repositoryAlreadyExists, repositoryNotFound } from './errors.ts';
import { prefixKey, repositoryKey } from './keys.ts';
import {
  type CreationCause,
  creationTemplateKind,
  type CreationTemplateSpec,
  type Repository,
  repositoryKind,
  repositoryPolicyKind,
  type RepositorySpec,
} from './kinds.ts';
import { lifecyclePolicyKind } from '#services/ecr/lifecycle/kinds.ts';
import type { RepositoryName } from './names.ts';

/** A prefix that stands for every name. */
export const rootPrefix = 'ROOT';

type Settings = Omit<RepositorySpec, 'account' | 'region' | 'repositoryName'>;

/** Throws RepositoryAlreadyExistsException. */
export function createRepositoryRecord(tx: Tx, { scope, repositoryName }: RepositoryName, settings: Settings) {
  const key = repositoryKey(scope, repositoryName);
  if (tx.get(repositoryKind, key) !== undefined) throw repositoryAlreadyExists(repositoryName, scope.account);
  return tx.put(repositoryKind, key, { spec: { ...scope, repositoryName, ...settings }, status: null });
}

/**
 * The repository, made as its creation template says where there is none yet. Without a template a push finds no
 * repository (RepositoryNotFoundException); replication and pull-through caches make one with ECR's defaults.
 */
export function ensureRepository(tx: Tx, name: RepositoryName, cause: CreationCause, now: Date): Repository {
  const key = repositoryKey(name.scope, name.repositoryName);
  const existing = tx.get(repositoryKind, key);
  if (existing !== undefined) return existing;
  const template = templateFor(tx, name, cause);
  if (template === undefined && cause === 'CREATE_ON_PUSH') {
    throw repositoryNotFound(name.repositoryName, name.scope.account);
  }
  const { imageTagMutability = 'MUTABLE', exclusionFilters = [], tags = {} } = template ?? {};
  const { encryption = { encryptionType: 'AES256' as const }, repositoryPolicy, lifecyclePolicy } = template ?? {};
  const createdAt = now.getTime();
  const settings = { imageTagMutability, exclusionFilters, encryption, scanOnPush: false, tags, createdAt };
  const repository = createRepositoryRecord(tx, name, settings);
  if (repositoryPolicy !== undefined) {
    tx.put(repositoryPolicyKind, key, { spec: { policyText: repositoryPolicy }, status: null });
  }
  if (lifecyclePolicy !== undefined) {
    tx.put(lifecyclePolicyKind, key, { spec: { policyText: lifecyclePolicy, setAt: createdAt }, status: {} });
  }
  return repository;
}

/** The template with the longest prefix of the name that is for this cause. */
function templateFor(
  reader: Reader,
  { scope, repositoryName }: RepositoryName,
  cause: CreationCause,
): CreationTemplateSpec | undefined {
  const candidates = [...prefixesOf(repositoryName), rootPrefix];
  for (const prefix of candidates) {
    const template = reader.get(creationTemplateKind, prefixKey(scope, prefix));
    if (template?.spec.appliedFor.includes(cause)) return template.spec;
  }
  return undefined;
}

/** `a/b/c` -> `a/b`, `a`: the longest first. */
export function prefixesOf(repositoryName: string): string[] {
  const parts = repositoryName.split('/');
  return parts.map((_, at) => parts.slice(0, parts.length - 1 - at).join('/')).filter((prefix) => prefix !== '');
}
