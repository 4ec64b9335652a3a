// The store's contract: the working set in memory, a database under it as the durable truth.

/**
 * A stored thing: what is wanted of it and what was observed of it. Never mutated; a change makes a new one. Of a kind that
 * is kept as text, `spec` and `status` are read when first asked for: take them from the resource, do not spread it.
 */
export interface Resource<S, T> {
  readonly key: string;
  /** The store's sequence number at the resource's last change. */
  readonly revision: number;
  /** Wanted: written by a handler or by the parent's reconciler. */
  readonly spec: S;
  /** Observed: written by one named reconciler. */
  readonly status: T;
}

/** What a kind keeps of a resource beside its key and revision. */
export interface Content<S, T> {
  readonly spec: S;
  readonly status: T;
}

/** A kind of resource: JSON documents under one name. Declared once, in its service's `kinds.ts`. */
export interface Kind<S, T> {
  /** `<service>/<noun>`, e.g. `ecs/task`: part of the database, never renamed. */
  readonly name: string;
  /** The shape's version, from 1. Documents of an older version pass through `upgrade` when they are loaded. */
  readonly version: number;
  /** Turns a document of version `from` into the present shape. Required once `version` > 1. */
  upgrade?(content: Content<unknown, unknown>, from: number): Content<S, T>;
  /**
   * How resources lie in memory: as objects, when absent; or as their JSON text, for kinds with many large documents that
   * are seldom read again.
   */
  readonly residence?: 'text';
  /** Secondary look-ups: the value(s) under which a resource is found by `Reader.by`. */
  readonly indexes?: Readonly<Record<string, (resource: Resource<S, T>) => string | readonly string[] | undefined>>;
}

/** A kind of whatever shape, as a `Kind<S, T>` of every S and T is one. */
export interface AnyKind extends Pick<Kind<unknown, unknown>, 'name' | 'version' | 'upgrade' | 'residence'> {
  readonly indexes?: Readonly<Record<string, (resource: never) => string | readonly string[] | undefined>>;
}

/** A part of a list, so that a page costs what it shows. */
export interface ListWindow {
  /** Only resources whose key comes after this one; it need not be there. */
  readonly after?: string | undefined;
  /** At most so many; all, when absent. */
  readonly limit?: number;
}

/** One consistent view of the working set. Lists are ordered by key (by UTF-16 code unit). */
export interface Reader {
  get<S, T>(kind: Kind<S, T>, key: string): Resource<S, T> | undefined;
  /** Resources whose key starts with `prefix` (all, when absent), or the part of them that `window` leaves. */
  list<S, T>(kind: Kind<S, T>, prefix?: string, window?: ListWindow): Resource<S, T>[];
  /** Resources that `kind.indexes[index]` files under `value`, ordered by key. */
  by<S, T>(kind: Kind<S, T>, index: string, value: string): Resource<S, T>[];
}

/** A view that can be changed. Its own changes are visible through it at once. */
export interface Tx extends Reader {
  /**
   * Creates or replaces a resource; the same content as before changes nothing. Content must survive JSON unchanged (no
   * Date, undefined in arrays, Map, …) and is never touched again by the caller.
   */
  put<S, T>(kind: Kind<S, T>, key: string, content: Content<S, T>): Resource<S, T>;
  /** Replaces the wanted part. Throws where the resource does not exist. */
  setSpec<S, T>(kind: Kind<S, T>, key: string, spec: S): Resource<S, T>;
  /** Replaces the observed part. Throws where the resource does not exist. */
  setStatus<S, T>(kind: Kind<S, T>, key: string, status: T): Resource<S, T>;
  /** Removes a resource; nothing happens where there is none. */
  delete<S, T>(kind: Kind<S, T>, key: string): void;
}

/** One resource created (`before` absent), changed or deleted (`after` absent). */
export interface Change {
  readonly kind: string;
  readonly key: string;
  readonly sequence: number;
  readonly before?: Resource<unknown, unknown>;
  readonly after?: Resource<unknown, unknown>;
}

export interface Store {
  /** Synchronous; sees everything that was written, durable or not yet. Before revealing it, await `durable()`. */
  read<R>(work: (reader: Reader) => R): R;
  /**
   * Runs `work` atomically and at once: if it throws, nothing changed and the promise rejects with what it threw. No I/O
   * inside. Settles, either way, once it and everything that it could see is durable (group commit).
   */
  write<R>(work: (tx: Tx) => R): Promise<R>;
  /** Resolves once everything written so far is durable; at once when nothing is under way. */
  durable(): Promise<void>;
  /**
   * Changes of the named kinds that become durable from now on, in order. Ends when `signal` aborts, the store closes or
   * a commit fails. For one consumer; a transaction's changes to one resource come as one.
   */
  watch(kinds: readonly string[], signal: AbortSignal): AsyncIterable<Change>;
  /** Waits for what is under way, then closes the database. Later calls throw. */
  close(): Promise<void>;
}

/** One document as the database keeps it; `body` absent means that it is deleted. */
export interface DocumentRow {
  readonly kind: string;
  readonly key: string;
  readonly version: number;
  readonly revision: number;
  readonly body?: string;
}

/** The durable truth under a store: batches of documents. Every implementation passes `store.suite.ts`. */
export interface Database {
  /** Every document, each with its body, in any order, and the highest sequence ever committed (0 at first). */
  load(): Promise<{
    readonly documents: Iterable<DocumentRow> | AsyncIterable<DocumentRow>;
    readonly sequence: number;
  }>;
  /**
   * Makes a batch durable, all or nothing, and with it `sequence`. No document is twice in a batch. One commit at a time;
   * a rejection means that the outcome is unknown.
   */
  commit(batch: readonly DocumentRow[], sequence: number): Promise<void>;
  close(): Promise<void>;
}
