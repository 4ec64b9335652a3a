// An installation's secrets: made once, kept for ever, read by nobody else.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { openDataDirectory, type DataDirectory } from '#kernel/data-directory.ts';
import { systemRandom } from '#kernel/random.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { installationId, readRootKeys, rootKeys, sealingKey, sealingKeyIn } from './keys.ts';

function directory(t: TestContext): DataDirectory {
  const path = mkdtempSync(join(tmpdir(), 'berth-keys-'));
  const opened = openDataDirectory(path, systemClock);
  t.after(() => {
    opened.release();
    rmSync(path, { recursive: true });
  });
  return opened;
}

const chosen = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY=' };
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('root keys are made at random at first and kept', (t) => {
  const opened = directory(t);
  assert.equal(readRootKeys(opened.path), undefined);
  const made = rootKeys(opened, undefined, systemRandom);
  assert.match(made.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
  assert.match(made.secretAccessKey, /^[A-Za-z0-9/+]{40}$/);
  assert.deepEqual(rootKeys(opened, undefined, systemRandom), made);
  assert.deepEqual(readRootKeys(opened.path), made);
  assert.notDeepEqual(rootKeys(directory(t), undefined, systemRandom), made);
});

test('chosen root keys take the place of those kept, and stay', (t) => {
  const opened = directory(t);
  rootKeys(opened, undefined, systemRandom);
  assert.deepEqual(rootKeys(opened, chosen, systemRandom), chosen);
  assert.deepEqual(rootKeys(opened, undefined, systemRandom), chosen);
});

test('the file of the keys is one that the AWS tools read', (t) => {
  const opened = directory(t);
  rootKeys(opened, chosen, systemRandom);
  const lines = [
    '[default]',
    `aws_access_key_id = ${chosen.accessKeyId}`,
    `aws_secret_access_key = ${chosen.secretAccessKey}`,
    '',
  ];
  assert.equal(readFileSync(opened.file('credentials'), 'utf8'), lines.join('\n'));
});

test('a file that was broken by hand is not quietly replaced', (t) => {
  const opened = directory(t);
  writeFileSync(opened.file('credentials'), '[default]\naws_access_key_id = AKIA\n');
  assert.throws(() => rootKeys(opened, undefined, systemRandom), /credentials does not hold a key pair/);
});

test('nobody else may read them', (t) => {
  const opened = directory(t);
  rootKeys(opened, undefined, systemRandom);
  sealingKey(opened, 'page tokens', systemRandom);
  installationId(opened, systemRandom);
  for (const name of ['credentials', 'sealing-key', 'installation'])
    assert.equal(modeOf(opened.file(name)), 0o600, name);
  assert.equal(modeOf(opened.path), 0o700);
});

test('each purpose has a sealing key of its own, the same after every start', (t) => {
  const opened = directory(t);
  const pages = sealingKey(opened, 'page tokens', seededRandom(1));
  assert.equal(pages.byteLength, 32);
  assert.notDeepEqual(sealingKey(opened, 'registry tokens', seededRandom(1)), pages);
  assert.deepEqual(sealingKey(opened, 'page tokens', seededRandom(2)), pages);
  assert.notDeepEqual(sealingKey(directory(t), 'page tokens', seededRandom(3)), pages);
});

test('a sealing key that is kept can be read by whoever may read the directory, and is not made by reading', (t) => {
  const opened = directory(t);
  assert.equal(sealingKeyIn(opened.path, 'account keys'), undefined);
  const made = sealingKey(opened, 'account keys', systemRandom);
  assert.deepEqual(sealingKeyIn(opened.path, 'account keys'), made);
  assert.notDeepEqual(sealingKeyIn(opened.path, 'page tokens'), made);
});

test('an installation keeps its name', (t) => {
  const opened = directory(t);
  const name = installationId(opened, systemRandom);
  assert.match(name, /^[0-9a-f]{32}$/);
  assert.equal(installationId(opened, systemRandom), name);
});
