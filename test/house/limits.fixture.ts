// How long things get, what they are called and how they are written, each limit passed by one.
import { file, type Planted } from './planted.fixture.ts';

const lines = (count: number, line: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => line(i));
const constants = (count: number): string => file(...lines(count, (i) => `export const constant${i} = ${i};`));
const longFunction = (count: number): string =>
  file('export function add(sum: number[]): void {', ...lines(count, (i) => `  sum.push(${i});`), '}');

const throwing = file(
  "import { AwsError } from '#kernel/error.ts';",
  "export const notFound = (): AwsError => new AwsError('NotFoundException', 'It is not there.');",
);

/** A rule that a file breaks by what stands in it, anywhere in src. */
function written(rule: string, name: string, bad: readonly string[], good: readonly string[]): Planted {
  const slug = rule.replace(/^.*\(|\)$/g, '');
  return {
    rule,
    name,
    bad: { [`src/node/planted-${slug}.ts`]: file(...bad) },
    good: { [`src/node/honest-${slug}.ts`]: file(...good) },
  };
}

/** A rule about a file's name. */
function named(rule: string, name: string, bad: string, good: string): Planted {
  const text = file('export const one = 1;');
  return { rule, name, bad: { [bad]: text }, good: { [good]: text } };
}

export const limits: readonly Planted[] = [
  {
    rule: 'eslint(max-lines)',
    name: 'a file has 300 lines, a test 600',
    bad: { 'src/kernel/planted-length.ts': constants(301) },
    good: { 'src/kernel/honest-length.ts': constants(299), 'src/kernel/honest-length.test.ts': constants(500) },
  },
  {
    rule: 'eslint(max-lines-per-function)',
    name: 'a function has 50 lines, but in a test',
    bad: { 'src/kernel/planted-function.ts': longFunction(49) },
    good: { 'src/kernel/honest-function.ts': longFunction(48), 'src/kernel/honest-function.test.ts': longFunction(80) },
  },
  written(
    'eslint(max-params)',
    'a function has 4 parameters',
    ['export const sum = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;'],
    ['export const sum = (a: number, b: number, c: number, d: number): number => a + b + c + d;'],
  ),
  written(
    'eslint(max-depth)',
    'blocks nest 4 deep',
    ['export function f(a: boolean): void {', ...lines(5, () => 'if (a) {'), 'f(a);', ...lines(6, () => '}')],
    ['export function f(a: boolean): void {', ...lines(4, () => 'if (a) {'), 'f(a);', ...lines(5, () => '}')],
  ),
  named(
    'unicorn(filename-case)',
    'files are named in kebab-case',
    'src/node/plantedName.ts',
    'src/node/honest-name.ts',
  ),
  named(
    'house(honest-name)',
    'a file is named after what it does',
    'src/node/task-utils.ts',
    'src/node/task-commons.ts',
  ),
  {
    rule: 'house(honest-name)',
    name: 'an interface has no prefix',
    bad: { 'src/node/planted-prefix.ts': file('export interface IStore {', '  size: number;', '}') },
    good: { 'src/node/honest-prefix.ts': file('export interface Item {', '  size: number;', '}') },
  },
  {
    rule: 'house(first-line-comment)',
    name: 'a file says its one responsibility first',
    bad: { 'src/node/planted-first-line.ts': "\n// Too late.\nexport const one = 'one';\n" },
    good: { 'src/node/honest-first-line.ts': "#!/usr/bin/env node\n// In time.\nexport const one = 'one';\n" },
  },
  written(
    'import(no-default-export)',
    'exports have names',
    ['const one = 1;', 'export default one;'],
    ['export const one = 1;'],
  ),
  written(
    'oxc(no-barrel-file)',
    'no file only hands on others',
    ["export * from './one.ts';", "export * from './two.ts';"],
    ["export { one } from './one.ts';", 'export const two = 2;'],
  ),
  {
    rule: 'eslint(no-console)',
    name: 'only the command line and scripts print',
    bad: { 'src/node/planted-print.ts': file("console.log('hello');", 'export const one = 1;') },
    good: { 'src/cli/honest-print.ts': file("console.log('hello');", 'export const one = 1;') },
  },
  written(
    'eslint(no-empty)',
    'no error is swallowed',
    ['export function f(): void {', '  try {', '    f();', '  } catch {}', '}'],
    ['export function f(): void {', '  try {', '    f();', '  } catch {', '    f();', '  }', '}'],
  ),
  {
    rule: 'house(errors-in-errors)',
    name: "a service's errors are built in its errors.ts",
    bad: { 'src/services/ecs/planted-error.ts': throwing },
    good: { 'src/services/ecs/errors.ts': throwing, 'src/services/ecs/honest-error.test.ts': throwing },
  },
  written(
    'typescript(no-explicit-any)',
    'nothing is any',
    ['export const f = (value: any): string => String(value);'],
    ['export const f = (value: unknown): string => String(value);'],
  ),
  written(
    'typescript(consistent-type-imports)',
    'types are imported as types',
    ["import { Value } from './beside.ts';", 'export type Values = Value[];'],
    ["import type { Value } from './beside.ts';", 'export type Values = Value[];'],
  ),
  written(
    'eslint(eqeqeq)',
    'equal means equal',
    ['export const same = (a: unknown, b: unknown): boolean => a == b;'],
    ['export const same = (a: unknown, b: unknown): boolean => a === b;'],
  ),
  written(
    'eslint(no-param-reassign)',
    'a parameter keeps its value',
    ['export function next(n: number): number {', '  n += 1;', '  return n;', '}'],
    ['export function next(n: number): number {', '  return n + 1;', '}'],
  ),
  written(
    'eslint(no-shadow)',
    'a name means one thing (the suspicious are errors)',
    ['const one = 1;', 'export const f = (): number => {', '  const one = 2;', '  return one;', '};', 'f.one = one;'],
    ['const one = 1;', 'export const f = (): number => {', '  const two = 2;', '  return two;', '};', 'f.one = one;'],
  ),
  written(
    'eslint(no-unused-vars)',
    'what nobody uses is gone (the incorrect are errors)',
    ['const one = 1;', 'export const two = 2;'],
    ['export const two = 2;'],
  ),
  written(
    'unicorn(prefer-node-protocol)',
    "Node's modules are named as Node's",
    ["import { join } from 'path';", "export const path = join('a', 'b');"],
    ["import { join } from 'node:path';", "export const path = join('a', 'b');"],
  ),
];
