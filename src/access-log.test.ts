// The access log on a real disk: a line a record, set aside when large, and never in its caller's way.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { createLog, silentLog } from '#kernel/log.ts';
import { until } from '#kernel/until.fixture.ts';
import { openAccessLog } from './access-log.ts';

const quiet = { log: silentLog, clock: systemClock };

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-access-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'access.log');
}

const linesOf = (path: string): unknown[] => {
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.pop(), '', 'the last line is whole');
  return lines.map((line) => JSON.parse(line) as unknown);
};

test('a record is a line of JSON, whatever stands in it, and more are added after a restart', async (t) => {
  const path = place(t);
  const first = openAccessLog(path, quiet);
  const records = [{ path: '/a\nb"\u2028😀' }, { status: 200 }];
  for (const record of records) first.record(record);
  await first.close();
  const second = openAccessLog(path, quiet);
  second.record({ again: true });
  await second.close();
  assert.deepEqual(linesOf(path), [...records, { again: true }]);
});

test('nobody else may read it', async (t) => {
  const path = place(t);
  const log = openAccessLog(path, quiet);
  log.record({});
  await log.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a large one is set aside, without a record lost, and only one is kept', async (t) => {
  const path = place(t);
  const log = openAccessLog(path, { ...quiet, maxBytes: 1000 });
  for (let number = 0; number < 100; number += 1) log.record({ number, padding: 'é'.repeat(20) });
  await log.close();
  const kept = [...linesOf(`${path}.1`), ...linesOf(path)] as { number: number }[];
  const first = kept[0]!.number;
  assert.deepEqual(
    kept.map(({ number }) => number),
    Array.from({ length: 100 - first }, (_, i) => first + i),
  );
  for (const file of [path, `${path}.1`]) {
    assert.ok(statSync(file).size < 1200, `${file} has ${statSync(file).size} bytes`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  }
  assert.ok(!existsSync(`${path}.2`));
});

test('one that was large before the restart is set aside, too', async (t) => {
  const path = place(t);
  const before = openAccessLog(path, { ...quiet, maxBytes: 10_000 });
  before.record({ padding: 'a'.repeat(5000) });
  await before.close();
  const after = openAccessLog(path, { ...quiet, maxBytes: 1000 });
  after.record({ number: 1 });
  after.record({ number: 2 });
  await after.close();
  assert.equal(linesOf(`${path}.1`).length, 1);
  assert.deepEqual(linesOf(path), [{ number: 1 }, { number: 2 }]);
});

test('a disk that takes nothing is reported and no reason to fail', async (t) => {
  const path = join(place(t), 'not', 'there');
  const said: string[] = [];
  const log = openAccessLog(path, {
    log: createLog(systemClock, 'error', (line) => said.push(line)),
    clock: systemClock,
    maxBytes: 100,
  });
  for (let number = 0; number < 50; number += 1) log.record({ number });
  await until('the report', () => said.length > 0);
  log.record({ later: true });
  await log.close();
  assert.match(said[0]!, /the access log cannot be written/);
});
