// A world for a seed: time, chance, a disk and an engine that outlive every control plane, and books of all that happens.
import { FakeEngine } from '#drivers/fake-engine.ts';
import { createFakeJournal } from '#drivers/journal-fake.ts';
import type { Journal } from '#drivers/journal.ts';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Runtime } from '#drivers/runtime.ts';
import { fraction } from '#kernel/random.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import type { Database } from '#kernel/store.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { Dice } from './dice.ts';
import { History } from './history.ts';
import { Invariants } from './invariants.ts';
import { Ledger } from './ledger.ts';

/** Bugs that a test plants, to see that they are found. */
export interface Plants {
  readonly runtime?: (runtime: Runtime, engine: FakeEngine) => Runtime;
  readonly database?: (database: Database) => Database;
  readonly journal?: (journal: Journal) => Journal;
}

export interface World {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly dice: Dice;
  readonly history: History;
  readonly engine: FakeEngine;
  readonly disk: MemoryDisk;
  readonly ledger: Ledger;
  readonly invariants: Invariants;
  readonly journal: Journal;
  readonly blobs: Blobs;
  readonly plants: Plants;
}

export function createWorld(seed: number, plants: Plants = {}): World {
  const clock = new VirtualClock();
  const dice = new Dice(seed);
  const history = new History(clock);
  const latency = dice.pick([0, 3, 20]);
  const engine = new FakeEngine({
    clock,
    random: dice.fork().random,
    latencyMs: (_call, random) => Math.floor(fraction(random) * (latency + 1)),
  });
  const disk = createMemoryDisk(clock);
  const parts = { clock, random: dice.fork().random };
  const invariants = new Invariants(history, engine);
  const ledger = new Ledger(history, (row) => invariants.landed(row));
  const journal = createFakeJournal();
  return {
    seed,
    clock,
    dice,
    history,
    engine,
    disk,
    ledger,
    invariants,
    journal: plants.journal?.(journal) ?? journal,
    blobs: new FakeBlobs(parts),
    plants,
  };
}
