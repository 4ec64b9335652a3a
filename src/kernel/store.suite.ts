// What every database under a store must do: run by the tests of each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from './log.ts';
import { createStore } from './store-create.ts';
import type { Database, DocumentRow, Kind, Store } from './store.ts';

/** An empty place where databases can be opened one after the other, each finding what those before it committed. */
export interface DatabasePlace {
  open(): Promise<Database>;
  remove(): Promise<void>;
}

const row = (key: string, revision: number, body?: string, kind = 'suite/thing'): DocumentRow => {
  return { kind, key, version: 1, revision, ...(body !== undefined && { body }) };
};

const text = (value: unknown) => JSON.stringify({ spec: value, status: {} });

interface Thing {
  readonly name: string;
  readonly group?: string;
}
const things: Kind<Thing, object> = { name: 'suite/thing', version: 1, indexes: { group: ({ spec }) => spec.group } };

/** Registers the suite's tests with node:test. */
export function databaseSuite(name: string, makePlace: () => Promise<DatabasePlace>): void {
  const check = (title: string, work: (place: DatabasePlace) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const place = await makePlace();
      try {
        await work(place);
      } finally {
        await place.remove();
      }
    });
  documentTests(check);
  storeTests(check);
}

type Check = (title: string, work: (place: DatabasePlace) => Promise<void>) => void;

function documentTests(check: Check): void {
  check('a new database is empty and at sequence 0', async (place) => {
    assert.deepEqual(await contents(await place.open()), { documents: [], sequence: 0 });
  });

  check('what is committed is there when it is opened again', async (place) => {
    const documents = [
      row('a', 1, text(1)),
      row('a', 2, text(2), 'suite/other'),
      { ...row('b', 3, text(3)), version: 7 },
    ];
    await withDatabase(place, (database) => database.commit(documents, 3));
    await withDatabase(place, async (database) => {
      assert.deepEqual(await contents(database), { documents: inOrder(documents), sequence: 3 });
    });
  });

  check('a later commit replaces and deletes, and deleting what is not there is no error', async (place) => {
    await withDatabase(place, async (database) => {
      await database.commit([row('a', 1, text('old')), row('b', 2, text('gone')), row('c', 3, text('kept'))], 3);
      await database.commit([row('a', 4, text('new')), row('b', 5), row('never', 6)], 6);
    });
    await withDatabase(place, async (database) => {
      const documents = [row('a', 4, text('new')), row('c', 3, text('kept'))];
      assert.deepEqual(await contents(database), { documents, sequence: 6 });
    });
  });

  check('an empty commit keeps the sequence, up to the largest safe integer', async (place) => {
    await withDatabase(place, (database) => database.commit([], Number.MAX_SAFE_INTEGER));
    await withDatabase(place, async (database) => {
      assert.deepEqual(await contents(database), { documents: [], sequence: Number.MAX_SAFE_INTEGER });
    });
  });

  check('a batch that cannot be committed leaves nothing behind', async (place) => {
    await withDatabase(place, async (database) => {
      await database.commit([row('a', 1, text('old'))], 1);
      const wrong = { ...row('z', 3, text('?')), version: Symbol('no number') as unknown as number };
      await assert.rejects(database.commit([row('a', 2, text('new')), wrong], 3));
    });
    await withDatabase(place, async (database) => {
      assert.deepEqual(await contents(database), { documents: [row('a', 1, text('old'))], sequence: 1 });
    });
  });

  check('keys and bodies of any characters survive, and keys differ by case and by accents', async (place) => {
    const keys = [
      'a',
      'A',
      'ä',
      'a\u0308',
      ' a',
      'a ',
      "it's",
      '"',
      '%',
      '_',
      '/a//b/',
      '\u{1f600}',
      '\uffff',
      'k'.repeat(2000),
    ];
    const documents = keys.map((key, i) => row(key, i + 1, text(`${key}\0\n\ud800`)));
    await withDatabase(place, (database) => database.commit(documents, keys.length));
    await withDatabase(place, async (database) => {
      assert.deepEqual((await contents(database)).documents, inOrder(documents));
    });
  });

  check('a body of four megabytes survives', async (place) => {
    const document = row('big', 1, text('é'.repeat(4 << 20)));
    await withDatabase(place, (database) => database.commit([document], 1));
    await withDatabase(place, async (database) => assert.deepEqual((await contents(database)).documents, [document]));
  });
}

function storeTests(check: Check): void {
  check('a store finds its resources, their revisions and indexes again', async (place) => {
    const written = await withStore(place, async (store) => {
      await store.write((tx) => {
        for (let i = 0; i < 1000; i += 1)
          tx.put(things, `k/${i}`, { spec: { name: `n${i}`, group: `g${i % 7}` }, status: {} });
      });
      await store.write((tx) => {
        tx.setStatus(things, 'k/3', { seen: true });
        tx.delete(things, 'k/10');
      });
      return snapshot(store);
    });
    assert.equal(written.all.length, 999);
    assert.deepEqual(await withStore(place, async (store) => snapshot(store)), written);
  });

  check('revisions go on increasing when the store is opened again', async (place) => {
    let last = 0;
    for (let round = 0; round < 5; round += 1) {
      await withStore(place, async (store) => {
        const { revision } = await store.write((tx) =>
          tx.put(things, 'one', { spec: { name: `${round}` }, status: {} }),
        );
        assert.ok(revision > last, `${revision} > ${last}`);
        await store.write((tx) => tx.delete(things, 'one'));
        last = revision + 1;
      });
    }
  });

  check('writes at once are durable together and in order', async (place) => {
    await withStore(place, async (store) => {
      const increment = () => {
        return store.write((tx) => {
          const count = Number(tx.get(things, 'count')?.spec.name ?? 0) + 1;
          tx.put(things, 'count', { spec: { name: `${count}` }, status: {} });
          return count;
        });
      };
      const counts = await Promise.all(Array.from({ length: 100 }, increment));
      assert.deepEqual(
        counts,
        Array.from({ length: 100 }, (_, i) => i + 1),
      );
    });
    await withStore(place, async (store) => {
      assert.equal(store.read((reader) => reader.get(things, 'count'))?.spec.name, '100');
    });
  });

  check('documents of an older version are upgraded once, in the database, too', async (place) => {
    await withStore(place, (store) => store.write((tx) => tx.put(things, 'a', { spec: { name: 'x' }, status: {} })));
    const renamed: Kind<{ title: string }, object> = {
      name: things.name,
      version: 3,
      upgrade({ spec }, from) {
        assert.equal(from, 1);
        return { spec: { title: (spec as Thing).name }, status: {} };
      },
    };
    const expected = { key: 'a', revision: 1, spec: { title: 'x' }, status: {} };
    for (const kind of [renamed, { ...renamed, upgrade: () => assert.fail('upgraded twice') }]) {
      const store = await createStore({
        database: await place.open(),
        kinds: [kind],
        log: silentLog,
        onFatal: assert.fail,
      });
      assert.deepEqual(
        store.read((reader) => reader.get(kind, 'a')),
        expected,
      );
      await store.close();
    }
    await assert.rejects(
      withStore(place, async () => {}),
      /suite\/thing a has version 3: .* newer Berth .* version 1/,
    );
  });

  check('a kind that nobody declared is refused', async (place) => {
    await withDatabase(place, (database) => database.commit([row('a', 1, text(1), 'future/kind')], 1));
    await assert.rejects(
      withStore(place, async () => {}),
      /kind future\/kind, which this version of Berth does not know/,
    );
  });
}

async function withDatabase(place: DatabasePlace, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await place.open();
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

async function withStore<R>(place: DatabasePlace, work: (store: Store) => Promise<R>): Promise<R> {
  const database = await place.open();
  try {
    const options = { database, kinds: [things], log: silentLog, onFatal: assert.fail, strict: true };
    return await work(await createStore(options));
  } finally {
    await database.close();
  }
}

function snapshot(store: Store) {
  return store.read((reader) => ({
    all: reader.list(things),
    groups: Array.from({ length: 8 }, (_, i) => reader.by(things, 'group', `g${i}`)),
  }));
}

async function contents(database: Database): Promise<{ documents: DocumentRow[]; sequence: number }> {
  const { documents, sequence } = await database.load();
  const found: DocumentRow[] = [];
  for await (const { kind, key, version, revision, body } of documents)
    found.push({ kind, key, version, revision, body });
  return { documents: inOrder(found), sequence };
}

function inOrder(rows: readonly DocumentRow[]): DocumentRow[] {
  const id = ({ kind, key }: DocumentRow) => `${kind}\0${key}`;
  return rows.toSorted((a, b) => (id(a) < id(b) ? -1 : 1));
}
