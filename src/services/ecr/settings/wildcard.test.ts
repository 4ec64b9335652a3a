// Filters of the scanning configuration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, array, constantFrom, property } from 'fast-check';
import { matchesWildcard } from './wildcard.ts';

const cases: readonly [filter: string, name: string, matches: boolean][] = [
  ['*', 'anything', true],
  ['prod', 'prod', true],
  ['prod', 'my-prod/api', true],
  ['prod', 'pro', false],
  ['prod*', 'prod/api', true],
  ['prod*', 'my-prod', false],
  ['*prod', 'my-prod', true],
  ['*prod', 'prod/api', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a/c/b/c', true],
  ['a*b*c', 'a/c', false],
  ['a*bc*c', 'abc', false],
];

test('a filter matches the names that AWS says', () => {
  for (const [filter, name, matches] of cases)
    assert.equal(matchesWildcard(filter, name), matches, `${filter} ${name}`);
});

test('a filter with wildcards matches what its regular expression does', () => {
  const text = (letters: string) => array(constantFrom(...letters), { maxLength: 8 }).map((each) => each.join(''));
  holds(
    property(text('ab*'), text('ab'), (filter, name) => {
      const expected = new RegExp(filter.includes('*') ? `^${filter.replaceAll('*', '.*')}$` : filter).test(name);
      return matchesWildcard(filter, name) === expected;
    }),
  );
});
