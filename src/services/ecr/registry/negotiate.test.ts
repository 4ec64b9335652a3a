// Which clients are sent one image in place of an index, and which one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageFor, wantsOneImage } from './negotiate.ts';

const index = 'application/vnd.oci.image.index.v1+json';
const list = 'application/vnd.docker.distribution.manifest.list.v2+json';
const oci = 'application/vnd.oci.image.manifest.v1+json';
const docker = 'application/vnd.docker.distribution.manifest.v2+json';

test('only a client that names types of images and nothing else wants one of an index', () => {
  const cases: [string | undefined, string, boolean][] = [
    [docker, index, true],
    [`${docker};q=0.9, ${oci}`, list, true],
    [docker.toUpperCase(), index, true],
    [docker, oci, false],
    [`${docker}, ${index}`, index, false],
    [`${docker}, ${index}`, list, false],
    [`${docker}, */*`, index, false],
    ['*/*', index, false],
    ['application/json', index, false],
    ['', index, false],
    [undefined, index, false],
  ];
  for (const [accept, mediaType, expected] of cases) {
    assert.equal(wantsOneImage(accept, mediaType), expected, `${accept} for ${mediaType}`);
  }
});

test('it gets the one for linux/amd64, in a type that it accepts', () => {
  const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
  const image = (digit: string, os: string, architecture: string) => ({
    mediaType: docker,
    digest: digestOf(digit),
    size: 1,
    platform: { os, architecture },
  });
  const indexOf = (...manifests: object[]) => Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  const several = indexOf(
    { mediaType: oci, digest: digestOf('0'), size: 1 },
    image('1', 'linux', 'arm64'),
    image('2', 'linux', 'amd64'),
  );
  assert.equal(imageFor(docker, several), digestOf('2'));
  assert.equal(imageFor(oci, several), undefined);
  assert.equal(imageFor(docker, indexOf(image('1', 'windows', 'amd64'))), undefined);
});
