// A creation template: what a request may ask for, and how a template is told. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
import type { In, Out } from '#aws/service.ts';
import { rootPrefix } from '#services/ecr/create-repository.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import type { CreationCause, CreationTemplateSpec } from '#services/ecr/kinds.ts';
import { readLifecyclePolicy } from '#services/ecr/lifecycle/lifecycle-policy.ts';
import { checkRepositoryPolicy } from '#services/ecr/policies/policy-text.ts';
import { mergeTags } from '#services/ecr/resource-tags.ts';
import { readEncryption } from '#services/ecr/settings/encryption.ts';
import { readMutability } from '#services/ecr/tag-mutability.ts';

/** Create's and update's input; what an update leaves out stays as it is. */
type Asked = In<'ecr', 'UpdateRepositoryCreationTemplate'>;
type Described = NonNullable<Out<'ecr', 'CreateRepositoryCreationTemplate'>['repositoryCreationTemplate']>;

const causes: readonly CreationCause[] = ['REPLICATION', 'PULL_THROUGH_CACHE', 'CREATE_ON_PUSH'];
const prefixPattern = '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$';
const prefixForm = new RegExp(prefixPattern);
const longestPrefix = 256;
const longestDescription = 256;

/**
 * The name under which a template is kept: "there is always an assumed / applied to the end of the prefix".
 * Throws InvalidParameterException.
 */
export function readPrefix(prefix = ''): string {
  if (prefix.length > longestPrefix || !prefixForm.test(prefix)) {
    throw invalidParameter('prefix', `must satisfy regular expression '${prefixPattern}'`);
  }
  return prefix === rootPrefix ? prefix : prefix.replace(/\/$/, '');
}

/** `before` as a request wants it: what it does not mention stays. Throws InvalidParameterException and the tags' errors. */
export function changeTemplate(before: CreationTemplateSpec, asked: Asked): CreationTemplateSpec {
  const { description, repositoryPolicy, lifecyclePolicy } = asked;
  if (description !== undefined && description.length > longestDescription) {
    throw outOfRange('description', 'length', `less than or equal to ${longestDescription}`);
  }
  // An empty text takes a policy away.
  if (repositoryPolicy) checkRepositoryPolicy(repositoryPolicy);
  if (lifecyclePolicy) readLifecyclePolicy(lifecyclePolicy);
  return withoutEmpty({
    ...before,
    ...mutabilityIn(before, asked),
    description: description ?? before.description,
    repositoryPolicy: repositoryPolicy ?? before.repositoryPolicy,
    lifecyclePolicy: lifecyclePolicy ?? before.lifecyclePolicy,
    appliedFor: asked.appliedFor === undefined ? before.appliedFor : readCauses(asked.appliedFor),
    encryption:
      asked.encryptionConfiguration === undefined ? before.encryption : readEncryption(asked.encryptionConfiguration),
    tags: asked.resourceTags === undefined ? before.tags : mergeTags({}, asked.resourceTags),
  });
}

function mutabilityIn(before: CreationTemplateSpec, asked: Asked) {
  const { imageTagMutability, imageTagMutabilityExclusionFilters: filters } = asked;
  if (imageTagMutability === undefined && filters === undefined) return {};
  return readMutability(imageTagMutability ?? before.imageTagMutability, filters);
}

/** Throws InvalidParameterException. */
function readCauses(asked: readonly CreationCause[]): CreationCause[] {
  if (asked.length < 1) throw outOfRange('appliedFor', 'length', 'greater than or equal to 1');
  if (!asked.every((cause) => causes.includes(cause))) {
    throw invalidParameter('appliedFor', `Member must satisfy enum value set: [${causes.join(', ')}]`);
  }
  return [...new Set(asked)];
}

function withoutEmpty(template: CreationTemplateSpec): CreationTemplateSpec {
  const { description, repositoryPolicy, lifecyclePolicy, ...rest } = template;
  return {
    ...rest,
    ...(description ? { description } : {}),
    ...(repositoryPolicy ? { repositoryPolicy } : {}),
    ...(lifecyclePolicy ? { lifecyclePolicy } : {}),
  };
}

export function describeTemplate(template: CreationTemplateSpec): Described {
  const { prefix, description, imageTagMutability, exclusionFilters, encryption, appliedFor } = template;
  const { tags, repositoryPolicy, lifecyclePolicy, createdAt, updatedAt } = template;
  const filters = exclusionFilters.map((filter) => ({ filterType: 'WILDCARD' as const, filter }));
  const resourceTags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    prefix,
    ...(description === undefined ? {} : { description }),
    encryptionConfiguration: { ...encryption },
    ...(resourceTags.length === 0 ? {} : { resourceTags }),
    imageTagMutability,
    ...(filters.length === 0 ? {} : { imageTagMutabilityExclusionFilters: filters }),
    ...(repositoryPolicy === undefined ? {} : { repositoryPolicy }),
    ...(lifecyclePolicy === undefined ? {} : { lifecyclePolicy }),
    appliedFor: [...appliedFor],
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
