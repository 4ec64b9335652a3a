// What a manifest says that it is and needs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { readManifest } from './manifest.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const read = (value: unknown, contentType?: string) => readManifest(Buffer.from(JSON.stringify(value)), contentType);

test('an image needs its configuration and layers, except those that live elsewhere', () => {
  const manifest = read(
    {
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: digest('a'), size: 1 },
      layers: [
        { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: digest('b'), size: 1 },
        {
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          digest: digest('c'),
          size: 1,
          urls: ['https://example.com/'],
        },
      ],
    },
    'application/vnd.docker.distribution.manifest.v2+json',
  );
  assert.deepEqual(manifest.blobs, [digest('a'), digest('b')]);
  assert.deepEqual(manifest.manifests, []);
  assert.equal(manifest.artifactMediaType, 'application/vnd.docker.container.image.v1+json');
});

test('an index needs its manifests', () => {
  const manifest = read({ schemaVersion: 2, manifests: [{ mediaType: ociManifest, digest: digest('a'), size: 3 }] });
  assert.equal(manifest.mediaType, 'application/vnd.oci.image.index.v1+json');
  assert.deepEqual(manifest.manifests, [digest('a')]);
});

test('an artifact has its own type, or its configuration’s', () => {
  const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digest('a'), size: 2 };
  const subject = { mediaType: ociManifest, digest: digest('b'), size: 9 };
  const annotations = { 'org.example': 'x' };
  const typed = read({
    schemaVersion: 2,
    mediaType: ociManifest,
    artifactType: 'text/sbom',
    config: empty,
    layers: [],
    subject,
    annotations,
  });
  assert.equal(typed.artifactType, 'text/sbom');
  assert.equal(typed.artifactMediaType, 'text/sbom');
  assert.equal(typed.subject, digest('b'));
  assert.deepEqual(typed.annotations, annotations);
  const untyped = read({ schemaVersion: 2, config: { ...empty, mediaType: 'text/config' }, layers: [] });
  assert.equal(untyped.artifactType, 'text/config');
});

test('what is no manifest is refused with its reason', () => {
  const cases: [unknown, string | undefined, RegExp][] = [
    [[], undefined, /must be a JSON object/],
    [{ mediaType: 'a/b' }, 'c/d', /mediaType in manifest should be 'c\/d' not 'a\/b'/],
    [{ schemaVersion: 1 }, undefined, /schema version 1/],
    [{}, 'application/vnd.docker.distribution.manifest.v1+prettyjws', /schema version 1/],
    [{ mediaType: 'a/b\r\nset-cookie: x' }, undefined, /Invalid media type/],
    [{ layers: {} }, undefined, /layers must be a list/],
    [{ layers: [{ digest: 'sha256:short' }] }, undefined, /Invalid digest "sha256:short"/],
    [{ config: {} }, undefined, /Invalid digest undefined/],
    [{ annotations: { a: 1 } }, undefined, /annotations must be strings/],
  ];
  for (const [value, contentType, message] of cases) {
    assert.throws(() => read(value, contentType), { code: 'InvalidParameterException', message });
  }
  assert.throws(() => readManifest(Buffer.from('{"a"'), undefined), { message: /Invalid JSON syntax/ });
  assert.throws(() => readManifest(Buffer.from([0xff, 0xfe]), undefined), { message: /Invalid JSON syntax/ });
});

test('any JSON is read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        readManifest(Buffer.from(text), undefined);
      } catch (thrown) {
        assert.ok(thrown instanceof AwsError);
      }
    }),
  );
});

test('what is wrong is shown, but never all of megabytes', () => {
  const long = 'x'.repeat(1_000_000);
  const deep = `{"layers":[{"digest":${'['.repeat(90)}${']'.repeat(90)}}]}`;
  for (const text of [`{"layers":[{"digest":"${long}"}]}`, `{"mediaType":"${long}"}`, `{"layers":[${long}]}`, deep]) {
    assert.throws(
      () => readManifest(Buffer.from(text), undefined),
      (thrown) =>
        thrown instanceof AwsError && thrown.code === 'InvalidParameterException' && thrown.message.length < 500,
    );
  }
  assert.throws(() => readManifest(Buffer.from(`{"mediaType":"${long}"}`), 'a/b'), /not 'x{256}'/);
  const deepest = Buffer.from(`{"manifests":[],"annotations":${'['.repeat(1e6)}${']'.repeat(1e6)}}`);
  assert.throws(() => readManifest(deepest, undefined), { code: 'InvalidParameterException' });
});

test('annotations are as long as a manifest may be, except where every list of referrers tells them', () => {
  const long = { manifests: [], annotations: { note: 'x'.repeat(300_000) } };
  assert.equal(read(long).annotations.note?.length, 300_000);
  assert.throws(() => read({ ...long, subject: { digest: digest('a') } }), /annotations beside a subject/);
  const short = { ...long, annotations: { note: 'x'.repeat(200_000) }, subject: { digest: digest('a') } };
  assert.equal(read(short).annotations.note?.length, 200_000);
});
