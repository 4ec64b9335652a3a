// Plants one violation per house rule, with an honest twin beside it, and expects exactly that rule to find it.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { floors } from './floors.fixture.ts';
import { limits } from './limits.fixture.ts';
import { sources } from './sources.fixture.ts';
import { createTree, type Tree } from './tree.fixture.ts';

const rows = [...floors, ...limits, ...sources];

suite('the house', () => {
  let tree: Tree;
  let found: ReadonlyMap<string, readonly string[]>;

  before(async () => {
    tree = await createTree('oxlint.config.ts', 'script/lint-rules.ts', 'package.json', 'tsconfig.json');
    for (const { bad, good } of rows) {
      for (const [path, text] of Object.entries({ ...bad, ...good })) await tree.plant(path, text);
    }
    found = rulesByFile(await tree.run('oxlint/bin/oxlint', '--format=json', 'src', 'test'));
  });
  after(() => tree.remove());

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

/** The rules that fired, by file. */
function rulesByFile(report: string): ReadonlyMap<string, readonly string[]> {
  const { diagnostics } = JSON.parse(report) as { diagnostics: { filename: string; code: string }[] };
  const byFile = Map.groupBy(diagnostics, (finding) => finding.filename);
  return new Map([...byFile].map(([file, findings]) => [file, findings.map(({ code }) => code)]));
}
