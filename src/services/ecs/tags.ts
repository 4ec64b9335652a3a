// Tags: checked against AWS's rules, merged and taken away. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html#tag-restrictions
import { invalidParameter } from './errors.ts';
import type { Tag } from './shapes.ts';

const mostTags = 50;
const longestKey = 128;
const longestValue = 256;
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of a request. Throws InvalidParameterException where one breaks a rule or a key is given twice. */
export function checkedTags(tags: readonly { key?: string; value?: string }[] | undefined): Tag[] {
  const checked = (tags ?? []).map(({ key = '', value = '' }) => {
    if (key === '' || key.length > longestKey || !allowed.test(key)) {
      throw invalidParameter(
        `Tag key '${key}' must have 1 to ${longestKey} letters, digits, spaces and _ . : / = + - @.`,
      );
    }
    if (value.length > longestValue || !allowed.test(value)) {
      throw invalidParameter(
        `The value of tag '${key}' must have up to ${longestValue} letters, digits, spaces and _ . : / = + - @.`,
      );
    }
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidParameter(`Tag key '${key}' is reserved: 'aws:' is a prefix of tags that AWS sets.`);
    }
    return { key, value };
  });
  if (new Set(checked.map(({ key }) => key)).size < checked.length) {
    throw invalidParameter('Duplicate tag keys found. Please note that Tag keys are case sensitive.');
  }
  return withinLimit(checked);
}

/** `tags` with `added` in it: new keys come last, others keep their place. */
export function mergedTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map(tags.map(({ key, value }) => [key, value]));
  for (const { key, value } of added) merged.set(key, value);
  return withinLimit(Array.from(merged, ([key, value]) => ({ key, value })));
}

export function withoutTags(tags: readonly Tag[], keys: readonly string[]): Tag[] {
  return tags.filter(({ key }) => !keys.includes(key));
}

function withinLimit(tags: Tag[]): Tag[] {
  const own = tags.filter(({ key }) => !key.startsWith('aws:'));
  if (own.length > mostTags)
    throw invalidParameter(`The number of tags exceeds the limit of ${mostTags} tags per resource.`);
  return tags;
}
