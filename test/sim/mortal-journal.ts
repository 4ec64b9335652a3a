// A journal as one life of a process has it: as slow as the disk, full when told to, torn where the process dies.
import type { Journal } from '#drivers/journal.ts';
import type { Clock } from '#kernel/clock.ts';
import { Turns } from '#drivers/turns.ts';
import type { Dice } from './dice.ts';

export interface JournalGround {
  /** What outlives the process. */
  readonly journal: Journal;
  readonly clock: Clock;
  readonly dice: Dice;
  /** Milliseconds that an append takes. */
  readonly delay: () => number;
  /** Why appends fail, while they do. */
  readonly failure: () => Error | undefined;
}

export class MortalJournal implements Journal {
  readonly #ground: JournalGround;
  readonly #turns = new Turns();
  readonly #underWay = new Map<string, Uint8Array>();
  #dead = false;

  constructor(ground: JournalGround) {
    this.#ground = ground;
  }

  /** The process dies: of an append under way some first part has landed, as nobody will ever be told. */
  async die(): Promise<void> {
    const { journal, dice } = this.#ground;
    this.#dead = true;
    for (const [name, content] of this.#underWay) {
      await journal.append(name, content.subarray(0, dice.below(content.length + 1)));
    }
  }

  append(name: string, content: Uint8Array): Promise<number> {
    const { journal, clock, delay, failure } = this.#ground;
    return this.#turns.take(name, async () => {
      const error = failure();
      if (error !== undefined) throw error;
      this.#underWay.set(name, content);
      if (delay() > 0) await clock.sleep(delay());
      if (this.#dead) return 0;
      this.#underWay.delete(name);
      return journal.append(name, content);
    });
  }

  size(name: string): Promise<number> {
    return this.#ground.journal.size(name);
  }

  read(name: string, offset: number, length: number): Promise<Buffer> {
    return this.#ground.journal.read(name, offset, length);
  }

  truncate(name: string, size: number): Promise<void> {
    return this.#ground.journal.truncate(name, size);
  }

  remove(name: string): Promise<void> {
    return this.#ground.journal.remove(name);
  }

  names(): Promise<string[]> {
    return this.#ground.journal.names();
  }

  close(): Promise<void> {
    return this.#ground.journal.close();
  }
}
