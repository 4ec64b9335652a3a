// The health of one run of a fake container: checks on the engine's clock, counted as Docker counts them.
import type { Clock } from '#kernel/clock.ts';
import type { FakeProgram } from './fake-image.ts';
import type { Health, HealthCheck } from './runtime.ts';

export class FakeHealth {
  readonly #check: HealthCheck;
  readonly #outcomes: readonly boolean[];
  readonly #clock: Clock;
  readonly #changed: () => void;
  #life = new AbortController();
  #state: Health = 'starting';
  #failures = 0;

  /** Begins to check; `changed` is called after each change of `state`. */
  constructor(check: HealthCheck, { checks = [true] }: FakeProgram, clock: Clock, changed: () => void) {
    this.#check = check;
    this.#outcomes = checks;
    this.#clock = clock;
    this.#changed = changed;
    void this.#run(this.#life.signal);
  }

  get state(): Health {
    return this.#state;
  }

  /** Ends the checking. Docker calls what it no longer checks unhealthy, and announces nothing. */
  stop(): void {
    this.#life.abort();
    this.#state = 'unhealthy';
  }

  /** Checks again, after a stop. */
  resume(): void {
    this.#life = new AbortController();
    void this.#run(this.#life.signal);
  }

  async #run(life: AbortSignal): Promise<void> {
    const begun = this.#clock.now().getTime();
    for (let at = 0; ; at += 1) {
      await this.#clock.sleep(this.#check.intervalMs, life);
      if (life.aborted) return;
      const passed = this.#outcomes[Math.min(at, this.#outcomes.length - 1)] ?? true;
      const isEarly = this.#clock.now().getTime() - begun < this.#check.startPeriodMs;
      this.#note(passed, isEarly);
    }
  }

  /** Failures in the start period count only once a check has passed. */
  #note(passed: boolean, isEarly: boolean): void {
    if (passed) this.#failures = 0;
    else if (!isEarly || this.#state !== 'starting') this.#failures += 1;
    const before = this.#state;
    if (passed) this.#state = 'healthy';
    else if (this.#failures >= this.#check.retries) this.#state = 'unhealthy';
    if (this.#state !== before) this.#changed();
  }
}
