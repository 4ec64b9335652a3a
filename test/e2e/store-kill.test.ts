// kill -9 at any moment under load: nothing acknowledged is lost, nothing is half done.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '#kernel/log.ts';
import { fraction, systemRandom } from '#kernel/random.ts';
import { createStore } from '#kernel/store-create.ts';
import { openSqliteDatabase } from '#kernel/store-sqlite.ts';
import { checkLedger, counters, ledgerKinds } from './ledger.fixture.ts';

const kills = 100;
const mostAcknowledgements = 300;

/** Runs a writer until it has acknowledged `enough` writes, kills it, and notes all that it has acknowledged. */
async function writeAndKill(path: string, enough: number, acknowledged: Map<string, number>): Promise<void> {
  const writer = fileURLToPath(import.meta.resolve('./ledger-writer.fixture.ts'));
  // Each start compiles the same few files.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(path), 'compiled') };
  const child = spawn(process.execPath, [writer, path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lines += text.split('\n').length - 1;
    if (lines >= enough) child.kill('SIGKILL');
  });
  const [code, signal] = await closed;
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the writer ended by itself');
  // A last line without its newline was not written whole, and acknowledges nothing.
  for (const line of output.split('\n').slice(0, -1)) {
    const [name, count] = line.split(' ');
    acknowledged.set(name!, Number(count));
  }
}

/**
 * Opens the database as a restarted control plane does, and checks it. What it finds has been seen, and counts as
 * acknowledged from now on. Returns the sequence.
 */
async function recover(path: string, acknowledged: Map<string, number>): Promise<number> {
  const database = openSqliteDatabase(path);
  const { sequence, documents } = await database.load();
  let highest = 0;
  for await (const { revision } of documents) highest = Math.max(highest, revision);
  assert.ok(highest <= sequence, `revision ${highest} is above the sequence ${sequence}`);
  const store = await createStore({ database, kinds: ledgerKinds, log: silentLog, onFatal: assert.fail, strict: true });
  store.read((reader) => {
    checkLedger(reader, acknowledged);
    for (const { key, spec } of reader.list(counters)) acknowledged.set(key, spec);
  });
  await store.close();
  return sequence;
}

test(`a store killed ${kills} times under load keeps all that it acknowledged, and nothing by halves`, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-kill-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'store.db');
  const acknowledged = new Map<string, number>();
  let sequence = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await writeAndKill(path, 1 + Math.floor(fraction(systemRandom) * mostAcknowledgements), acknowledged);
    const next = await recover(path, acknowledged);
    assert.ok(next > sequence, `the sequence went from ${sequence} to ${next}`);
    sequence = next;
  }
  const connection = new DatabaseSync(path);
  assert.equal(connection.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok');
  connection.close();
  const total = acknowledged.values().reduce((sum, count) => sum + count, 0);
  assert.ok(total >= kills, `${total} writes were acknowledged`);
  context.diagnostic(`${total} acknowledged writes, ${sequence} changes`);
});

test('the check finds a lost write and a transaction that is half there', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-kill-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'store.db');
  const acknowledged = new Map<string, number>();
  await writeAndKill(path, 500, acknowledged);
  await recover(path, acknowledged);
  const [writer, count] = [...acknowledged][0]!;
  await assert.rejects(recover(path, new Map([[writer, count + 2]])), /acknowledged \d+, stored \d+/);
  const connection = new DatabaseSync(path);
  connection.exec(`DELETE FROM documents WHERE kind = 'ledger/account' AND key = (SELECT key FROM documents
    WHERE kind = 'ledger/account' AND body NOT LIKE '{"spec":0,%' LIMIT 1)`);
  connection.close();
  await assert.rejects(recover(path, acknowledged), /money was made or lost/);
});
