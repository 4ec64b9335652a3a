// Images of two indexes, matched by their platforms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRenewal } from './plan-renewal.ts';

const index = (...manifests: unknown[]) => Buffer.from(JSON.stringify({ manifests }));
const image = (digest: string, architecture: string, more = {}) => ({
  digest,
  platform: { os: 'linux', architecture, ...more },
});

test('only the platforms that are here are wanted in their newer form', () => {
  const older = index(image('a1', 'amd64'), image('b1', 'arm64'), image('c1', 'arm', { variant: 'v7' }), {
    digest: 'd1',
  });
  const newer = index(
    image('a2', 'amd64'),
    image('b2', 'arm64', { variant: 'v8' }),
    image('c2', 'arm', { variant: 'v7' }),
    { digest: 'd2' },
  );
  const plan = (...here: string[]) => planRenewal(older, newer, (digest) => here.includes(digest));
  assert.deepEqual(plan(), []);
  assert.deepEqual(plan('a1', 'b1'), ['a2'], 'a variant is another platform');
  assert.deepEqual(plan('c1', 'd1'), ['c2', 'd2']);
});

test('what is no index has no images', () => {
  const good = index(image('a1', 'amd64'));
  for (const text of ['', 'no json', 'null', '[]', '{}', '{"manifests":{}}', '{"manifests":[null,1,{"digest":5}]}']) {
    assert.deepEqual(
      planRenewal(good, Buffer.from(text), () => true),
      [],
      text,
    );
    assert.deepEqual(
      planRenewal(Buffer.from(text), good, () => true),
      [],
      text,
    );
  }
});
