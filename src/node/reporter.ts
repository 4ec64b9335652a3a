// Delivers one task's state changes to the control plane, in order, however often it takes.
import type { Clock } from '#kernel/clock.ts';
import { messageOf } from '#kernel/error.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import { backoffMs } from './backoff.ts';
import type { ControlPlane, TaskStateChange } from './messages.ts';

export interface ReporterOptions {
  readonly controlPlane: ControlPlane;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #onAcknowledged: (change: TaskStateChange) => void;
  /** Not yet submitted: at most one a status, the newest. */
  readonly #waiting: TaskStateChange[] = [];
  #lastOffered = '';
  #delivering = false;
  #silent = false;

  constructor(options: ReporterOptions, onAcknowledged: (change: TaskStateChange) => void) {
    this.#options = options;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Takes a change to deliver; one like the last is not delivered twice, one of the same status replaces it. */
  offer(change: TaskStateChange): void {
    const text = JSON.stringify(change);
    if (this.#silent || text === this.#lastOffered) return;
    this.#lastOffered = text;
    if (this.#waiting.at(-1)?.status === change.status) this.#waiting.pop();
    this.#waiting.push(change);
    if (!this.#delivering) void this.#deliver();
  }

  /** Delivers nothing any more: nobody wants to hear of the task. */
  silence(): void {
    this.#waiting.length = 0;
    this.#silent = true;
  }

  async #deliver(): Promise<void> {
    const { controlPlane, clock, random, log, signal } = this.#options;
    this.#delivering = true;
    for (let failures = 0; this.#waiting.length > 0 && !signal.aborted;) {
      const change = this.#waiting.shift()!;
      try {
        await controlPlane.submitTaskStateChange(change);
        failures = 0;
        this.#onAcknowledged(change);
      } catch (thrown) {
        if (this.#silent) break;
        failures++;
        log.warn('state change was not taken, trying again', { task: change.task, failures, why: messageOf(thrown) });
        if (this.#waiting[0]?.status !== change.status) this.#waiting.unshift(change);
        await clock.sleep(backoffMs(failures, random), signal);
      }
    }
    this.#delivering = false;
  }
}
