// The database of one machine: SQLite, with a write-ahead log that is synced at every commit.
import { chmodSync, closeSync, existsSync, fdatasync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Database, DocumentRow } from './store.ts';

/** The layout below. A database of a newer one is refused. */
export const schema = 1;

const layout = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('schema', ${schema}), ('sequence', 0);
  CREATE TABLE documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT;
`;
// With a rowid, because bodies of some kilobytes in the index's pages make commits up to twice as slow (bench: 20
// documents of 1.5 KB, 0.7 ms against 1.3 ms).

/**
 * Opens, or creates with mode 0600, the database in the file `path`. Throws where it is of a newer Berth, or no database
 * of Berth's at all.
 */
export function openSqliteDatabase(path: string): Database {
  // SQLite would create it readable by all; it gives its -wal and -shm files the mode of the database.
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
  chmodSync(path, 0o600);
  const connection = new DatabaseSync(path);
  try {
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    prepareLayout(connection, path);
    // SQLite still syncs what keeps the database whole: the log's head, and both files around a checkpoint.
    connection.exec('PRAGMA synchronous = NORMAL;');
    return new SqliteDatabase(connection, openSync(`${path}-wal`, 'r+'));
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function prepareLayout(connection: DatabaseSync, path: string): void {
  const tables = connection.prepare('SELECT name FROM sqlite_schema').all();
  if (tables.length === 0) return transact(connection, () => connection.exec(layout));
  if (!tables.some(({ name }) => name === 'meta')) throw new Error(`${path} is not a database of Berth's`);
  const found = readMeta(connection, 'schema');
  if (found !== schema) {
    throw new Error(`${path} has the layout ${found} of a newer Berth than this one, which knows layout ${schema}`);
  }
}

function readMeta(connection: DatabaseSync, name: string): unknown {
  const row = connection.prepare('SELECT value FROM meta WHERE name = ?').get(name);
  if (!row) throw new Error(`The database's table meta has no ${name}`);
  return row.value;
}

function transact(connection: DatabaseSync, work: () => void): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    work();
    connection.exec('COMMIT');
  } catch (thrown) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw thrown;
  }
}

const sync = promisify(fdatasync);

class SqliteDatabase implements Database {
  readonly #connection: DatabaseSync;
  /** The write-ahead log, which is one file as long as the connection is open. */
  readonly #wal: number;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #setSequence: StatementSync;

  constructor(connection: DatabaseSync, wal: number) {
    this.#connection = connection;
    this.#wal = wal;
    this.#put = connection.prepare(
      `INSERT INTO documents (kind, key, version, revision, body) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, revision = excluded.revision, body = excluded.body`,
    );
    this.#delete = connection.prepare('DELETE FROM documents WHERE kind = ? AND key = ?');
    this.#setSequence = connection.prepare(`UPDATE meta SET value = ? WHERE name = 'sequence'`);
  }

  async load(): Promise<{ documents: Iterable<DocumentRow>; sequence: number }> {
    const sequence = Number(readMeta(this.#connection, 'sequence'));
    const rows = this.#connection.prepare(
      'SELECT kind, key, version, revision, body FROM documents ORDER BY kind, key',
    );
    return { documents: rows.iterate() as Iterable<unknown> as Iterable<DocumentRow>, sequence };
  }

  // SQLite writes on the main thread: a worker costs 20 MB of memory, more than these moments are worth. The sync of the
  // log takes longer, and nobody else has to wait for it. It is the one that `synchronous = FULL` adds to NORMAL, which is
  // what makes a commit durable (https://www.sqlite.org/pragma.html#pragma_synchronous).
  async commit(batch: readonly DocumentRow[], sequence: number): Promise<void> {
    transact(this.#connection, () => {
      for (const { kind, key, version, revision, body } of batch) {
        if (body === undefined) this.#delete.run(kind, key);
        else this.#put.run(kind, key, version, revision, body);
      }
      this.#setSequence.run(sequence);
    });
    await sync(this.#wal);
  }

  async close(): Promise<void> {
    closeSync(this.#wal);
    this.#connection.close();
  }
}
