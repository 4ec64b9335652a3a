// What every way to ask another registry must do, run for the one over HTTP and the one in memory.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { suite, test, type TestContext } from 'node:test';
import { UpstreamError, type UpstreamErrorReason, type UpstreamRegistry } from './upstream-registry.ts';

/** A registry that can be filled, and the way to ask it. */
export interface UpstreamSource {
  readonly upstream: UpstreamRegistry;
  /** `localhost:40123` */
  readonly registry: string;
  putBlob(repository: string, content: Buffer): Promise<string>;
  putManifest(repository: string, tag: string, body: Buffer, mediaType: string): Promise<string>;
  /** Makes it unreachable. */
  stop(): Promise<void>;
}

const signal = AbortSignal.timeout(60_000);
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export function failsWith(reason: UpstreamErrorReason): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof UpstreamError, String(thrown));
    assert.equal(thrown.reason, reason, thrown.message);
    return true;
  };
}

export function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** An image of one random layer under a tag. */
async function putImage(
  source: Pick<UpstreamSource, 'putBlob' | 'putManifest'>,
  repository: string,
  tag: string,
  layer: Buffer,
) {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } }));
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: await source.putBlob(repository, config),
        size: config.length,
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: await source.putBlob(repository, layer),
          size: layer.length,
        },
      ],
    }),
  );
  return { body, digest: await source.putManifest(repository, tag, body, manifestType) };
}

/** Declares the suite's tests. `open` gives a registry that is reachable and empty; `skip` says why it cannot. */
export function upstreamSuite(
  title: string,
  open: (t: TestContext) => Promise<UpstreamSource>,
  skip: string | false = false,
): void {
  suite(title, { skip }, () => {
    test('a manifest is the same by tag and by digest, and its digest is told without it', async (t) => {
      const source = await open(t);
      const { body, digest } = await putImage(source, 'team/app', 'v1', randomBytes(10));
      const from = { registry: source.registry, repository: 'team/app' };
      const expected = { body, mediaType: manifestType, digest };
      assert.deepEqual(await source.upstream.manifest(from, 'v1', signal), expected);
      assert.deepEqual(await source.upstream.manifest(from, digest, signal), expected);
      assert.equal(await source.upstream.digest(from, 'v1', signal), digest);
      assert.equal(await source.upstream.digest(from, digest, signal), digest);
    });

    test('a blob of any size comes whole, and its size is known before', async (t) => {
      const source = await open(t);
      for (const content of [Buffer.from('x'), randomBytes(3_000_001)]) {
        const digest = await source.putBlob('team/app', content);
        await putImage(source, 'team/app', 'v1', content);
        const blob = await source.upstream.blob({ registry: source.registry, repository: 'team/app' }, digest, signal);
        assert.equal(blob.size, content.length);
        assert.deepEqual(Buffer.concat(await Array.fromAsync(blob.content)), content);
      }
    });

    test('what is not there is not found', async (t) => {
      const source = await open(t);
      await putImage(source, 'team/app', 'v1', randomBytes(10));
      const from = { registry: source.registry, repository: 'team/app' };
      const digest = sha256(Buffer.from('nowhere'));
      await assert.rejects(source.upstream.manifest(from, 'v2', signal), failsWith('not-found'));
      await assert.rejects(source.upstream.manifest(from, digest, signal), failsWith('not-found'));
      await assert.rejects(source.upstream.digest(from, 'v2', signal), failsWith('not-found'));
      await assert.rejects(source.upstream.blob(from, digest, signal), failsWith('not-found'));
      const other = { ...from, repository: 'team/other' };
      await assert.rejects(source.upstream.manifest(other, 'v1', signal), failsWith('not-found'));
    });

    test('a registry that is gone is unreachable', async (t) => {
      const source = await open(t);
      const { digest } = await putImage(source, 'team/app', 'v1', randomBytes(10));
      await source.upstream.ping(source.registry, signal);
      await source.stop();
      const from = { registry: source.registry, repository: 'team/app' };
      await assert.rejects(source.upstream.ping(source.registry, signal), failsWith('unreachable'));
      await assert.rejects(source.upstream.manifest(from, 'v1', signal), failsWith('unreachable'));
      await assert.rejects(source.upstream.digest(from, 'v1', signal), failsWith('unreachable'));
      await assert.rejects(source.upstream.blob(from, digest, signal), failsWith('unreachable'));
    });

    test('a stream that is given up leaves the registry usable', async (t) => {
      const source = await open(t);
      const content = randomBytes(1_000_000);
      const digest = await source.putBlob('team/app', content);
      await putImage(source, 'team/app', 'v1', content);
      const from = { registry: source.registry, repository: 'team/app' };
      const first = await source.upstream.blob(from, digest, signal);
      for await (const chunk of first.content) {
        assert.ok(chunk.length > 0);
        break;
      }
      const over = new AbortController();
      const second = await source.upstream.blob(from, digest, over.signal);
      over.abort();
      await assert.rejects(Array.fromAsync(second.content), failsWith('unreachable'));
      const third = await source.upstream.blob(from, digest, signal);
      assert.equal(sha256(Buffer.concat(await Array.fromAsync(third.content))), digest);
    });
  });
}
