// Patterns: what wildcards and variables match, and that no pattern is slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillIn, matches, matchesArn, readTemplate, type Reading } from './wildcards.ts';

const keysOf = (keys: Readonly<Record<string, readonly string[]>>) => (name: string) => keys[name];
const none = keysOf({});

function match(pattern: string, text: string, reading: Reading = 'wild', keys = none): boolean {
  const filled = fillIn(readTemplate(pattern, reading, true), keys);
  return filled !== undefined && matches(filled, text);
}

const wild: readonly [pattern: string, text: string, expected: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['a', 'a', true],
  ['a', 'A', false],
  ['*', '', true],
  ['*', 'anything:at/all', true],
  ['a*', 'a', true],
  ['a*', 'ba', false],
  ['*a', 'bca', true],
  ['a*c', 'abbc', true],
  ['a*c', 'abbcd', false],
  ['a*b*c', 'aXbYbZc', true],
  ['?', '', false],
  ['?', 'ab', false],
  ['a?c', 'abc', true],
  ['a?*', 'a', false],
  ['*?', 'a', true],
  ['**', '', true],
  ['ecs:Describe*', 'ecs:DescribeTasks', true],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
];
for (const [pattern, text, expected] of wild) {
  test(`${pattern || 'nothing'} ${expected ? 'matches' : 'does not match'} ${text || 'nothing'}`, () => {
    assert.equal(match(pattern, text), expected);
  });
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards
const bucket = 'arn:aws:s3:::amzn-s3-demo-bucket';
const resources: readonly [pattern: string, text: string, expected: boolean][] = [
  ['arn:aws:iam::123456789012:user/accounting/*', 'arn:aws:iam::123456789012:user/accounting/eve', true],
  [`${bucket}/*/test/*`, `${bucket}/1/2/test/3/object.jpg`, true],
  [`${bucket}/*/test/*`, `${bucket}//test/object.jpg`, true],
  [`${bucket}/*/test/*`, `${bucket}/1-test/object.jpg`, false],
  [`${bucket}/*/test/*`, `${bucket}/test/object.jpg`, false],
  [`${bucket}/*/test/*`, `${bucket}/1/2/test.jpg`, false],
  [`${bucket}/????????/*`, `${bucket}/20200101/x`, true],
  // "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon boundaries."
  ['arn:aws:ecr:*', 'arn:aws:ecr:us-east-1:123456789012:repository/app', true],
  ['arn:aws:ecr:us-*:repository/app', 'arn:aws:ecr:us-east-1:123456789012:repository/app', true],
  ['arn:aws:ecr:us-*-1:123456789012:repository/app', 'arn:aws:ecr:us-east-1:123456789012:repository/app', true],
  ['arn:aws:ecr:u*1:123456789012:repository/app', 'arn:aws:ecr:us-west-2:1:123456789012:repository/app', false],
  ['arn:aws:logs:r:1:log-group:/a*z:*', 'arn:aws:logs:r:1:log-group:/a:b:z:stream', true],
  ['*', 'arn:aws:ecr:us-east-1:123456789012:repository/app', true],
  ['arn:aws:ecr:us-east-1:123456789012:repository/App', 'arn:aws:ecr:us-east-1:123456789012:repository/app', false],
];
for (const [pattern, text, expected] of resources) {
  test(`as a resource, ${pattern} ${expected ? 'is' : 'is not'} ${text}`, () => {
    assert.equal(match(pattern, text, 'resource'), expected);
  });
}

const arns: readonly [pattern: string, text: string, expected: boolean][] = [
  ['arn:aws:iam::123456789012:role/*', 'arn:aws:iam::123456789012:role/path/name', true],
  ['arn:aws:iam::123456789012:role/*', 'arn:aws:iam::210987654321:role/name', false],
  ['arn:*:iam::*:root', 'arn:aws:iam::123456789012:root', true],
  ['arn:aws:sns:*:x', 'arn:aws:sns:us-east-1:1:x', true],
  ['arn:aws:sns:*:1:x', 'arn:aws:sns:us-east-1:2:1:x', false],
  ['arn:aws:sns:r:1:x', 'no arn', false],
  ['*', 'arn:aws:sns:r:1:x', true],
];
for (const [pattern, text, expected] of arns) {
  test(`as an ARN, ${pattern} ${expected ? 'is' : 'is not'} ${text}`, () => {
    assert.equal(matchesArn(fillIn(readTemplate(pattern, 'wild', true), none)!, text), expected);
  });
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
test('variables stand for the request’s values, by names without case', () => {
  const keys = keysOf({ 'aws:username': ['johndoe'], 'aws:principaltag/team': ['yellow'] });
  assert.ok(match(`${bucket}/\${aws:username}/*`, `${bucket}/johndoe/a/b`, 'resource', keys));
  assert.ok(match(`${bucket}/\${AWS:UserName}/*`, `${bucket}/johndoe/a`, 'resource', keys));
  assert.ok(!match(`${bucket}/\${aws:username}/*`, `${bucket}/janedoe/a`, 'resource', keys));
  assert.ok(match('${aws:PrincipalTag/team}', 'yellow', 'exact', keys));
});

test('a default stands where the request has no value', () => {
  assert.ok(match("${aws:PrincipalTag/team, 'company-wide'}", 'company-wide'));
  assert.ok(!match('${aws:PrincipalTag/team}', ''));
  assert.ok(!match('*${aws:PrincipalTag/team}*', 'anything'));
  assert.ok(!match('${aws:TagKeys}', 'a', 'wild', keysOf({ 'aws:tagkeys': ['a', 'b'] })), 'no single value');
});

test('a wildcard in a request’s value is no wildcard, and one can be written as itself', () => {
  const keys = keysOf({ 'aws:username': ['*'] });
  assert.ok(!match('home/${aws:username}', 'home/eve', 'wild', keys));
  assert.ok(match('home/${aws:username}', 'home/*', 'wild', keys));
  assert.ok(match('a${*}c', 'a*c'));
  assert.ok(!match('a${*}c', 'abc'));
  assert.ok(match('${?}${$}', '?$'));
});

test('before version 2012-10-17 variables are texts', () => {
  const pattern = fillIn(readTemplate('${aws:username}', 'wild', false), keysOf({ 'aws:username': ['eve'] }))!;
  assert.ok(matches(pattern, '${aws:username}'));
  assert.ok(!matches(pattern, 'eve'));
});

test('wildcards match as the regular expression that says the same', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 8 });
  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
      assert.equal(match(pattern, text), expression.test(text));
    }),
    { numRuns: 1000 },
  );
});

test('a pattern made to be slow is not', () => {
  const start = performance.now();
  assert.equal(match('*a'.repeat(500), `${'a'.repeat(2000)}b`), false);
  assert.equal(match(`${'*a'.repeat(500)}*`, 'a'.repeat(2000)), true);
  assert.equal(match(`\${${' '.repeat(100_000)},x}`, 'x'), false);
  assert.ok(performance.now() - start < 2000);
});
