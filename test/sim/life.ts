// One life of a process. Whatever waits for the outside when it dies waits for ever, as in a process that was killed.
import type { Clock } from '#kernel/clock.ts';

export class Life {
  readonly #death = Promise.withResolvers<void>();
  #dead = false;

  get dead(): boolean {
    return this.#dead;
  }

  /** Resolves when it dies. */
  get death(): Promise<void> {
    return this.#death.promise;
  }

  end(): void {
    this.#dead = true;
    this.#death.resolve();
  }

  /** Waits for something outside: what comes after death reaches nobody. */
  async wait<R>(work: () => Promise<R>): Promise<R> {
    await this.#survive();
    try {
      return await work();
    } finally {
      await this.#survive();
    }
  }

  /** An outside whose every method gives a promise, as this life sees it. */
  outside<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]) =>
          this.wait(() => Reflect.apply(member, object, parameters) as Promise<unknown>);
      },
    });
  }

  clock(clock: Clock): Clock {
    return { now: () => clock.now(), sleep: (ms, signal) => this.wait(() => clock.sleep(ms, signal)) };
  }

  async #survive(): Promise<void> {
    if (this.#dead) await new Promise<never>(() => undefined);
  }
}
