// Which tags may move.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TagMutability } from './kinds.ts';
import { isTagImmutable, readMutability } from './tag-mutability.ts';

const wildcard = (filter: string) => ({ filterType: 'WILDCARD', filter });

test('a tag is immutable by the setting, except where a filter exempts it', () => {
  const cases: [TagMutability, string[], string, boolean][] = [
    ['MUTABLE', [], 'v1', false],
    ['IMMUTABLE', [], 'v1', true],
    ['IMMUTABLE_WITH_EXCLUSION', ['dev-*', 'latest'], 'dev-1', false],
    ['IMMUTABLE_WITH_EXCLUSION', ['dev-*', 'latest'], 'latest', false],
    ['IMMUTABLE_WITH_EXCLUSION', ['dev-*'], 'v1', true],
    ['MUTABLE_WITH_EXCLUSION', ['v*.0'], 'v1.0', true],
    ['MUTABLE_WITH_EXCLUSION', ['v*.0'], 'v1x0', false],
  ];
  for (const [imageTagMutability, exclusionFilters, tag, expected] of cases) {
    assert.equal(
      isTagImmutable({ imageTagMutability, exclusionFilters }, tag),
      expected,
      `${imageTagMutability} ${tag}`,
    );
  }
});

test('filters come with a setting that has exclusions, and only then', () => {
  assert.deepEqual(readMutability(), { imageTagMutability: 'MUTABLE', exclusionFilters: [] });
  assert.deepEqual(readMutability('IMMUTABLE_WITH_EXCLUSION', [wildcard('dev*')]).exclusionFilters, ['dev*']);
  const code = { code: 'InvalidParameterException' };
  assert.throws(() => readMutability('FROZEN' as TagMutability), {
    ...code,
    message:
      "Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum value set: " +
      "[IMMUTABLE_WITH_EXCLUSION, IMMUTABLE, MUTABLE_WITH_EXCLUSION, MUTABLE]'",
  });
  assert.throws(() => readMutability('IMMUTABLE', [wildcard('a')]), code);
  assert.throws(() => readMutability('IMMUTABLE_WITH_EXCLUSION', []), code);
  assert.throws(() => readMutability('IMMUTABLE_WITH_EXCLUSION', [wildcard('a*b*c*')]), code);
  assert.throws(() => readMutability('IMMUTABLE_WITH_EXCLUSION', [wildcard('a/b')]), code);
  assert.throws(() => readMutability('IMMUTABLE_WITH_EXCLUSION', [{ filterType: 'REGEX', filter: 'a' }]), code);
  assert.throws(() => readMutability('IMMUTABLE_WITH_EXCLUSION', Array(6).fill(wildcard('a'))), code);
});
