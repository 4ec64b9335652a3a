// EC2's Filters parameter: which resources a Describe call gives. Pure.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
import { invalidFilter } from './errors.ts';

/** A filter as requests carry it: any of its values may match; `*` and `?` are wildcards. */
interface Filter {
  readonly Name?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** What each supported filter name looks at. */
export type FilterFields<T> = Readonly<Record<string, (item: T) => string | readonly string[]>>;

/** Filters by tags: nothing here can carry any yet, so they match nothing. */
const byTag = /^tag:.|^tag-key$|^tag-value$/;

/** The items that every filter matches. Throws InvalidParameterValue for a name that is not in `fields`. */
export function filterBy<T>(items: readonly T[], filters: readonly Filter[] | undefined, fields: FilterFields<T>): T[] {
  const tests = (filters ?? []).map((filter) => {
    if (byTag.test(filter.Name ?? '')) return () => false;
    const field = Object.hasOwn(fields, filter.Name ?? '') ? fields[filter.Name!]! : undefined;
    if (!field) throw invalidFilter(filter.Name ?? '');
    const patterns = (filter.Values ?? []).map(toPattern);
    return (item: T) => [field(item)].flat().some((value) => patterns.some((pattern) => pattern.test(value)));
  });
  return items.filter((item) => tests.every((matches) => matches(item)));
}

function toPattern(value: string): RegExp {
  const source = value
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
