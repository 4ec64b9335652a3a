// For tests: an ecr whose images are pushed as the registry does and whose copies are made when the test says so.
import type { TestContext } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Scope } from '#kernel/arn.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Change, Reader } from '#kernel/store.ts';
import { createFixture, home, type Fixture } from '#services/ecr/fixture.ts';
import { findImage } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, repositoryKey, tagKey } from '#services/ecr/keys.ts';
import { imageKind, layerKind, tagKind } from '#services/ecr/kinds.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import type { CopyParts } from './copy-image.ts';
import { createBackfillReconciler } from './backfill-reconciler.ts';
import { createReplicationReconciler } from './replication-reconciler.ts';
import { pushImage, pushManifest } from '#services/ecr/pushed-image.fixture.ts';

export const europe: Scope = { account: home.account, region: 'eu-west-1' };
export const repositoryName = 'team/api';

export interface Replicas extends Fixture {
  readonly blobs: Blobs;
  /** Settings of the test's world. */
  readonly world: { allows: CopyParts['allows']; beforeLink: (digest: string) => void };
  /** Puts an image of one configuration blob; gives its digest. */
  push(content: string, tag: string | undefined, at?: RepositoryName): Promise<string>;
  /** Puts an index of images that are there. */
  pushIndex(digests: readonly string[], tag: string | undefined, at?: RepositoryName): Promise<string>;
  /** One step of every copy that is not complete; rejects with what the first one threw. */
  step(): Promise<void>;
  /** The copies that a change may have something to do with. */
  concerns(change: Change): string[];
  /** One step of every backfill. */
  stepBackfills(): Promise<void>;
  replicateTo(...destinations: Scope[]): Promise<unknown>;
  statuses(imageDigest: string): Promise<string[]>;
  /** What a tag names there, once everything that it needs was found to be there; `missing …` where it is not. */
  tagAt(scope: Scope, tag: string): Promise<string | undefined>;
  /** Something that what is visible there needs and that is not there. */
  missingAt(scope: Scope): Promise<string | undefined>;
  /** The same installation on what is durable of it, as after a kill. */
  restart(): Promise<Replicas>;
}

const source: RepositoryName = { scope: home, repositoryName };

export async function startReplicas(t: Pick<TestContext, 'after'>): Promise<Replicas> {
  const blobs = new FakeBlobs({ clock: systemClock, random: systemRandom });
  const fixture = await createFixture({ blobs });
  t.after(() => fixture.store.close());
  await fixture.call('CreateRepository', { repositoryName });
  return replicasOf(fixture, blobs);
}

function replicasOf(fixture: Fixture, blobs: Blobs): Replicas {
  const { store, clock, call } = fixture;
  const world: Replicas['world'] = {
    allows: (_reader, from, to) => from.account === to.scope.account,
    beforeLink: () => {},
  };
  const linking = new Proxy(blobs, {
    get: (target, name) =>
      name === 'link'
        ? async (from: string, digest: string, to: string) => {
            world.beforeLink(digest);
            return target.link(from, digest, to);
          }
        : Reflect.get(target, name).bind(target),
  });
  const parts: CopyParts = { store, blobs: linking, clock, allows: (...asked) => world.allows(...asked) };
  const reconciler = createReplicationReconciler(parts);
  const stepOf = (steps: Reconciler) => async () => {
    for (const key of store.read((reader) => steps.all(reader))) {
      await steps.reconcile(key, AbortSignal.timeout(10_000));
    }
  };
  const ground = { store, blobs, clock };
  return {
    ...fixture,
    blobs,
    world,
    async push(content, tag, at = source) {
      return (await pushImage(ground, at, { content, ...(tag !== undefined && { tag }) })).digest;
    },
    async pushIndex(digests, tag, at = source) {
      const mediaType = 'application/vnd.oci.image.index.v1+json';
      const manifests = digests.map((digest) => ({ digest, size: 1, mediaType: 'a/b' }));
      return (await pushManifest(ground, at, { mediaType, manifests }, tag)).digest;
    },
    step: stepOf(reconciler),
    concerns: (change) => store.read((reader) => reconciler.concerns(change, reader)),
    stepBackfills: stepOf(createBackfillReconciler(parts)),
    replicateTo(...destinations) {
      const asked = destinations.map(({ account, region }) => ({ registryId: account, region }));
      const rules = [{ destinations: asked }];
      return call('PutReplicationConfiguration', { replicationConfiguration: { rules } });
    },
    async statuses(imageDigest) {
      const asked = { repositoryName, imageId: { imageDigest } };
      const { replicationStatuses = [] } = await call('DescribeImageReplicationStatus', asked);
      return replicationStatuses.map(({ region, registryId, status, failureCode }) =>
        [region, registryId, status, failureCode].filter((each) => each !== undefined).join(' '),
      );
    },
    async tagAt(scope, tag) {
      const digest = store.read((reader) => reader.get(tagKind, tagKey(repositoryKey(scope, repositoryName), tag)));
      return digest && ((await firstMissing(store.read(listed(scope)), blobs, scope)) ?? digest.spec.digest);
    },
    missingAt: (scope) => firstMissing(store.read(listed(scope)), blobs, scope),
    async restart() {
      const next = await createFixture({ blobs, disk: fixture.disk });
      next.clock.set(clock.now());
      return replicasOf(next, blobs);
    },
  };
}

const listed = (scope: Scope) => (reader: Reader) => {
  const repository = { key: repositoryKey(scope, repositoryName) };
  const images = reader.list(imageKind, digestKey(repository.key, ''));
  const missing = images
    .flatMap(({ spec }) => spec.references)
    .filter((digest) => {
      const layer = reader.get(layerKind, digestKey(repository.key, digest));
      return layer === undefined && findImage(reader, repository, { imageDigest: digest }) === undefined;
    });
  return { missing, digests: images.flatMap(({ spec }) => [spec.digest, ...spec.references]) };
};

/** Of everything that is visible in a scope's repository, something that it needs and does not have. */
async function firstMissing(
  { missing, digests }: ReturnType<ReturnType<typeof listed>>,
  blobs: Blobs,
  scope: Scope,
): Promise<string | undefined> {
  if (missing.length > 0) return `missing record ${missing[0]}`;
  for (const digest of digests) {
    if ((await blobs.size(blobNamespace(scope), digest)) === undefined) return `missing bytes ${digest}`;
  }
  return undefined;
}
