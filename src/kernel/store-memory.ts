// A database without a disk, for tests and the simulator: it is slow, fails and crashes when told to.
import type { Clock } from './clock.ts';
import type { Database, DocumentRow } from './store.ts';

/** What lies under the databases that are opened on it, one after the other, and survives their crashes. */
export interface MemoryDisk {
  /** Milliseconds that a commit takes. Set it at any time; 0 at first. */
  delay: () => number;
  /** A database on this disk. The one opened before is dead from now on, as after `crash`. */
  open(): Database;
  /** The next commit rejects with `error`, and nothing of it lands. */
  failNext(error: Error): void;
  /**
   * Kills the open database: the commit under way and all later ones reject. Whether the one under way has landed all
   * the same is for the caller to say, as after a real crash nobody knows.
   */
  crash(landed?: boolean): void;
  /** How many commits have landed. */
  readonly commits: number;
}

export function createMemoryDisk(clock: Clock): MemoryDisk {
  return new Disk(clock);
}

class Disk implements MemoryDisk {
  delay = (): number => 0;
  commits = 0;
  sequence = 0;
  readonly clock: Clock;
  readonly documents = new Map<string, DocumentRow>();
  #failure: Error | undefined;
  #open: MemoryDatabase | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(): Database {
    this.crash();
    return (this.#open = new MemoryDatabase(this));
  }

  failNext(error: Error): void {
    this.#failure = error;
  }

  takeFailure(): Error | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  crash(landed = false): void {
    this.#open?.crash(landed);
    this.#open = undefined;
  }

  land(batch: readonly DocumentRow[], sequence: number): void {
    for (const row of batch) {
      const id = `${row.kind}\0${row.key}`;
      if (row.body === undefined) this.documents.delete(id);
      else this.documents.set(id, row);
    }
    this.sequence = sequence;
    this.commits += 1;
  }
}

class MemoryDatabase implements Database {
  readonly #disk: Disk;
  readonly #crash = new AbortController();
  /** The commit under way. */
  #landing: (() => void) | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async load(): Promise<{ documents: Iterable<DocumentRow>; sequence: number }> {
    this.#checkAlive();
    return { documents: [...this.#disk.documents.values()], sequence: this.#disk.sequence };
  }

  async commit(batch: readonly DocumentRow[], sequence: number): Promise<void> {
    this.#checkAlive();
    const failure = this.#disk.takeFailure();
    // A copy, as a real database keeps: what cannot be copied could not be kept either.
    const copy = structuredClone(batch);
    this.#landing = failure ? undefined : () => this.#disk.land(copy, sequence);
    const delay = this.#disk.delay();
    if (delay > 0) await this.#disk.clock.sleep(delay, this.#crash.signal);
    this.#checkAlive();
    if (failure) throw failure;
    this.#land();
  }

  crash(landed: boolean): void {
    if (landed) this.#land();
    this.#crash.abort();
  }

  async close(): Promise<void> {
    this.crash(false);
  }

  #land(): void {
    this.#landing?.();
    this.#landing = undefined;
  }

  #checkAlive(): void {
    if (this.#crash.signal.aborted) throw new Error('The database is gone');
  }
}
