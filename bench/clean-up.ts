// What a bench has started is ended and removed in the reverse order, whether it succeeds, fails or is interrupted.

type Work = () => Promise<void> | void;

export class CleanUp {
  readonly #works: Work[] = [];

  add(work: Work): void {
    this.#works.push(work);
  }

  /** Does all of it, though some fail; throws what failed. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const work of this.#works.splice(0).toReversed()) {
      try {
        await work();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the clean-up failed in part');
  }
}

/** Runs `work`, and then what it asked to be cleaned up; on SIGINT and SIGTERM at once. */
export async function withCleanUp<R>(work: (cleanUp: CleanUp) => Promise<R>): Promise<R> {
  const cleanUp = new CleanUp();
  const interrupted = (signal: NodeJS.Signals) => {
    void cleanUp.run().finally(() => process.kill(process.pid, signal));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work(cleanUp);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await cleanUp.run();
  }
}
