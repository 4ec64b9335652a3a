// Which members of a request are supported: finds the first one that an operation's mask leaves out. Pure.
import { AwsError } from '#kernel/error.ts';

/** A mask with its types worn off: see `Mask` in service.ts. */
type PlainMask = true | { readonly [member: string]: PlainMask | undefined };

/**
 * The path of the first member of `input` that `mask` does not accept, e.g. `containerDefinitions[0].firelensConfiguration`;
 * undefined where all are accepted. Absent members, empty lists and empty objects ask for nothing and are passed over.
 */
export function unsupportedMember(mask: unknown, input: unknown, path = ''): string | undefined {
  return search(mask as PlainMask, input, path);
}

function search(mask: PlainMask, value: unknown, path: string): string | undefined {
  if (mask === true || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    return firstOf(value.entries(), ([index, element]) => search(mask, element, `${path}[${index}]`));
  }
  return firstOf(Object.entries(value), ([member, content]) => {
    if (asksForNothing(content)) return undefined;
    const memberPath = path === '' ? member : `${path}.${member}`;
    const inner = Object.hasOwn(mask, member) ? mask[member] : undefined;
    return inner === undefined ? memberPath : search(inner, content, memberPath);
  });
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

/** The error for a member that Berth does not support, under the service's own code for bad requests. */
export function unsupportedMemberError(code: string, operation: string, path: string): AwsError {
  return new AwsError(
    code,
    `Berth does not support the member '${path}' of ${operation}. docs/coverage.md lists what is supported.`,
  );
}
