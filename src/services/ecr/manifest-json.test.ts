// What of a manifest's JSON is taken apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseManifestJson } from './manifest-json.ts';

const nested = (levels: number) => Buffer.from(`${'['.repeat(levels)}${']'.repeat(levels)}`);

test('it is parsed as JSON is, whatever its strings say', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(parseManifestJson(Buffer.from(text)), JSON.parse(text));
    }),
  );
  const braces = JSON.stringify({ a: '[{'.repeat(500), 'b\\': '"['.repeat(500) });
  assert.deepEqual(parseManifestJson(Buffer.from(braces)), JSON.parse(braces));
});

test('many neighbours are no depth', () => {
  assert.equal((parseManifestJson(Buffer.from(`[${'[],'.repeat(1000)}[]]`)) as unknown[]).length, 1001);
});

test('what nests deeper than any manifest is refused before it is taken apart', () => {
  assert.ok(parseManifestJson(nested(100)));
  assert.throws(() => parseManifestJson(nested(101)), /at most 100 levels/);
  assert.throws(() => parseManifestJson(nested(2_000_000)), /at most 100 levels/);
});

for (const text of ['', '{', 'nul', '[1,]', '"\\', ']]]]']) {
  test(`${text || 'nothing'} is no JSON`, () => {
    assert.throws(() => parseManifestJson(Buffer.from(text)), SyntaxError);
  });
}

test('bytes that are no UTF-8 are refused', () => {
  assert.throws(() => parseManifestJson(Buffer.from([0x22, 0xff, 0x22])), TypeError);
});
