// docs/dependencies.md names every dependency with its version and licence, and every Debian package of the scripts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Manifest {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (path: string): Manifest => JSON.parse(read(path)) as Manifest;

const { dependencies, optionalDependencies, devDependencies } = manifestOf('package.json');
const wanted = { ...dependencies, ...optionalDependencies, ...devDependencies };

/** The page's tables: each row's cells, under each name in its first one. */
const rows = new Map(
  read('docs/dependencies.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .flatMap(([, names = '', ...cells]) =>
      [...names.matchAll(/`([^`]+)`/g)].map((match) => [match[1]!, cells] as const),
    ),
);

test('every dependency has a row with its exact version', () => {
  for (const [name, version] of Object.entries(wanted)) assert.equal(rows.get(name)?.[0], version, name);
});

test('every dependency has a row with the licence that its package declares', () => {
  for (const name of Object.keys(wanted)) {
    // Packages for other processors are not installed.
    if (!existsSync(join(root, 'node_modules', name))) continue;
    assert.equal(rows.get(name)?.[1], manifestOf(`node_modules/${name}/package.json`).license, name);
  }
});

test('everything that npm installs has a permissive licence', () => {
  const permissive = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0']);
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Manifest>> };
  for (const [path, { license }] of Object.entries(packages)) {
    assert.ok(license !== undefined && permissive.has(license), `${path}: ${license}`);
  }
});

test('every Debian package that a script installs has a row', () => {
  const installed = ['script/setup', 'script/base-image'].flatMap((path) => debianPackages(read(path)));
  assert.ok(installed.includes('docker.io') && installed.includes('mmdebstrap'), 'the scripts are read rightly');
  for (const name of installed) assert.ok(rows.has(name), name);
});

/** The packages behind `install_debian 'why' a b c` and `apt-get install -y … a`. */
function debianPackages(script: string): string[] {
  const calls = [
    ...script.matchAll(/install_debian (?:'[^']*'|"[^"]*") ([\w .-]+)$/gm),
    ...script.matchAll(/apt-get install ((?:-[^ ]+ )*[\w .-]+?) <\/dev\/null/g),
  ];
  return calls.flatMap(([, told = '']) => told.trim().split(' ')).filter((name) => !name.startsWith('-'));
}
