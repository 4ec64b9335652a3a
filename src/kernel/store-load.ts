// Reads a database into tables, and brings documents of older versions up to date.
import type { AnyKind, Content, Database, DocumentRow, Resource } from './store.ts';
import { Table } from './table.ts';
import { TextResource } from './text-resource.ts';
import { resourceOf, rowOf } from './transaction.ts';

export interface Loaded {
  /** By the kind's name. */
  readonly tables: ReadonlyMap<string, Table>;
  readonly sequence: number;
  /** How many documents were of an older version. They are written back already. */
  readonly upgraded: number;
}

/** Rejects where a document is of an unknown kind or a newer version, or an `upgrade` throws; nothing is written then. */
export async function load(database: Database, kinds: readonly AnyKind[]): Promise<Loaded> {
  const tables = declare(kinds);
  const { documents, sequence } = await database.load();
  const upgraded: DocumentRow[] = [];
  for await (const row of documents) {
    const table = tables.get(row.kind);
    if (!table) {
      throw new Error(
        `The database holds a document of the kind ${row.kind}, which this version of Berth does not know`,
      );
    }
    const resource = storedResource(table.kind, row);
    table.set(row.key, resource);
    if (row.version < table.kind.version) upgraded.push(rowOf(table.kind, row.key, resource, row.revision));
  }
  if (upgraded.length > 0) await database.commit(upgraded, sequence);
  return { tables, sequence, upgraded: upgraded.length };
}

function declare(kinds: readonly AnyKind[]): ReadonlyMap<string, Table> {
  const tables = new Map<string, Table>();
  for (const kind of kinds) {
    if (tables.has(kind.name)) throw new Error(`The kind ${kind.name} is declared twice`);
    if (kind.version > 1 && !kind.upgrade)
      throw new Error(`The kind ${kind.name} has no upgrade to version ${kind.version}`);
    tables.set(kind.name, new Table(kind));
  }
  return tables;
}

function storedResource(kind: AnyKind, row: DocumentRow): Resource<unknown, unknown> {
  const { key, version, revision, body } = row;
  if (body === undefined) throw new Error(`The database's ${kind.name} ${key} has no body`);
  if (version > kind.version) {
    throw new Error(
      `The database's ${kind.name} ${key} has version ${version}: ` +
        `it was written by a newer Berth than this one, which knows version ${kind.version}`,
    );
  }
  if (version === kind.version && kind.residence === 'text') return new TextResource({ key, revision, text: body });
  const stored = JSON.parse(body) as Content<unknown, unknown>;
  return resourceOf(kind, row, version === kind.version ? stored : kind.upgrade!(stored, version));
}
