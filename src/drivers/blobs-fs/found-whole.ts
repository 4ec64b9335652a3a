// Which files were found whole a short time ago, so that an image that many pull at once is not hashed for each of them.
import type { Stats } from 'node:fs';
import type { Clock } from '#kernel/clock.ts';

/** Long enough for a deployment, too short for a disk to go bad unseen. */
const trustedMs = 10 * 60_000;
const mostKept = 1000;

/** A file's stamp changes with every write to it that goes through the file system. */
export class FoundWhole {
  readonly #clock: Clock;
  readonly #files = new Map<string, { readonly stamp: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the file at a path was found whole lately, and nobody wrote to it since. */
  isFresh(path: string, stats: Stats): boolean {
    const kept = this.#files.get(path);
    return kept !== undefined && kept.stamp === stampOf(stats) && this.#clock.now().getTime() < kept.until;
  }

  /** The file was found whole; `stats` is what it was before it was read. */
  note(path: string, stats: Stats): void {
    this.#files.delete(path);
    this.#files.set(path, { stamp: stampOf(stats), until: this.#clock.now().getTime() + trustedMs });
    if (this.#files.size <= mostKept) return;
    for (const oldest of this.#files.keys()) {
      this.#files.delete(oldest);
      return;
    }
  }
}

function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
