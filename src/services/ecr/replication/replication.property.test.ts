// Whatever is pushed, moved and deleted, and whenever disks fail or the process ends: a destination never shows less than
// whole images, and in the end has every tag of its source.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { home } from '#services/ecr/fixture.ts';
import { repositoryKey, tagKey } from '#services/ecr/keys.ts';
import { tagKind } from '#services/ecr/kinds.ts';
import { replicationKind } from './kinds.ts';
import { europe, repositoryName, startReplicas, type Replicas } from './replication.fixture.ts';

const content = fc.constantFrom('one', 'two', 'three');
const tag = fc.option(fc.constantFrom('v1', 'v2', 'latest'), { nil: undefined });
const action = fc.oneof(
  fc.record({ do: fc.constant('push' as const), content, tag }),
  fc.record({ do: fc.constant('index' as const), of: fc.tuple(content, content), tag }),
  fc.record({ do: fc.constant('delete' as const), tag: fc.constantFrom('v1', 'v2', 'latest') }),
  fc.record({ do: fc.constant('step' as const), failing: fc.option(fc.nat(4), { nil: undefined }) }),
  fc.record({ do: fc.constant('push while copying' as const), content, tag }),
  fc.record({ do: fc.constant('restart' as const) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

async function step(ecr: Replicas, beforeLink: () => void): Promise<void> {
  ecr.clock.set(new Date(ecr.clock.now().getTime() + 3_600_000));
  ecr.world.beforeLink = beforeLink;
  try {
    await ecr.step();
  } catch (thrown) {
    assert.match(String(thrown), /the disk is full/);
  }
  ecr.world.beforeLink = () => {};
}

async function act(ecr: Replicas, each: Action): Promise<Replicas> {
  switch (each.do) {
    case 'push':
      await ecr.push(each.content, each.tag);
      return ecr;
    case 'index': {
      const images = await Promise.all(each.of.map((one) => ecr.push(one, undefined)));
      await ecr.pushIndex(images, each.tag);
      return ecr;
    }
    case 'delete':
      await ecr.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: each.tag }] });
      return ecr;
    case 'step': {
      let links = 0;
      await step(ecr, () => {
        if (links++ === each.failing) throw new Error('the disk is full');
      });
      return ecr;
    }
    case 'push while copying': {
      let pushing: Promise<unknown> | undefined;
      await step(ecr, () => (pushing ??= ecr.push(each.content, each.tag)));
      await pushing;
      return ecr;
    }
    case 'restart':
      return ecr.restart();
  }
}

function sourceTags({ store }: Replicas) {
  return store.read((reader) => reader.list(tagKind, tagKey(repositoryKey(home, repositoryName), '')));
}

test('a destination shows whole images only, and gets every tag of its source', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 15 }), async (actions) => {
      const ends: (() => unknown)[] = [];
      let ecr = await startReplicas({ after: (end: () => unknown) => ends.push(end) } as never);
      await ecr.replicateTo(europe);
      for (const each of actions) {
        ecr = await act(ecr, each);
        assert.equal(await ecr.missingAt(europe), undefined);
      }
      await step(ecr, () => {});
      await step(ecr, () => {});
      for (const { spec } of sourceTags(ecr)) assert.equal(await ecr.tagAt(europe, spec.tag), spec.digest);
      for (const { spec, status } of ecr.store.read((reader) => reader.list(replicationKind))) {
        assert.deepEqual(status, { handled: spec.asked });
      }
    }),
    { numRuns: 150 },
  );
});
