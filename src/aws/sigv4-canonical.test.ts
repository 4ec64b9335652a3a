// Canonical paths, queries and header values in the corner cases of SigV4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalPath, canonicalQuery, canonicalS3Path, foldWhitespace } from './sigv4-canonical.ts';

test("whitespace in a header's value is folded, but bytes of UTF-8 are not taken for it", () => {
  for (const [sent, folded] of [
    ['', ''],
    ['a b', 'a b'],
    [' \ta \t b\r\n c ', 'a b c'],
    ['"a   b"', '"a b"'],
    ['\u00c2\u00a0', '\u00c2\u00a0'],
  ] as const) {
    assert.equal(foldWhitespace(sent), folded, JSON.stringify(sent));
  }
});

test('a query is ordered by key, then value, and encoded one way only', () => {
  for (const [sent, canonical] of [
    ['', ''],
    ['b&a', 'a=&b='],
    ['a-b=1&a=2', 'a=2&a-b=1'],
    ['a=2&a=10&a=1', 'a=1&a=10&a=2'],
    ['a=b+c', 'a=b%20c'],
    ['k=%7e%2f/=&', 'k=~%2F%2F%3D'],
    ['k=%zz%', 'k=%25zz%25'],
    ['k=\u00e9', 'k=%E9'],
  ] as const) {
    assert.equal(canonicalQuery(sent), canonical, sent);
  }
});

test('S3 paths are encoded once and never normalised, others are normalised and encoded twice', () => {
  for (const [sent, s3Path, otherPath] of [
    ['/', '/', '/'],
    ['', '', '/'],
    ['/a//b/../c/', '/a//b/../c/', '/a/c/'],
    ['/a%20b', '/a%20b', '/a%2520b'],
    ['/a%2fb(c)', '/a%2Fb%28c%29', '/a%252fb%28c%29'],
    ['/../..', '/../..', '/'],
  ] as const) {
    assert.equal(canonicalS3Path(sent), s3Path, sent);
    assert.equal(canonicalPath(sent), otherPath, sent);
  }
});
