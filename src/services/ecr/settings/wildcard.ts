// Whether a repository's name matches a filter of the scanning configuration. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html

/**
 * A filter without `*` matches every name that contains it; otherwise each `*` stands for any characters, also none.
 * One pass over both from the left: the work stays small however many wildcards there are.
 */
export function matchesWildcard(filter: string, name: string): boolean {
  const parts = filter.split('*');
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return name.includes(filter);
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
