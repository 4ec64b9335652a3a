// One write: changes the tables in place and can take it all back, so that its own reads need no merging.
import { deepFreeze, sameJson } from './json.ts';
import type { AnyKind, Change, Content, DocumentRow, Kind, ListWindow, Resource, Tx } from './store.ts';
import type { Table } from './table.ts';
import { TextResource } from './text-resource.ts';

type Any = Resource<unknown, unknown>;

/** What a transaction did to one resource. */
interface Touch {
  readonly table: Table;
  readonly key: string;
  readonly before: Any | undefined;
  /** The number of its last change. */
  readonly sequence: number;
}

/** What a finished transaction leaves to be made durable and announced, in order of sequence. */
export interface Outcome {
  readonly rows: readonly DocumentRow[];
  readonly changes: readonly Change[];
  /** The highest number given so far. */
  readonly sequence: number;
}

export interface TransactionOptions {
  /** The table of a kind; throws where it was not declared. */
  readonly table: (kind: AnyKind) => Table;
  /** The last number given. */
  readonly sequence: number;
  /** Check that content survives JSON, and freeze it. */
  readonly strict: boolean;
}

/** Ends with exactly one of `finish` and `undo`; refuses everything afterwards. */
export class Transaction implements Tx {
  readonly #options: TransactionOptions;
  /** By kind and key, in order of last change. */
  readonly #touched = new Map<string, Touch>();
  #sequence: number;
  #over = false;

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.#sequence = options.sequence;
  }

  get<S, T>(kind: Kind<S, T>, key: string): Resource<S, T> | undefined {
    return this.#table(kind).get(key) as Resource<S, T> | undefined;
  }

  list<S, T>(kind: Kind<S, T>, prefix = '', window?: ListWindow): Resource<S, T>[] {
    return this.#table(kind).list(prefix, window) as Resource<S, T>[];
  }

  by<S, T>(kind: Kind<S, T>, index: string, value: string): Resource<S, T>[] {
    return this.#table(kind).by(index, value) as Resource<S, T>[];
  }

  put<S, T>(kind: Kind<S, T>, key: string, content: Content<S, T>): Resource<S, T> {
    const table = this.#table(kind);
    checkKey(kind.name, key);
    const present = table.get(key);
    if (present && sameJson(present.spec, content.spec) && sameJson(present.status, content.status)) {
      return present as Resource<S, T>;
    }
    if (this.#options.strict) {
      checkJson(kind.name, key, content);
      deepFreeze(content);
    }
    const next = resourceOf(table.kind, { key, revision: this.#sequence + 1 }, content) as Resource<S, T>;
    if (this.#options.strict) Object.freeze(next);
    this.#set(table, key, next);
    return next;
  }

  setSpec<S, T>(kind: Kind<S, T>, key: string, spec: S): Resource<S, T> {
    return this.put(kind, key, { spec, status: this.#existing(kind, key).status });
  }

  setStatus<S, T>(kind: Kind<S, T>, key: string, status: T): Resource<S, T> {
    return this.put(kind, key, { spec: this.#existing(kind, key).spec, status });
  }

  delete<S, T>(kind: Kind<S, T>, key: string): void {
    const table = this.#table(kind);
    if (table.get(key)) this.#set(table, key, undefined);
  }

  /** Ends it well. Throws where a content is no JSON at all; `undo` is still possible then. */
  finish(): Outcome {
    const changes: Change[] = [];
    const rows: DocumentRow[] = [];
    for (const { table, key, before, sequence } of this.#touched.values()) {
      const after = table.get(key);
      if (!before && !after) continue;
      changes.push({ kind: table.kind.name, key, sequence, ...(before && { before }), ...(after && { after }) });
      rows.push(rowOf(table.kind, key, after, sequence));
    }
    this.#over = true;
    return { rows, changes, sequence: this.#sequence };
  }

  /** Takes every change back. */
  undo(): void {
    for (const { table, key, before } of this.#touched.values()) table.set(key, before);
    this.#over = true;
  }

  #table(kind: AnyKind): Table {
    if (this.#over) throw new Error('The transaction is over: a Tx is of use only inside its write');
    return this.#options.table(kind);
  }

  #existing<S, T>(kind: Kind<S, T>, key: string): Resource<S, T> {
    const resource = this.get(kind, key);
    if (!resource) throw new Error(`There is no ${kind.name} ${key}`);
    return resource;
  }

  #set(table: Table, key: string, next: Any | undefined): void {
    const before = table.get(key);
    table.set(key, next);
    this.#sequence += 1;
    const id = `${table.kind.name}\0${key}`;
    const touch = this.#touched.get(id);
    this.#touched.delete(id);
    this.#touched.set(id, { table, key, before: touch ? touch.before : before, sequence: this.#sequence });
  }
}

/** The document that a database keeps of a resource, or its deletion. Throws where its content is no JSON. */
export function rowOf(kind: AnyKind, key: string, resource: Any | undefined, revision: number): DocumentRow {
  const row = { kind: kind.name, key, version: kind.version, revision };
  if (resource === undefined) return row;
  return { ...row, body: resource instanceof TextResource ? resource.text : textOf(resource) };
}

/** A resource as its kind's lie in memory. Throws where its content is no JSON. */
export function resourceOf(
  kind: AnyKind,
  name: Pick<Any, 'key' | 'revision'>,
  content: Content<unknown, unknown>,
): Any {
  const { key, revision } = name;
  if (kind.residence === 'text') return new TextResource({ key, revision, text: textOf(content) }, content);
  return { key, revision, spec: content.spec, status: content.status };
}

function textOf({ spec, status }: Content<unknown, unknown>): string {
  return JSON.stringify({ spec, status });
}

function checkKey(kind: string, key: string): void {
  // Databases keep keys as UTF-8 text: half a surrogate pair would not survive, and PostgreSQL takes no NUL.
  if (key === '' || key.includes('\0') || !key.isWellFormed()) {
    throw new Error(`${JSON.stringify(key)} cannot be the key of a ${kind}`);
  }
}

function checkJson(kind: string, key: string, { spec, status }: Content<unknown, unknown>): void {
  const content = { spec, status };
  if (!sameJson(content, JSON.parse(JSON.stringify(content)))) {
    throw new Error(`The content of ${kind} ${key} does not survive JSON`);
  }
}
