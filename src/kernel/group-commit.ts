// Group commit: what is written while one batch is made durable waits together as the next.
import type { Outcome } from './transaction.ts';
import type { Change, Database, DocumentRow } from './store.ts';

interface Batch {
  /** By kind and key: of several writes of one document in a batch only the last reaches the database. */
  readonly rows: Map<string, DocumentRow>;
  readonly changes: Change[];
  sequence: number;
  readonly done: PromiseWithResolvers<void>;
}

export interface GroupCommitOptions {
  readonly database: Database;
  /** Resolves at the end of the turn in which it is called: all that is written until then shares a batch. */
  readonly turn: () => Promise<void>;
  /** Called for each batch in order once it is durable, before those who wait for it hear of it. */
  readonly onDurable: (changes: readonly Change[]) => void;
  /** Called once, with the first failure. */
  readonly onFatal: (error: Error) => void;
}

/** Fail-stop: the outcome of a failed commit is unknown, so after one everything is refused. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #gathering: Batch | undefined;
  #committing: Batch | undefined;
  #running = false;
  #failure: Error | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Why everything is refused, once a commit failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Adds a transaction's outcome to the batch that gathers. */
  add(outcome: Outcome): void {
    if (outcome.rows.length === 0) return;
    const batch = (this.#gathering ??= this.#begin());
    for (const row of outcome.rows) batch.rows.set(`${row.kind}\0${row.key}`, row);
    for (const change of outcome.changes) batch.changes.push(change);
    batch.sequence = outcome.sequence;
  }

  /** Resolves once everything added so far is durable; rejects once that cannot be known. */
  durable(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return (this.#gathering ?? this.#committing)?.done.promise ?? Promise.resolve();
  }

  #begin(): Batch {
    const done = Promise.withResolvers<void>();
    // Whoever waits hears of a failure; that nobody waits is no reason for an unhandled rejection.
    done.promise.catch(() => {});
    if (!this.#running) void this.#run();
    return { rows: new Map(), changes: [], sequence: 0, done };
  }

  /** Commits batch after batch until none has gathered. */
  async #run(): Promise<void> {
    this.#running = true;
    try {
      // The first batch stands only when #begin has returned.
      await this.#options.turn();
      let next = this.#commitGathered();
      while (next !== undefined) {
        const { batch, commit } = next;
        await commit;
        this.#options.onDurable(batch.changes);
        // The disk has the next batch to do while those who waited for this one are answered.
        next = this.#commitGathered();
        batch.done.resolve();
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#running = false;
  }

  #commitGathered(): { readonly batch: Batch; readonly commit: Promise<void> } | undefined {
    const batch = this.#gathering;
    this.#gathering = undefined;
    this.#committing = batch;
    return batch && { batch, commit: this.#options.database.commit([...batch.rows.values()], batch.sequence) };
  }

  #fail(thrown: unknown): void {
    this.#failure = new Error('The store could not make a write durable and has stopped', { cause: thrown });
    this.#committing?.done.reject(this.#failure);
    this.#gathering?.done.reject(this.#failure);
    this.#gathering = undefined;
    this.#options.onFatal(this.#failure);
  }
}
