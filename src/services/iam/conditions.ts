// The condition operators of the policy language.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import { BlockList, isIP } from 'node:net';
import type { ConditionKeys } from './condition-keys.ts';
import { fillIn, matches, matchesArn, readTemplate, type Pattern, type Reading, type Template } from './wildcards.ts';

/** One key under one operator: what a request's values of the key are compared with. */
export interface Condition {
  readonly operator: string;
  readonly quantifier?: Quantifier;
  readonly ifExists: boolean;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly Wanted[];
}

/** How the values of a key that may have several are taken. */
export type Quantifier = 'ForAllValues' | 'ForAnyValue';

interface Wanted {
  readonly text: string;
  /** Of operators that know variables: strings and ARNs. */
  readonly template?: Template;
}

interface Operator {
  /** Holds where none of the wanted values is met, and where the request does not have the key. */
  readonly negated?: true;
  readonly reading?: Reading;
  readonly foldsCase?: true;
  /** Says whether a wanted value makes sense; a policy with one that does not is malformed. */
  readonly accepts?: (text: string) => boolean;
  readonly meets: (value: string, wanted: string, pattern: Pattern) => boolean;
}

const exact = { reading: 'exact', meets: (value, _, pattern) => matches(pattern, value) } satisfies Operator;
const folded = { ...exact, foldsCase: true } satisfies Operator;
const wild = { ...exact, reading: 'wild' } satisfies Operator;
const arn = { reading: 'wild', meets: (value, _, pattern) => matchesArn(pattern, value) } satisfies Operator;
const address = { accepts: (text) => blockOf(text) !== undefined, meets: isWithin } satisfies Operator;

const comparisons = {
  Equals: (a: number, b: number) => a === b,
  LessThan: (a: number, b: number) => a < b,
  LessThanEquals: (a: number, b: number) => a <= b,
  GreaterThan: (a: number, b: number) => a > b,
  GreaterThanEquals: (a: number, b: number) => a >= b,
};

/** Every operator but Null, which asks for the key and not for its values. */
const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', exact],
  ['StringNotEquals', { ...exact, negated: true }],
  ['StringEqualsIgnoreCase', folded],
  ['StringNotEqualsIgnoreCase', { ...folded, negated: true }],
  ['StringLike', wild],
  ['StringNotLike', { ...wild, negated: true }],
  ...ordered('Numeric', numberOf),
  ...ordered('Date', timeOf),
  ['Bool', { accepts: (text) => /^(true|false)$/i.test(text), meets: sameBoolean }],
  ['BinaryEquals', { accepts: isBase64, meets: (value, wanted) => value === wanted }],
  ['IpAddress', address],
  ['NotIpAddress', { ...address, negated: true }],
  ['ArnEquals', arn],
  ['ArnLike', arn],
  ['ArnNotEquals', { ...arn, negated: true }],
  ['ArnNotLike', { ...arn, negated: true }],
]);

function ordered(family: string, read: (text: string) => number): [string, Operator][] {
  const accepts = (text: string) => !Number.isNaN(read(text));
  const positive = Object.entries(comparisons).map(([name, compare]): [string, Operator] => [
    `${family}${name}`,
    { accepts, meets: (value, wanted) => compare(read(value), read(wanted)) },
  ]);
  const [, equals] = positive[0]!;
  return [...positive, [`${family}NotEquals`, { ...equals, negated: true }]];
}

/**
 * Reads the condition that an operator's name (`ForAnyValue:StringLikeIfExists`) and values make of a key; undefined where
 * there is no such operator, or where it cannot compare with such a value.
 */
export function readCondition(
  operatorName: string,
  key: string,
  values: readonly string[],
  interpolates: boolean,
): Condition | undefined {
  const [, quantifier, operator = '', suffix] =
    /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operatorName) ?? [];
  const ifExists = suffix !== undefined;
  const common = { operator, ifExists, key: key.toLowerCase() };
  if (operator === 'Null') {
    const isSound = !ifExists && quantifier === undefined && values.every((value) => /^(true|false)$/i.test(value));
    return isSound ? { ...common, values: values.map((text) => ({ text })) } : undefined;
  }
  const known = operators.get(operator);
  if (known === undefined || !values.every((value) => known.accepts?.(value) ?? true)) return undefined;
  const { reading, foldsCase } = known;
  return {
    ...common,
    ...(quantifier === undefined ? {} : { quantifier: quantifier as Quantifier }),
    values: values.map((value) => {
      const text = foldsCase ? value.toLowerCase() : value;
      return reading === undefined ? { text } : { text, template: readTemplate(text, reading, interpolates) };
    }),
  };
}

/** Whether a request's keys are as the condition wants them. */
export function holds(condition: Condition, keys: ConditionKeys): boolean {
  const values = keys(condition.key) ?? [];
  if (condition.operator === 'Null') {
    return condition.values.some(({ text }) => (text.toLowerCase() === 'true') === (values.length === 0));
  }
  const operator = operators.get(condition.operator)!;
  const passes = (value: string) => isMet(operator, condition, value, keys) !== (operator.negated ?? false);
  switch (condition.quantifier) {
    case undefined:
      if (values.length === 0) return condition.ifExists || (operator.negated ?? false);
      // Values are not taken one by one: a negated operator wants that none of them is met.
      return operator.negated ? values.every(passes) : values.some(passes);
    case 'ForAllValues':
      return present(values).every(passes);
    case 'ForAnyValue':
      return present(values).length === 0 ? condition.ifExists : present(values).some(passes);
  }
}

/** "or if the context key value resolves to a null dataset, such as an empty string": no value at all. */
function present(values: readonly string[]): readonly string[] {
  return values.filter((value) => value !== '');
}

function isMet(operator: Operator, { values }: Condition, value: string, keys: ConditionKeys): boolean {
  const given = operator.foldsCase ? value.toLowerCase() : value;
  return values.some(({ text, template }) => {
    if (template === undefined) return operator.meets(given, text, []);
    const pattern = fillIn(template, keys);
    return pattern !== undefined && operator.meets(given, text, operator.foldsCase ? folding(pattern) : pattern);
  });
}

/** What a request filled in has its own case still. */
function folding(pattern: Pattern): Pattern {
  return Array.from(String.fromCharCode(...pattern).toLowerCase(), (character) => character.charCodeAt(0));
}

/** NaN where the text is no decimal number; a comparison with it is false. */
function numberOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

/** Milliseconds since the epoch of a W3C date or of seconds since the epoch; NaN where the text is neither. */
function timeOf(text: string): number {
  if (/^-?\d{5,}$/.test(text)) return Number(text) * 1000;
  const isDate = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/.test(text);
  return isDate ? Date.parse(text) : Number.NaN;
}

function sameBoolean(value: string, wanted: string): boolean {
  return value.toLowerCase() === wanted.toLowerCase();
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
}

/** An address or a range of addresses, IPv4 or IPv6. */
function blockOf(text: string): BlockList | undefined {
  const [host = '', length, ...rest] = text.split('/');
  const version = isIP(host);
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (version === 0 || rest.length > 0 || !(prefix <= bits)) return undefined;
  const block = new BlockList();
  block.addSubnet(host, prefix, version === 4 ? 'ipv4' : 'ipv6');
  return block;
}

function isWithin(value: string, wanted: string): boolean {
  // A socket that takes both versions shows IPv4 clients so (RFC 4291, section 2.5.5.2).
  const host = value.replace(/^::ffff:(?=\d+\.)/i, '');
  const version = isIP(host);
  return version !== 0 && (blockOf(wanted)?.check(host, version === 4 ? 'ipv4' : 'ipv6') ?? false);
}
