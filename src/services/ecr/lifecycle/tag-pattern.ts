// Which tags a lifecycle rule's prefixes and patterns mean. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html#lp_tag_pattern_list

/** What a tag must look like. */
export type TagRequirement = { readonly prefix: string } | { readonly pattern: string };

/** Whether a tag begins with the prefix, or is what the pattern (`*` stands for any text, also none) describes. */
export function satisfies(requirement: TagRequirement, tag: string): boolean {
  return 'prefix' in requirement ? tag.startsWith(requirement.prefix) : matches(requirement.pattern, tag);
}

/** Takes each part at its first place: linear, where a regular expression could try every combination. */
function matches(pattern: string, tag: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return tag === first;
  if (!tag.startsWith(first) || !tag.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = tag.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= tag.length - last.length;
}
