// A lifecycle policy as it is written, and the rules that it means. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
import { outOfRange } from '#services/ecr/errors.ts';
import { checkRules } from './check-rules.ts';
import { invalidLifecyclePolicy } from './errors.ts';
import type { LifecycleRule } from './lifecycle-rule.ts';
import {
  requireArray,
  requireInteger,
  requireMember,
  requireObject,
  requireString,
  requireStrings,
} from './policy-shape.ts';
import type { TagRequirement } from './tag-pattern.ts';

const shortest = 100;
const longest = 30_720;
/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, "Rules per lifecycle policy" */
const mostRules = 50;
/** "There is a maximum limit of four wildcards (*) per string." */
const mostWildcards = 4;
/** "You cannot configure lifecycle policies that delete images that have been in archive for less than 90 days." */
const fewestDaysArchived = 90;
const countTypes = ['imageCountMoreThan', 'sinceImagePulled', 'sinceImagePushed', 'sinceImageTransitioned'] as const;

/**
 * The rules of a policy, ordered by priority. Throws InvalidParameterException, in the words of AWS's validator, where
 * the text is not a lifecycle policy.
 */
export function readLifecyclePolicy(text: string): LifecycleRule[] {
  const parameter = 'lifecyclePolicyText';
  if (text.length < shortest) throw outOfRange(parameter, 'length', `greater than or equal to ${shortest}`);
  if (text.length > longest) throw outOfRange(parameter, 'length', `less than or equal to ${longest}`);
  const { rules } = requireObject(parse(text), ['rules']);
  const read = requireArray(rules, 1, mostRules).map(readRule);
  read.sort((one, other) => one.priority - other.priority);
  checkRules(read);
  return read;
}

function parse(text: string): object {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    policy = undefined; // Said below, as of JSON that is no policy.
  }
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    throw invalidLifecyclePolicy('Could not map policyString into LifecyclePolicy.');
  }
  return policy;
}

function readRule(value: unknown): LifecycleRule {
  const rule = requireObject(value, ['action', 'rulePriority', 'selection'], ['description']);
  if (rule.description !== undefined) requireString(rule.description);
  const priority = requireInteger(rule.rulePriority, 1);
  return { priority, ...readSelection(rule.selection), action: readAction(rule.action) };
}

function readAction(value: unknown): LifecycleRule['action'] {
  const action = requireObject(value, ['type'], ['targetStorageClass']);
  const type = requireMember(action.type, ['expire', 'transition']);
  const target = action.targetStorageClass;
  if (type === 'expire') {
    if (target !== undefined) throw noSchema('targetStorageClass goes with the action type transition alone');
    return 'EXPIRE';
  }
  if (target !== 'archive') throw noSchema('the action type transition needs the targetStorageClass archive');
  return 'TRANSITION';
}

function readSelection(value: unknown): Omit<LifecycleRule, 'priority' | 'action'> {
  const required = ['countNumber', 'countType', 'tagStatus'];
  const optional = ['countUnit', 'storageClass', 'tagPatternList', 'tagPrefixList'];
  const selection = requireObject(value, required, optional);
  const tagStatus = requireMember(selection.tagStatus, ['any', 'tagged', 'untagged']);
  const countType = countTypes.find((each) => each === selection.countType);
  if (countType === undefined) throw noSchema(`countType must be one of ${countTypes.join(', ')}`);
  const archived = countType === 'sinceImageTransitioned';
  const countNumber = requireInteger(selection.countNumber, archived ? fewestDaysArchived : 1);
  const unit = countType === 'imageCountMoreThan' ? undefined : 'days';
  if (selection.countUnit !== unit) {
    throw noSchema(unit === undefined ? `${countType} takes no countUnit` : `${countType} needs the countUnit days`);
  }
  const { storageClass = archived ? undefined : 'standard' } = selection;
  if (storageClass !== (archived ? 'archive' : 'standard')) {
    throw noSchema(archived ? `${countType} needs the storageClass archive` : `${countType} selects standard images`);
  }
  const tags = readTags(selection);
  return { tagStatus, tags, storageClass: archived ? 'ARCHIVE' : 'STANDARD', countType, countNumber };
}

function readTags(selection: Readonly<Record<string, unknown>>): TagRequirement[] {
  const { tagStatus, tagPrefixList, tagPatternList } = selection;
  if (tagStatus !== 'tagged') {
    if (tagPrefixList === undefined && tagPatternList === undefined) return [];
    throw invalidLifecyclePolicy('Can only specify tagPrefixList or tagPatternList when tagStatus=TAGGED.');
  }
  if (tagPrefixList !== undefined && tagPatternList !== undefined) {
    throw invalidLifecyclePolicy('Can only specify one of tagPrefixList or tagPatternList in a rule.');
  }
  if (tagPrefixList !== undefined) return requireStrings(tagPrefixList).map((prefix) => ({ prefix }));
  if (tagPatternList === undefined) {
    throw invalidLifecyclePolicy('Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.');
  }
  return requireStrings(tagPatternList).map((pattern) => {
    if (pattern.split('*').length - 1 <= mostWildcards) return { pattern };
    throw invalidLifecyclePolicy(`There is a maximum limit of four wildcards (*) per string, found "${pattern}"`);
  });
}

/** AWS's schema has alternatives, and its validator only says that none fits; the hint is ours. */
function noSchema(hint: string) {
  return invalidLifecyclePolicy(`instance failed to match exactly one schema (matched 0 out of 2): ${hint}`);
}
