// What happened in a simulated world, in order, as people can read it; and what of it must not have happened.
import type { Clock } from '#kernel/clock.ts';

interface Entry {
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

export class History {
  readonly #clock: Clock;
  readonly #began: number;
  readonly #entries: Entry[] = [];
  readonly #violations: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.now().getTime();
  }

  note(who: string, what: string): void {
    this.#entries.push({ at: this.#clock.now().getTime() - this.#began, who, what });
  }

  /** An invariant does not hold. Whoever finds out may be inside of the control plane: it is noted, and thrown later. */
  violated(what: string): void {
    this.#violations.push(what);
    this.note('INVARIANT', what);
  }

  /** Throws Violation where an invariant did not hold. */
  check(): void {
    if (this.#violations.length > 0) throw new Violation(this.#violations.join('\n'));
  }

  /** A line for each thing that happened. */
  lines(): string[] {
    return this.#entries.map(({ at, who, what }) => {
      return `${(at / 1000).toFixed(3).padStart(9)}  ${who.padEnd(13)}  ${what}`;
    });
  }
}

/** What must hold does not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** An id or ARN as histories show it: enough of it to tell it from the others of a world. */
export function short(id: string): string {
  return id.split('/').at(-1)!.slice(0, 6);
}
