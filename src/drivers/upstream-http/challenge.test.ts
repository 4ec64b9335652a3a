// Challenges as registries send them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bearerChallenge } from './challenge.ts';

test('challenges of well-known registries are read', () => {
  for (const [header, expected] of [
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"',
      {
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/busybox:pull',
      },
    ],
    [
      'Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"',
      { realm: 'https://public.ecr.aws/token/', service: 'public.ecr.aws', scope: 'aws' },
    ],
    ['bearer REALM=https://a/b , Service = x', { realm: 'https://a/b', service: 'x' }],
    ['Basic realm="x", Bearer realm="https://a/t"', { realm: 'https://a/t' }],
    ['Bearer realm="https://a/t", Basic realm="x"', { realm: 'https://a/t' }],
    ['Bearer realm="a\\"b"', { realm: 'a"b' }],
    ['Basic realm="x"', undefined],
    ['Bearer error="invalid_token"', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    assert.deepEqual(bearerChallenge(header), expected, header);
  }
});

test('no header makes the reader throw or hang', () => {
  const text = fc.string({ unit: fc.constantFrom(...'Bearer realm="x",\\ ='), maxLength: 200 });
  fc.assert(fc.property(fc.oneof(text, fc.string()), (header) => void bearerChallenge(header)));
});
