// A repository of images without bytes, on a clock that is set, and its lifecycle reconcilers stepped by hand.
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Again } from '#kernel/reconciler.ts';
import { createFixture, home, type Fixture } from '#services/ecr/fixture.ts';
import { putImage } from '#services/ecr/image-records.ts';
import { repositoryKey } from '#services/ecr/keys.ts';

export const repositoryName = 'team/api';
export const minuteMs = 60_000;
export const dayMs = 86_400_000;

export interface Pushed {
  readonly tag?: string;
  /** What a manifest list lists, by the words that it was pushed under. */
  readonly lists?: readonly string[];
  /** What it is about. */
  readonly about?: string;
}

export interface Shelf extends Fixture {
  /** Puts an image whose digest is that of `word`. */
  push(word: string, pushed?: Pushed): Promise<string>;
  /** Sets the clock forward. */
  pass(milliseconds: number): void;
  /** One step of a reconciler for the repository. */
  step(name: 'ecr/lifecycle' | 'ecr/lifecycle-preview'): Promise<Again | void>;
  /** The words whose images are there, of those given, in their order. */
  left(...words: readonly string[]): Promise<string>;
}

export function digestOf(word: string): string {
  return `sha256:${createHash('sha256').update(word).digest('hex')}`;
}

/** The text of a policy; each rule is what differs from the expiry of images. */
export function policyText(...rules: readonly object[]): string {
  return JSON.stringify({
    rules: rules.map((rule, at) => ({
      rulePriority: at + 1,
      description: 'a test',
      action: { type: 'expire' },
      ...rule,
    })),
  });
}

export async function startShelf(t: Pick<TestContext, 'after'>): Promise<Shelf> {
  const blobs = new FakeBlobs({ clock: systemClock, random: systemRandom });
  const fixture = await createFixture({ blobs });
  const { call, clock, store, ecr } = fixture;
  t.after(() => store.close());
  await call('CreateRepository', { repositoryName });
  return {
    ...fixture,
    async push(word, { tag, lists = [], about } = {}) {
      const digest = digestOf(word);
      const content = {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        blobs: [],
        manifests: lists.map(digestOf),
        annotations: {},
        ...(about === undefined ? {} : { subject: digestOf(about) }),
      };
      const pushed = { content, digest, size: 1, tag, pushedAt: clock.now().getTime() };
      await store.write((tx) => putImage(tx, { scope: home, repositoryName }, pushed));
      return digest;
    },
    pass: (milliseconds) => clock.set(new Date(clock.now().getTime() + milliseconds)),
    async step(name) {
      const reconciler = ecr.reconcilers.find((each) => each.name === name);
      return reconciler?.reconcile(repositoryKey(home, repositoryName), new AbortController().signal);
    },
    async left(...words) {
      const { imageDetails = [] } = await call('DescribeImages', { repositoryName, filter: { imageStatus: 'ANY' } });
      const digests = new Set(imageDetails.map(({ imageDigest }) => imageDigest));
      return words.filter((word) => digests.has(digestOf(word))).join(' ');
    },
  };
}
