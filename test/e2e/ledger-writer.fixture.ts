// Writes to the ledger in the database given as its argument until it is killed; a line for each acknowledged write.
import { writeSync } from 'node:fs';
import { silentLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createStore } from '#kernel/store-create.ts';
import { openSqliteDatabase } from '#kernel/store-sqlite.ts';
import { ledgerKinds, transfer } from './ledger.fixture.ts';

const store = await createStore({
  database: openSqliteDatabase(process.argv[2]!),
  kinds: ledgerKinds,
  log: silentLog,
  onFatal(error) {
    throw error;
  },
});

async function keepWriting(writer: string): Promise<never> {
  for (;;) {
    const count = await store.write((tx) => transfer(tx, writer, systemRandom));
    writeSync(1, `${writer} ${count}\n`);
  }
}

await Promise.all(Array.from({ length: 32 }, (_, i) => keepWriting(`w${i}`)));
