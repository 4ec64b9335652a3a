// Types and members of a JSON document, refused in the words of the JSON schema validator that AWS uses. Pure.
// https://github.com/java-json-tools/json-schema-validator (the messages of its keywords)
import { invalidLifecyclePolicy } from './errors.ts';

type Members<R extends string, O extends string> = { readonly [K in R]: unknown } & { readonly [K in O]?: unknown };

/** An object that has all the required members and none but these and the optional ones. */
export function requireObject<const R extends string, const O extends string = never>(
  value: unknown,
  required: readonly R[],
  optional: readonly O[] = [],
): Members<R, O> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'object');
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  if (missing.length > 0) throw invalidLifecyclePolicy(`object has missing required properties (${listed(missing)})`);
  const known = new Set<string>([...required, ...optional]);
  const unknown = Object.keys(value).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw invalidLifecyclePolicy(
      `object instance has properties which are not allowed by the schema: ${listed(unknown)}`,
    );
  }
  return value as Members<R, O>;
}

export function requireArray(value: unknown, fewest: number, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, 'array');
  const has = `but instance has ${value.length} elements`;
  if (value.length < fewest) {
    throw invalidLifecyclePolicy(`array is too short: must have at least ${fewest} elements ${has}`);
  }
  if (value.length > most) throw invalidLifecyclePolicy(`array is too long: must have at most ${most} elements ${has}`);
  return value;
}

export function requireString(value: unknown): string {
  if (typeof value !== 'string') throw wrongType(value, 'string');
  return value;
}

/** At least one string, none of them empty. */
export function requireStrings(value: unknown): string[] {
  return requireArray(value, 1, Infinity).map((item) => {
    const text = requireString(item);
    if (text === '') throw invalidLifecyclePolicy('string "" is too short (length: 0, required minimum: 1)');
    return text;
  });
}

export function requireInteger(value: unknown, minimum: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrongType(value, 'integer');
  if (value >= minimum) return value;
  throw invalidLifecyclePolicy(
    `numeric instance is lower than the required minimum (minimum: ${minimum}, found: ${value})`,
  );
}

/** `members` are in the order in which they are to be told. */
export function requireMember<const M extends string>(value: unknown, members: readonly M[]): M {
  const found = members.find((member) => member === value);
  if (found !== undefined) return found;
  throw invalidLifecyclePolicy(
    `instance value (${JSON.stringify(value)}) not found in enum (possible values: ${listed(members)})`,
  );
}

function wrongType(value: unknown, allowed: string) {
  return invalidLifecyclePolicy(
    `instance type (${typeOf(value)}) does not match any allowed primitive type (allowed: ["${allowed}"])`,
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function listed(names: readonly string[]): string {
  return JSON.stringify(names.toSorted());
}
