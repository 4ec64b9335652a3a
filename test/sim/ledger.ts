// Keeps account of what the database acknowledged, to hold every restart against it.
import type { Database, DocumentRow } from '#kernel/store.ts';
import type { History } from './history.ts';

/** A document became durable, or its absence. */
export type Landing = (row: DocumentRow) => void;

type Documents = Map<string, DocumentRow>;

export class Ledger {
  readonly #history: History;
  readonly #onLanding: Landing;
  #documents: Documents = new Map();
  #underWay: readonly DocumentRow[] = [];
  /** Documents written, over all lives. */
  landings = 0;

  constructor(history: History, onLanding: Landing) {
    this.#history = history;
    this.#onLanding = onLanding;
  }

  /** A database that writes into the books whatever passes through it. */
  watch(database: Database): Database {
    return {
      load: async () => {
        const { documents, sequence } = await database.load();
        const rows: DocumentRow[] = [];
        for await (const row of documents) rows.push(row);
        this.#audit(rows);
        return { documents: rows, sequence };
      },
      commit: async (batch, sequence) => {
        this.#underWay = batch;
        await database.commit(batch, sequence);
        this.#underWay = [];
        this.#land(batch);
      },
      close: () => database.close(),
    };
  }

  /** What was acknowledged must be there as it was; the commit that nobody was told of is there whole, or not at all. */
  #audit(rows: readonly DocumentRow[]): void {
    const found: Documents = new Map(rows.map((row) => [idOf(row), row]));
    const landed = applied(this.#documents, this.#underWay);
    if (same(found, landed)) {
      this.#land(this.#underWay);
    } else if (!same(found, this.#documents)) {
      const lost = [...this.#documents.keys()].filter((id) => found.get(id)?.body !== this.#documents.get(id)?.body);
      this.#history.violated(
        `the database lost or changed what it had acknowledged: ${lost.join(', ') || 'more is there'}`,
      );
      this.#documents = found;
    }
    this.#underWay = [];
  }

  #land(batch: readonly DocumentRow[]): void {
    this.#documents = applied(this.#documents, batch);
    this.landings += batch.length;
    for (const row of batch) this.#onLanding(row);
  }
}

function idOf({ kind, key }: Pick<DocumentRow, 'kind' | 'key'>): string {
  return `${kind} ${key}`;
}

function applied(documents: Documents, batch: readonly DocumentRow[]): Documents {
  const next = new Map(documents);
  for (const row of batch) {
    if (row.body === undefined) next.delete(idOf(row));
    else next.set(idOf(row), row);
  }
  return next;
}

function same(a: Documents, b: Documents): boolean {
  return (
    a.size === b.size &&
    [...a].every(([id, { body, revision }]) => {
      const other = b.get(id);
      return other !== undefined && other.body === body && other.revision === revision;
    })
  );
}
