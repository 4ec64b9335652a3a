// The documents of a SQLite database as of one moment, beside the process that writes it, if one does.
import { DatabaseSync } from 'node:sqlite';
import { load } from './store-load.ts';
import { schema } from './store-sqlite.ts';
import type { AnyKind, DocumentRow, Kind, Reader, Resource } from './store.ts';

/** How long to wait for a writer that is just making the log. */
const patienceMs = 5000;

/**
 * Reads the documents of some kinds in the file `path`; changes nothing. Throws where there is no such file, and as
 * openSqliteDatabase and createStore do.
 */
export async function readSnapshot(path: string, kinds: readonly AnyKind[]): Promise<Reader> {
  const { tables } = await load({ load: async () => documentsOf(path, kinds), commit: async () => {}, close }, kinds);
  return {
    get: <S, T>(kind: Kind<S, T>, key: string) => tables.get(kind.name)?.get(key) as Resource<S, T> | undefined,
    list: <S, T>(kind: Kind<S, T>, prefix = '') => (tables.get(kind.name)?.list(prefix) ?? []) as Resource<S, T>[],
    by: <S, T>(kind: Kind<S, T>, index: string, value: string) =>
      (tables.get(kind.name)?.by(index, value) ?? []) as Resource<S, T>[],
  };
}

async function close(): Promise<void> {}

function documentsOf(path: string, kinds: readonly AnyKind[]): { documents: DocumentRow[]; sequence: number } {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: patienceMs });
  try {
    // One moment for all that follows.
    connection.exec('BEGIN');
    const found = connection.prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()?.['value'];
    if (found !== schema) {
      throw new Error(`${path} has the layout ${found} of a newer Berth than this one, which knows layout ${schema}`);
    }
    const query = connection.prepare('SELECT kind, key, version, revision, body FROM documents WHERE kind = ?');
    const documents = kinds.flatMap(({ name }) => query.all(name) as unknown as DocumentRow[]);
    return { documents, sequence: 0 };
  } finally {
    connection.close();
  }
}
