// The collector among pushes, mounts, deletions and kills: nothing that is needed goes, and nothing else stays.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { Interleaver } from './interleaver.fixture.ts';
import { images, repositories, StorageWorld, type Plant } from './storage-world.fixture.ts';

// Where a sync costs nothing: what it is for, a kill cannot show.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'berth-storage-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** Which of them. */
const repository = fc.nat(repositories.length - 1);
const image = fc.nat(images.length - 1);
type Command =
  | { readonly do: 'push'; readonly repository: number; readonly image: number; readonly from: number | null }
  | { readonly do: 'delete image'; readonly repository: number; readonly image: number }
  | { readonly do: 'delete repository'; readonly repository: number }
  | { readonly do: 'collect' }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'kill' };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), repository, image, from: fc.option(repository) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete image' as const), repository, image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete repository' as const), repository }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('collect' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 2, 8, 13, 30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
);

interface Scene {
  readonly command: Command;
  /** Steps that all that goes on takes before the next command. */
  readonly steps: number;
}

/** With the last everything comes to its end. */
const steps = fc.constantFrom(0, 1, 3, 10, 40, 300);
const scene: fc.Arbitrary<Scene[]> = fc.record({ command, steps }).map((one) => [one]);
/** A layer that nothing needed for long is told to a client that pushes, while it is about to go. */
const lateReturn: fc.Arbitrary<Scene[]> = fc.tuple(repository, image, steps).map(([at, what, pause]) => [
  { command: { do: 'push', repository: at, image: what, from: null }, steps: 300 },
  { command: { do: 'delete image', repository: at, image: what }, steps: 300 },
  { command: { do: 'collect' }, steps: 300 },
  { command: { do: 'wait', hours: 30 }, steps: 0 },
  { command: { do: 'push', repository: at, image: what, from: null }, steps: pause },
  { command: { do: 'collect' }, steps: pause },
]);
/** A deletion whose bytes are about to go is undone by a kill. */
const undoneDeletion: fc.Arbitrary<Scene[]> = fc.tuple(repository, image, steps).map(([at, what, pause]) => [
  { command: { do: 'push', repository: at, image: what, from: null }, steps: 300 },
  { command: { do: 'wait', hours: 2 }, steps: 0 },
  { command: { do: 'collect' }, steps: pause },
  { command: { do: 'delete image', repository: at, image: what }, steps: 3 },
  { command: { do: 'collect' }, steps: 20 },
  { command: { do: 'kill' }, steps: 0 },
]);
const story = fc
  .array(fc.oneof({ weight: 8, arbitrary: scene }, lateReturn, undoneDeletion), { minLength: 2, maxLength: 25 })
  .map((scenes) => scenes.flat());

async function obey(world: StorageWorld, interleaver: Interleaver, told: Command): Promise<void> {
  switch (told.do) {
    case 'push':
      return world.begin(() => {
        const from = told.from === null ? undefined : repositories[told.from];
        return world.push(repositories[told.repository]!, images[told.image]!, from);
      });
    case 'delete image':
      return world.begin(() => world.deleteImage(repositories[told.repository]!, images[told.image]!));
    case 'delete repository':
      return world.begin(() => world.deleteRepository(repositories[told.repository]!));
    case 'collect':
      return world.begin(() => world.collect());
    case 'wait':
      return interleaver.pass(told.hours * 3_600_000);
    case 'kill':
      return world.kill();
  }
}

type Disk = (seed: number) => (clock: Clock) => Blobs;

/** What went wrong. */
async function live(scenes: readonly Scene[], seed: number, disk: Disk, plant: Plant = {}): Promise<readonly string[]> {
  const interleaver = new Interleaver(seededRandom(seed));
  const world = new StorageWorld({ interleaver, openBlobs: disk(seed), plant });
  await world.start();
  for (const { command: told, steps: pause } of scenes) {
    await obey(world, interleaver, told);
    for (let step = 0; step < pause; step += 1) await interleaver.step();
  }
  await world.conclude();
  return world.faults;
}

function inMemory(seed: number): (clock: Clock) => Blobs {
  const random = seededRandom(seed + 1);
  let left: FakeBlobs | undefined;
  return (clock) => (left = new FakeBlobs({ clock, random, ...(left ? { left } : {}) }));
}

function onDisk(seed: number): (clock: Clock) => Blobs {
  const random = seededRandom(seed + 1);
  const directory = mkdtempSync(join(root, 'blobs-'));
  return (clock) => createFsBlobs(directory, { clock, random });
}

function holds(disk: Disk, runs: number, plant?: Plant, seed?: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(story, fc.nat(), async (scenes, chance) => {
      assert.deepEqual(await live(scenes, chance, disk, plant), []);
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed, endOnFailure: true }) },
  );
}

test('nothing that is needed goes and nothing else stays, on blobs in memory', () => holds(inMemory, 60));

test('nothing that is needed goes and nothing else stays, on blobs on a disk', () => holds(onDisk, 4));

const plants: Readonly<Record<string, Plant>> = {
  'removes bytes outside the turn': {
    parts: (parts, gate) => ({
      ...parts,
      blobs: Object.assign(Object.create(parts.blobs), {
        async deleteUnused(...[namespace, digest, before, unused]: Parameters<Blobs['deleteUnused']>) {
          const mayGo = await parts.blobs
            .deleteUnused(namespace, digest, before, async () => {
              throw (await unused()) ? new Error('yes') : new Error('no');
            })
            .catch((thrown: Error) => thrown.message === 'yes');
          await gate();
          if (mayGo) await parts.blobs.delete(namespace, digest);
          return mayGo;
        },
      }),
    }),
  },
  'removes bytes before the removal of their last name is durable': {
    parts: (parts) => ({ ...parts, store: Object.assign(Object.create(parts.store), { durable: async () => {} }) }),
  },
  'gives bytes no grace': {
    parts: (parts) => ({
      ...parts,
      blobs: Object.assign(Object.create(parts.blobs), {
        deleteUnused: (...[namespace, digest, , unused]: Parameters<Blobs['deleteUnused']>) =>
          parts.blobs.deleteUnused(namespace, digest, new Date('2100-01-01'), unused),
      }),
    }),
  },
  'does not hear that clients were told of a layer': { silentHead: true },
};
for (const [title, plant] of Object.entries(plants)) {
  test(`the property sees a collector that ${title}`, async () => {
    await assert.rejects(holds(inMemory, 400, plant, 7), /Property failed/);
  });
}
