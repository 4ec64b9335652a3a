// Which lines of a container's output were given already, when it is read more than once.
import type { LogLine } from '#drivers/runtime.ts';

/** How far apart the two streams' timestamps may be out of order: dockerd stamps a line, then waits to write it. */
const slackMs = 1000;

/** Where one stream has got to. Its lines are written in the order of their timestamps. */
interface Progress {
  readonly timestamp: string;
  /** How many of its lines with this timestamp were given. */
  readonly count: number;
  /** While a reading that began again is among lines that were given: how many with this timestamp it met. */
  readonly met?: number;
}

export class SeenLines {
  readonly #streams = new Map<LogLine['stream'], Progress>();
  #last: string | undefined;

  /** A timestamp that no line that is still to come lies before; undefined before the first line. */
  get position(): string | undefined {
    return this.#last && new Date(Date.parse(this.#last) - slackMs).toISOString().replace('Z', '000000Z');
  }

  /** The reading begins again, at `position`. */
  again(): void {
    for (const [stream, progress] of this.#streams) this.#streams.set(stream, { ...progress, met: 0 });
  }

  /** Notes a line; whether it was not given before. */
  add({ stream, timestamp }: LogLine): boolean {
    const last = this.#streams.get(stream);
    if (last?.met !== undefined) {
      if (timestamp < last.timestamp) return false;
      if (timestamp === last.timestamp && last.met < last.count) {
        this.#streams.set(stream, { ...last, met: last.met + 1 });
        return false;
      }
    }
    // Past what was given, every line is new, even one that is stamped earlier: the machine's clock was set back.
    const count = timestamp === last?.timestamp ? last.count + 1 : 1;
    this.#streams.set(stream, { timestamp, count });
    this.#last = timestamp;
    return true;
  }
}
