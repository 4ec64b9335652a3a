// The data directory: private, and for one process at a time, however the last one ended.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from './clock.ts';
import { DataDirectoryHeld, findHolder, openDataDirectory } from './data-directory.ts';

async function temporaryPath(context: TestContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'berth-data-'));
  context.after(() => rm(parent, { recursive: true }));
  return join(parent, 'data');
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a data directory and what is in it are its owner’s alone', async (context) => {
  const path = await temporaryPath(context);
  const data = openDataDirectory(path, systemClock);
  data.write('credentials', 'first');
  data.write('credentials', 'second');
  assert.equal(await readFile(data.file('credentials'), 'utf8'), 'second');
  assert.equal(await modeOf(path), 0o700);
  assert.equal(await modeOf(data.directory('blobs')), 0o700);
  for (const name of ['credentials', 'lock', 'holder.json']) assert.equal(await modeOf(join(path, name)), 0o600, name);
  data.release();
});

test('a directory that others may read is taken over when empty or Berth’s, and refused otherwise', async (context) => {
  const path = await temporaryPath(context);
  await mkdir(path, { mode: 0o755 });
  openDataDirectory(path, systemClock).release();
  assert.equal(await modeOf(path), 0o700);
  await chmod(path, 0o755);
  openDataDirectory(path, systemClock).release();
  assert.equal(await modeOf(path), 0o700);
  await chmod(path, 0o755);
  await rm(join(path, 'lock'));
  await writeFile(join(path, 'thesis.txt'), 'mine');
  assert.throws(() => openDataDirectory(path, systemClock), /not Berth's/);
  assert.equal(await modeOf(path), 0o755);
});

test('a second taker is told who has the directory, time and again, until it is released', async (context) => {
  const path = await temporaryPath(context);
  assert.equal(findHolder(path), undefined);
  const data = openDataDirectory(path, systemClock);
  data.announce({ host: '127.0.0.1', port: 4566 });
  for (let i = 0; i < 3; i += 1) {
    assert.throws(
      () => openDataDirectory(path, systemClock),
      (thrown) => {
        assert.ok(thrown instanceof DataDirectoryHeld);
        assert.equal(thrown.holder?.pid, process.pid);
        assert.match(thrown.message, /in use by Berth with process id \d+, started .*, serving at 127\.0\.0\.1:4566$/);
        return true;
      },
    );
    assert.equal(findHolder(path)?.port, 4566);
  }
  data.release();
  assert.equal(findHolder(path), undefined);
  openDataDirectory(path, systemClock).release();
});

test('a killed process leaves no lock behind', async (context) => {
  const path = await temporaryPath(context);
  const script = `
    import { openDataDirectory } from '#kernel/data-directory.ts';
    import { systemClock } from '#kernel/clock.ts';
    openDataDirectory(process.argv[1], systemClock);
    console.log('taken');
    setInterval(() => {}, 60_000);`;
  for (let i = 0; i < 3; i += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, path], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    context.after(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    assert.equal(line, 'taken');
    assert.equal(findHolder(path)?.pid, child.pid);
    assert.throws(() => openDataDirectory(path, systemClock), new RegExp(`process id ${child.pid}`));
    child.kill('SIGKILL');
    await exit;
    assert.equal(findHolder(path), undefined);
    openDataDirectory(path, systemClock).release();
  }
});
