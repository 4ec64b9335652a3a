// For tests: a cache on an ecr service of its own, with another registry in memory behind it.
import { createHash } from 'node:crypto';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { silentLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, home, rootOf, type Fixture } from '#services/ecr/fixture.ts';
import type { ImageId } from '#services/ecr/image-records.ts';
import { repositoryArn } from '#services/ecr/names.ts';
import { createPullThrough, type ImportAction, type PullThrough } from './cache.ts';

export const registry = 'registry.example.com';
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

export interface CacheFixture extends Fixture {
  readonly upstream: FakeUpstream;
  readonly blobs: FakeBlobs;
  readonly pullThrough: PullThrough;
  /** What pulls asked to be allowed so far. */
  readonly wished: ImportAction[];
  /** The manifest that the cache gives, or undefined where the store is to answer. */
  pull(repositoryName: string, reference: string): ReturnType<PullThrough['manifest']>;
  /** Fetches a blob of an arrival to its end. */
  fetch(repositoryName: string, digest: string): Promise<Buffer>;
}

/** With the rule `up` -> registry.example.com. */
export async function createCacheFixture(): Promise<CacheFixture> {
  const upstream = new FakeUpstream();
  const real = { now: () => fixture.clock.now(), sleep: async () => {} };
  const blobs = new FakeBlobs({ clock: real, random: systemRandom });
  const fixture = await createFixture({ blobs, upstream });
  const pullThrough = createPullThrough({ ...fixture, blobs, upstream, log: silentLog });
  await fixture.call('CreatePullThroughCacheRule', { ecrRepositoryPrefix: 'up', upstreamRegistryUrl: registry });
  const wished: ImportAction[] = [];
  const allow = (repositoryName: string) => (action: ImportAction) => {
    wished.push(action);
    const resources = [repositoryArn({ scope: home, repositoryName })];
    fixture.authorizer.authorize({ principal: rootOf(home.account), action, resources });
  };
  return {
    ...fixture,
    upstream,
    blobs,
    pullThrough,
    wished,
    pull(repositoryName, reference) {
      const id: ImageId = reference.includes(':') ? { imageDigest: reference } : { imageTag: reference };
      return pullThrough.manifest({ name: { scope: home, repositoryName }, id, authorize: allow(repositoryName) });
    },
    async fetch(repositoryName, digest) {
      const coming = pullThrough.blob({ scope: home, repositoryName }, digest);
      if (coming === undefined) throw new Error(`nothing waits for ${digest}`);
      const fetch = await coming.fetch();
      const bytes = Buffer.concat(await Array.fromAsync(fetch.read()));
      await fetch.kept;
      return bytes;
    },
  };
}

export interface UpstreamImage {
  readonly digest: string;
  readonly body: Buffer;
  readonly config: string;
  readonly layer: string;
}

/** Puts an image of one layer upstream. */
export function putUpstreamImage(
  upstream: FakeUpstream,
  repository: string,
  tag: string | undefined,
  layer: Buffer,
): UpstreamImage {
  const to = { registry, repository };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', layer: sha256(layer) }));
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: upstream.putBlob(to, content),
    size: content.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  };
  const body = Buffer.from(JSON.stringify(manifest));
  const digest = upstream.putManifest(to, tag, body, manifestType);
  return { digest, body, config: sha256(config), layer: sha256(layer) };
}

/** Puts an index over images upstream: one for amd64 and, where there is a second one, one for arm64. */
export function putUpstreamIndex(
  upstream: FakeUpstream,
  repository: string,
  tag: string,
  images: readonly UpstreamImage[],
): string {
  const manifests = images.map(({ digest, body }, at) => ({
    mediaType: manifestType,
    digest,
    size: body.length,
    platform: { os: 'linux', architecture: ['amd64', 'arm64'][at] },
  }));
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  return upstream.putManifest({ registry, repository }, tag, body, indexType);
}

function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
