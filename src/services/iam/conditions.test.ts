// Condition operators, by AWS's tables and examples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds, readCondition } from './conditions.ts';

type Given = string | readonly string[] | undefined;

function met(operator: string, wanted: string | readonly string[], given: Given): boolean {
  const condition = readCondition(operator, 'aws:Key', [wanted].flat(), true);
  assert.ok(condition, `${operator} takes ${String(wanted)}`);
  const values = given === undefined ? undefined : [given].flat();
  return holds(condition, (name) => (name === 'aws:key' ? values : name === 'aws:other' ? ['Other'] : undefined));
}

const cases: readonly [operator: string, wanted: string | readonly string[], given: Given, expected: boolean][] = [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', ['a', 'b'], 'b', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', '${aws:other}', 'Other', true],
  ['StringEquals', 'a', undefined, false],
  ['StringNotEquals', 'a', 'b', true],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', 'a', undefined, true],
  ['StringEqualsIgnoreCase', 'Ab', 'aB', true],
  ['StringEqualsIgnoreCase', '${aws:other}', 'OTHER', true],
  ['StringNotEqualsIgnoreCase', 'Ab', 'aB', false],
  ['StringLike', 'a*c', 'abc', true],
  ['StringLike', 'a*c', 'ABC', false],
  ['StringNotLike', 'a*c', 'abc', false],
  ['StringNotLike', 'a*c', undefined, true],
  ['StringLikeIfExists', 'a*c', undefined, true],
  ['StringLikeIfExists', 'a*c', 'x', false],
  ['NumericEquals', '10', '10.0', true],
  ['NumericEquals', '10', 'ten', false],
  ['NumericNotEquals', '10', '11', true],
  ['NumericNotEquals', '10', undefined, true],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericGreaterThan', '-1.5', '-1', true],
  ['NumericGreaterThanEquals', '10', '9', false],
  ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', true],
  ['DateEquals', '1767225600', '2026-01-01T00:00:00Z', true],
  ['DateLessThan', '2026-01-01', '2025-12-31T23:59:59Z', true],
  ['DateLessThanEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', true],
  ['DateGreaterThan', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', false],
  ['DateGreaterThanEquals', '2026-01-01T00:00:00Z', '1767225600', true],
  ['DateNotEquals', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', true],
  ['Bool', 'true', 'True', true],
  ['Bool', 'false', 'true', false],
  ['Bool', 'false', undefined, false],
  ['BoolIfExists', 'false', undefined, true],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
  ['BinaryEquals', 'QmluYXJ5', 'qmluYXJ5', false],
  ['IpAddress', '203.0.113.0/24', '203.0.113.7', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.7', false],
  ['IpAddress', '203.0.113.7', '::ffff:203.0.113.7', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678:9::1', true],
  ['IpAddress', '2001:DB8::/32', '203.0.113.7', false],
  ['IpAddress', '0.0.0.0/0', 'no address', false],
  ['NotIpAddress', ['203.0.113.0/24', '2001:DB8::/32'], '2001:db8::1', false],
  ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
  ['ArnEquals', 'arn:aws:sns:*:123456789012:t*', 'arn:aws:sns:eu-west-1:123456789012:topic', true],
  ['ArnLike', 'arn:aws:sns:*:123456789012:t*', 'arn:aws:sns:eu-west-1:210987654321:topic', false],
  ['ArnNotLike', 'arn:aws:sns:*:123456789012:t*', 'arn:aws:sns:eu-west-1:210987654321:topic', true],
  ['ArnNotEquals', 'arn:aws:sns:*:123456789012:t*', undefined, true],
  ['Null', 'true', undefined, true],
  ['Null', 'true', [], true],
  ['Null', 'true', 'x', false],
  ['Null', 'false', 'x', true],
  ['Null', 'false', undefined, false],
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
  ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringEquals', ['a', 'b'], undefined, true],
  ['ForAllValues:StringEquals', ['a', 'b'], '', true],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'd'], true],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'a'], false],
  ['ForAllValues:StringLike', 'team-*', ['team-a', 'team-b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], undefined, false],
  ['ForAnyValue:StringEquals', 'a', '', false],
  ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'c'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
  ['ForAnyValue:ArnLike', 'arn:aws:iam::*:role/x', ['arn:aws:iam::123456789012:role/x'], true],
  ['StringEquals', 'a', ['a', 'b'], true],
  ['StringNotEquals', 'a', ['a', 'b'], false],
];
for (const [operator, wanted, given, expected] of cases) {
  test(`${operator} ${JSON.stringify(wanted)} is ${expected} of ${JSON.stringify(given) ?? 'a missing key'}`, () => {
    assert.equal(met(operator, wanted, given), expected);
  });
}

const refused: readonly [operator: string, value: string][] = [
  ['StringMatches', 'a'],
  ['stringequals', 'a'],
  ['ForSomeValues:StringEquals', 'a'],
  ['NullIfExists', 'true'],
  ['ForAllValues:Null', 'true'],
  ['Null', 'yes'],
  ['NumericEquals', 'ten'],
  ['DateEquals', 'yesterday'],
  ['Bool', '1'],
  ['BinaryEquals', '***'],
  ['IpAddress', '203.0.113.0/33'],
  ['IpAddress', '203.0.113'],
  ['toString', 'a'],
  ['', 'a'],
];
for (const [operator, value] of refused) {
  test(`there is no condition ${operator || 'without an operator'} with ${value}`, () => {
    assert.equal(readCondition(operator, 'aws:Key', [value], true), undefined);
  });
}
