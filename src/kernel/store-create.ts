// The store: loads the working set from a database and keeps both in step.
import { ChangeFeed } from './change-feed.ts';
import { GroupCommit } from './group-commit.ts';
import { deepFreeze } from './json.ts';
import type { Log } from './log.ts';
import { load } from './store-load.ts';
import type { AnyKind, Change, Database, Kind, ListWindow, Reader, Resource, Store, Tx } from './store.ts';
import type { Table } from './table.ts';
import { Transaction } from './transaction.ts';

export interface StoreOptions {
  readonly database: Database;
  /** Every kind that the database may hold, of all services. */
  readonly kinds: readonly AnyKind[];
  readonly log: Log;
  /** Called once when a commit failed. Memory and disk may differ by then: end the process, start again, recover. */
  readonly onFatal: (error: Error) => void;
  /** Check that all content survives JSON, and freeze it. For tests: costs a copy a write. */
  readonly strict?: boolean;
  /** Resolves at the end of the present turn; writes until then share a commit. A virtual clock brings its own. */
  readonly turn?: () => Promise<void>;
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Opens a store over `database`. Rejects where the database holds documents of an unknown kind or of a newer version than
 * the kind's.
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { database, kinds, log } = options;
  const { tables, sequence, upgraded } = await load(database, kinds);
  if (options.strict) for (const table of tables.values()) table.list('').forEach(deepFreeze);
  if (upgraded > 0) log.info('upgraded documents of older versions', { documents: upgraded });
  return new MemoryStore(options, tables, sequence);
}

class MemoryStore implements Store {
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #database: Database;
  readonly #strict: boolean;
  readonly #feed = new ChangeFeed();
  readonly #commits: GroupCommit;
  readonly #reader: Reader;
  #sequence: number;
  #writing = false;
  #closed: Promise<void> | undefined;

  constructor(options: StoreOptions, tables: ReadonlyMap<string, Table>, sequence: number) {
    this.#tables = tables;
    this.#sequence = sequence;
    this.#database = options.database;
    this.#strict = options.strict ?? false;
    this.#commits = new GroupCommit({
      database: options.database,
      turn: options.turn ?? endOfTurn,
      onDurable: (changes) => this.#feed.publish(changes),
      onFatal: (error) => {
        this.#feed.end();
        options.onFatal(error);
      },
    });
    this.#reader = {
      get: <S, T>(kind: Kind<S, T>, key: string) => this.#table(kind).get(key) as Resource<S, T> | undefined,
      list: <S, T>(kind: Kind<S, T>, prefix = '', window?: ListWindow) =>
        this.#table(kind).list(prefix, window) as Resource<S, T>[],
      by: <S, T>(kind: Kind<S, T>, index: string, value: string) =>
        this.#table(kind).by(index, value) as Resource<S, T>[],
    };
  }

  read<R>(work: (reader: Reader) => R): R {
    this.#checkOpen();
    return work(this.#reader);
  }

  // Not async: such a function holds what it was given until it ends, and all that waits for the disk is copied by the
  // collector of garbage.
  write<R>(work: (tx: Tx) => R): Promise<R> {
    let result: R;
    try {
      this.#checkOpen();
      result = this.#transact(work);
    } catch (thrown) {
      // A refusal, too, may rest on what is not durable yet.
      return this.#commits.durable().then(() => {
        throw thrown;
      });
    }
    return this.#commits.durable().then(() => result);
  }

  async durable(): Promise<void> {
    this.#checkOpen();
    await this.#commits.durable();
  }

  watch(kinds: readonly string[], signal: AbortSignal): AsyncIterable<Change> {
    this.#checkOpen();
    for (const kind of kinds) this.#tableOf(kind);
    return this.#feed.watch(kinds, signal);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  #transact<R>(work: (tx: Tx) => R): R {
    if (this.#writing) throw new Error('A write inside a write: use the Tx at hand');
    const tx = new Transaction({ table: (kind) => this.#table(kind), sequence: this.#sequence, strict: this.#strict });
    this.#writing = true;
    try {
      const result = work(tx);
      if (isThenable(result)) throw new Error('A write is synchronous: its work must not return a promise');
      const outcome = tx.finish();
      this.#sequence = outcome.sequence;
      this.#commits.add(outcome);
      return result;
    } catch (thrown) {
      tx.undo();
      throw thrown;
    } finally {
      this.#writing = false;
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#commits.durable();
    } finally {
      this.#feed.end();
      await this.#database.close();
    }
  }

  #table(kind: AnyKind): Table {
    return this.#tableOf(kind.name);
  }

  #tableOf(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`The kind ${name} was not declared to the store`);
    return table;
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('The store is closed');
    if (this.#commits.failure) throw this.#commits.failure;
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
