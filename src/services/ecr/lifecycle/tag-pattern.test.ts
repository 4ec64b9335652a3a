// Prefixes and patterns of tags.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { satisfies } from './tag-pattern.ts';

test('patterns mean what the user guide says', () => {
  const cases: readonly (readonly [pattern: string, tag: string, is: boolean])[] = [
    ['prod*', 'prod', true],
    ['prod*', 'prod1', true],
    ['prod*', 'production-team1', true],
    ['prod*', 'repo-production', false],
    ['*prod*', 'repo-production', true],
    ['*prod*', 'prod-team', true],
    ['prod', 'prod1', false],
    ['prod', 'prod', true],
    ['*', 'anything', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['v*.*', 'v1.2', true],
    ['v*.*', 'v12', false],
    ['*-sha-*', 'main-sha-1f', true],
  ];
  for (const [pattern, tag, is] of cases) assert.equal(satisfies({ pattern }, tag), is, `${pattern} ${tag}`);
});

test('a prefix takes a star as it is', () => {
  assert.equal(satisfies({ prefix: 'prod' }, 'prod1'), true);
  assert.equal(satisfies({ prefix: 'prod' }, 'my-prod'), false);
  assert.equal(satisfies({ prefix: 'p*' }, 'prod'), false);
});

test('patterns agree with the regular expression that they stand for', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 7 });
  const tags = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 });
  fc.assert(
    fc.property(letters, tags, (pattern, tag) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      assert.equal(satisfies({ pattern }, tag), expression.test(tag));
    }),
  );
});
