// The store against a plain object that does the same in the plainest way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from './clock.ts';
import { silentLog } from './log.ts';
import { createStore } from './store-create.ts';
import { createMemoryDisk } from './store-memory.ts';
import type { Kind, Reader, Tx } from './store.ts';

interface Spec {
  readonly owner: string;
  readonly tags: readonly string[];
}
const documents: Kind<Spec, { readonly n: number }> = {
  name: 'model/document',
  version: 1,
  indexes: {
    owner: ({ spec }) => spec.owner || undefined,
    tag: ({ spec }) => spec.tags,
    n: ({ status }) => `${status.n}`,
  },
};

const letters = ['a', 'b', 'c', '/', '\u{1f600}', '\uffff'];
const key = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 3 });
const tags = fc.array(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 });
const spec = fc.record({ owner: fc.constantFrom('', 'x', 'y'), tags }, { noNullPrototype: true });
const n = fc.nat(3);
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), key, spec, n }),
  fc.record({ do: fc.constant('setSpec' as const), key, spec }),
  fc.record({ do: fc.constant('setStatus' as const), key, n }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({
    do: fc.constant('look' as const),
    prefix: fc.string({ unit: fc.constantFrom(...letters), maxLength: 2 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const transaction = fc.record({ steps: fc.array(step, { maxLength: 12 }), abort: fc.boolean(), reopen: fc.nat(9) });

type Model = Map<string, { spec: Spec; status: { n: number } }>;

function runOnModel(model: Model, action: Step): void {
  if (action.do === 'look') return;
  const present = model.get(action.key);
  if (action.do === 'put') model.set(action.key, { spec: action.spec, status: { n: action.n } });
  else if (action.do === 'delete') model.delete(action.key);
  else if (!present) throw new Error('absent');
  else if (action.do === 'setSpec') model.set(action.key, { ...present, spec: action.spec });
  else model.set(action.key, { ...present, status: { n: action.n } });
}

function runOnStore(tx: Tx, action: Step): void {
  if (action.do === 'put') tx.put(documents, action.key, { spec: action.spec, status: { n: action.n } });
  else if (action.do === 'setSpec') tx.setSpec(documents, action.key, action.spec);
  else if (action.do === 'setStatus') tx.setStatus(documents, action.key, { n: action.n });
  else if (action.do === 'delete') tx.delete(documents, action.key);
}

function checkSame(reader: Reader, model: Model, prefix = ''): void {
  const unordered = [...model].map(([id, content]) => ({ key: id, ...content }));
  const all = unordered.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const found = (list: readonly { key: string; spec: Spec; status: { n: number } }[]) =>
    list.map(({ key: id, spec: wanted, status }) => ({ key: id, spec: wanted, status }));
  assert.deepEqual(
    found(reader.list(documents, prefix)),
    all.filter((each) => each.key.startsWith(prefix)),
  );
  for (const { key: id } of all) assert.equal(reader.get(documents, id)?.key, id);
  for (const owner of ['x', 'y', 'z']) {
    assert.deepEqual(
      found(reader.by(documents, 'owner', owner)),
      all.filter((each) => each.spec.owner === owner),
    );
  }
  for (const tag of ['p', 'q', 'r']) {
    assert.deepEqual(
      found(reader.by(documents, 'tag', tag)),
      all.filter((each) => each.spec.tags.includes(tag)),
    );
  }
  for (const count of [0, 1, 2, 3]) {
    assert.deepEqual(
      found(reader.by(documents, 'n', `${count}`)),
      all.filter((each) => each.status.n === count),
    );
  }
}

for (const residence of ['objects', 'text'] as const) {
  test(`a store of ${residence} is a plain map with indexes, whatever is written, aborted and reopened`, () =>
    holdsAgainstModel(residence === 'text' ? { ...documents, residence } : documents));
}

async function holdsAgainstModel(kind: typeof documents): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(transaction, { maxLength: 12 }), async (history) => {
      const disk = createMemoryDisk(systemClock);
      const open = () =>
        createStore({ database: disk.open(), kinds: [kind], log: silentLog, onFatal: assert.fail, strict: true });
      let store = await open();
      let model: Model = new Map();
      for (const { steps, abort, reopen } of history) {
        const attempt: Model = new Map(model);
        let failed = false;
        const write = store.write((tx) => {
          for (const action of steps) {
            failed ||= throws(() => runOnModel(attempt, action));
            runOnStore(tx, action);
            checkSame(tx, attempt, action.do === 'look' ? action.prefix : '');
          }
          if (abort) throw new Error('aborted');
        });
        if (abort || failed) await assert.rejects(write, /aborted|no model\/document/);
        else {
          await write;
          model = attempt;
        }
        if (reopen === 0) store = await open();
        store.read((reader) => checkSame(reader, model));
      }
    }),
  );
}

function throws(work: () => void): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
