// What the rules of a lifecycle policy must be to each other. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
import { invalidLifecyclePolicy } from './errors.ts';
import type { LifecycleRule } from './lifecycle-rule.ts';

/** `rules` are ordered by priority. Throws InvalidParameterException. */
export function checkRules(rules: readonly LifecycleRule[]): void {
  for (const rule of rules) checkAction(rule);
  if (new Set(rules.map(({ priority }) => priority)).size < rules.length) {
    throw invalidLifecyclePolicy('Rules must have unique values for rulePriority.');
  }
  for (const storageClass of ['STANDARD', 'ARCHIVE']) {
    checkClass(rules.filter((rule) => rule.storageClass === storageClass));
  }
}

function checkAction({ countType, action }: LifecycleRule): void {
  if (countType === 'sinceImagePulled' && action === 'EXPIRE') {
    throw invalidLifecyclePolicy('The sinceImagePulled count type must be used with the transition action.');
  }
  if (countType === 'sinceImageTransitioned' && action === 'TRANSITION') {
    throw invalidLifecyclePolicy('The sinceImageTransitioned count type must be used with the expire action.');
  }
}

function checkClass(rules: readonly LifecycleRule[]): void {
  if (rules.filter(({ tagStatus }) => tagStatus === 'untagged').length > 1) {
    throw invalidLifecyclePolicy('Only one rule can select Untagged images per storage class.');
  }
  if (rules.slice(0, -1).some(({ tagStatus }) => tagStatus === 'any')) {
    throw invalidLifecyclePolicy('Rule for tagStatus=ANY must have the lowest priority per storage class');
  }
  const tagged = rules.filter(({ tagStatus }) => tagStatus === 'tagged');
  const sets = tagged.map(({ tags }) => [...new Set(tags.map((tag) => JSON.stringify(tag)))].toSorted().join());
  if (new Set(sets).size < sets.length) {
    throw invalidLifecyclePolicy('Rules must have unique sets of tag prefixes or patterns per storage class.');
  }
}
