// Plants one violation per house rule, with an honest twin beside it, and expects exactly that rule to find it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { floors } from './floors.fixture.ts';
import { limits } from './limits.fixture.ts';
import { sources } from './sources.fixture.ts';

const root = resolve(import.meta.dirname, '../..');
const rows = [...floors, ...limits, ...sources];

suite('the house', () => {
  let tree: string;
  let found: ReadonlyMap<string, readonly string[]>;

  before(async () => {
    tree = await mkdtemp(join(tmpdir(), 'berth-house-'));
    await copyConfiguration(tree);
    for (const row of rows) {
      for (const [path, text] of Object.entries({ ...row.bad, ...row.good })) await plant(tree, path, text);
    }
    found = await lint(tree);
  });
  after(() => rm(tree, { recursive: true }));

  for (const { rule, name, bad, good } of rows) {
    test(`${name} (${rule})`, () => {
      const [path = ''] = Object.keys(bad);
      assert.deepEqual([...new Set(found.get(path))], [rule], `${path} is found by this rule alone`);
      for (const twin of Object.keys(good)) assert.deepEqual(found.get(twin) ?? [], [], `${twin} is in order`);
    });
  }

  test('every violation has a file of its own', () => {
    const paths = rows.flatMap(({ bad, good }) => [...Object.keys(bad), ...Object.keys(good)]);
    assert.equal(new Set(paths).size, paths.length);
  });
});

async function copyConfiguration(to: string): Promise<void> {
  for (const path of ['oxlint.config.ts', 'script/lint-rules.ts', 'package.json', 'tsconfig.json']) {
    await cp(join(root, path), join(to, path));
  }
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'));
}

async function plant(to: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(to, path)), { recursive: true });
  await writeFile(join(to, path), text);
}

/** The rules that fired, by file. */
async function lint(cwd: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = await new Promise<string>((done, fail) => {
    const cli = join(root, 'node_modules/oxlint/bin/oxlint');
    const told = { cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [cli, '--format=json', 'src', 'test', 'bench'], told, (_error, stdout, stderr) =>
      stdout.startsWith('{') ? done(stdout) : fail(new Error(`oxlint: ${stdout}${stderr}`)),
    );
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { filename: string; code: string }[] };
  const byFile = Map.groupBy(diagnostics, (finding) => finding.filename);
  return new Map([...byFile].map(([file, findings]) => [file, findings.map(({ code }) => code)]));
}
