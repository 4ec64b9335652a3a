// A ledger whose every transaction touches six documents that must agree: what the kill test writes and checks.
import assert from 'node:assert/strict';
import { fraction } from '#kernel/random.ts';
import type { Random } from '#kernel/random.ts';
import type { Kind, Reader, Tx } from '#kernel/store.ts';

/** Money that is moved about; the sum never changes. Indexed by whether it is owed. */
const accounts: Kind<number, null> = {
  name: 'ledger/account',
  version: 1,
  indexes: { owed: ({ spec }) => (spec < 0 ? 'yes' : 'no') },
};
/** How many transactions each writer has made. */
export const counters: Kind<number, null> = { name: 'ledger/counter', version: 1 };
/** Each writer's last transaction, under `<writer>/<count>`; the one before is deleted with it. */
const entries: Kind<{ readonly writer: string; readonly count: number }, null> = {
  name: 'ledger/entry',
  version: 1,
  indexes: { writer: ({ spec }) => spec.writer },
};
export const ledgerKinds = [accounts, counters, entries];

const accountCount = 20;

/** One transaction of `writer`: counts it, replaces its entry, moves money. Returns the count. */
export function transfer(tx: Tx, writer: string, random: Random): number {
  const count = (tx.get(counters, writer)?.spec ?? 0) + 1;
  tx.put(counters, writer, { spec: count, status: null });
  tx.delete(entries, `${writer}/${count - 1}`);
  tx.put(entries, `${writer}/${count}`, { spec: { writer, count }, status: null });
  const from = Math.floor(fraction(random) * accountCount);
  const to = (from + 1 + Math.floor(fraction(random) * (accountCount - 1))) % accountCount;
  const amount = 1 + Math.floor(fraction(random) * 100);
  for (const [account, change] of [
    [from, -amount],
    [to, amount],
  ]) {
    const key = `${account}`;
    tx.put(accounts, key, { spec: (tx.get(accounts, key)?.spec ?? 0) + change!, status: null });
  }
  return count;
}

/**
 * Throws where a transaction is half there, an index is not what a look at every document says, or one of the
 * acknowledged transactions (writer -> count) is missing.
 */
export function checkLedger(reader: Reader, acknowledged: ReadonlyMap<string, number>): void {
  const sum = reader.list(accounts).reduce((total, { spec }) => total + spec, 0);
  assert.equal(sum, 0, 'money was made or lost');
  const found = reader.list(counters);
  assert.equal(reader.list(entries).length, found.length, 'one entry per writer');
  for (const { key: writer, spec: count } of found) {
    const own = reader.by(entries, 'writer', writer);
    assert.deepEqual(
      own.map(({ key }) => key),
      [`${writer}/${count}`],
    );
    assert.deepEqual(own[0]!.spec, { writer, count });
  }
  for (const owed of ['yes', 'no']) {
    const rebuilt = reader.list(accounts).filter(({ spec }) => spec < 0 === (owed === 'yes'));
    assert.deepEqual(reader.by(accounts, 'owed', owed), rebuilt);
  }
  for (const [writer, count] of acknowledged) {
    // A writer has one transaction under way, which may have become durable without an acknowledgement.
    const stored = reader.get(counters, writer)?.spec ?? 0;
    assert.ok(stored === count || stored === count + 1, `${writer}: acknowledged ${count}, stored ${stored}`);
  }
}
