// How Trivy is run: a script in its place notes what it was given, and ends as Trivy does.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createTrivyScanner } from './trivy-scanner.ts';

const image = { reference: 'localhost:4566/api@sha256:1', username: 'AWS', password: 'secret-word' };
const version = `{"Version":"0.69.0","VulnerabilityDB":{"UpdatedAt":"2026-11-20T00:00:00Z"}}`;
const clean = '{"SchemaVersion":2,"Metadata":{"OS":{"Family":"debian"}}}';

/** A scanner whose Trivy answers `version` and then runs `script`; `calls` is the arguments and environment of each run. */
function scannerOf(t: TestContext, script: string, answer = version) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-trivy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const notes = join(folder, 'notes');
  const lines = [
    '#!/bin/sh',
    `if [ "$1" = version ]; then echo '${answer}'; exit 0; fi`,
    `{ echo "ARGS $*"; env; echo "FOLDER $(pwd)"; } >> ${notes}`,
    script,
  ];
  writeFileSync(join(folder, 'trivy'), `${lines.join('\n')}\n`);
  chmodSync(join(folder, 'trivy'), 0o700);
  const path = `${folder}:${process.env['PATH']}`;
  const scanner = createTrivyScanner({
    PATH: path,
    HOME: folder,
    TRIVY_CACHE_DIR: folder,
    AWS_SECRET_ACCESS_KEY: 'root',
  });
  const { signal } = new AbortController();
  return { scan: () => scanner.scan(image, signal), scanner, notes: () => readFileSync(notes, 'utf8') };
}

test('it is told the image on the command line, and its password and own settings in the environment', async (t) => {
  const { scan, notes } = scannerOf(t, `echo '${clean}'`);
  assert.deepEqual(await scan(), { findings: [], sourceUpdatedAt: new Date('2026-11-20T00:00:00Z') });
  const [args = ''] = notes().split('\n');
  assert.match(args, /^ARGS image .*--format json .*localhost:4566\/api@sha256:1$/);
  assert.doesNotMatch(args, /secret-word/);
  assert.match(notes(), /^TRIVY_PASSWORD=secret-word$/m);
  assert.match(notes(), /^TRIVY_CACHE_DIR=/m);
  assert.doesNotMatch(notes(), /AWS_SECRET_ACCESS_KEY/);
  assert.match(notes(), /^FOLDER \/$/m, 'what lies in the folder of whoever started Berth does not count');
});

test('where its list cannot be brought up to date, the one that is here is used', async (t) => {
  const failing = `case "$*" in *--skip-db-update*) echo '${clean}';; *) echo '2026-11-24T00:00:00Z	FATAL	Fatal error	run error: init error: DB error: failed to download vulnerability DB' >&2; exit 1;; esac`;
  assert.deepEqual((await scannerOf(t, failing).scan()).findings, []);
  const without = scannerOf(t, failing, '{"Version":"0.69.0"}');
  await assert.rejects(without.scan(), { reason: 'failed', message: /failed to download vulnerability DB/ });
});

test('its last word is the reason of a failure', async (t) => {
  const { scan } = scannerOf(t, `printf 'INFO\\tbusy\\n2026\\tFATAL\\tFatal error\\tno space left\\n' >&2; exit 1`);
  await assert.rejects(scan(), { reason: 'failed', message: 'Trivy failed: Fatal error no space left' });
});

test('where it is not installed, that is said', async () => {
  const scanner = createTrivyScanner({ PATH: '/nonexistent' });
  assert.equal(await scanner.version(), undefined);
  await assert.rejects(scanner.scan(image, new AbortController().signal), { reason: 'not-installed' });
});

test('its version is told', async (t) => {
  assert.equal(await scannerOf(t, 'exit 1').scanner.version(), 'Trivy 0.69.0');
});
