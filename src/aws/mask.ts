// Which members of a request are supported: finds the first one that an operation's mask leaves out. Pure.
import { AwsError } from '#kernel/error.ts';

/** A mask with its types worn off: see `Mask` in service.ts. */
type PlainMask = true | { readonly [member: string]: PlainMask | undefined };

/**
 * The path of the first member of `input` that `mask` does not accept, e.g. `containerDefinitions[0].firelensConfiguration`;
 * undefined where all are accepted. Absent members, empty lists and empty objects ask for nothing and are passed over.
 */
export function unsupportedMember(mask: unknown, input: unknown): string | undefined {
  const found = search(mask as PlainMask, input);
  return found?.startsWith('.') ? found.slice(1) : found;
}

/** The path from `value` on down; it is put together on the way back, so that nothing is where all is accepted. */
function search(mask: PlainMask, value: unknown): string | undefined {
  if (mask === true || typeof value !== 'object' || value === null) return undefined;
  return Array.isArray(value) ? searchList(mask, value) : searchMembers(mask, value as Record<string, unknown>);
}

function searchList(mask: PlainMask, list: readonly unknown[]): string | undefined {
  for (let index = 0; index < list.length; index++) {
    const found = search(mask, list[index]);
    if (found !== undefined) return `[${index}]${found}`;
  }
  return undefined;
}

function searchMembers(mask: Exclude<PlainMask, true>, value: Readonly<Record<string, unknown>>): string | undefined {
  for (const member in value) {
    const inner = Object.hasOwn(mask, member) ? mask[member] : undefined;
    if (inner === true || asksForNothing(value[member])) continue;
    if (inner === undefined) return `.${member}`;
    const found = search(inner, value[member]);
    if (found !== undefined) return `.${member}${found}`;
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
