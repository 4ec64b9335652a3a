// How a house rule's violation and its honest twins are written down.

/** Files by path; the violation is in the first one. */
type Files = Readonly<Record<string, string>>;

export interface Planted {
  /** As oxlint names it: `eslint(max-lines)`. */
  readonly rule: string;
  /** The rule in the house's words. */
  readonly name: string;
  readonly bad: Files;
  readonly good: Files;
}

/** A file that says what it is. */
export const file = (...lines: readonly string[]): string => ['// A file of the test.', ...lines, ''].join('\n');

/** A file that imports a value from each of `specifiers` and hands it on. */
export const importing = (...specifiers: readonly string[]): string =>
  file(
    ...specifiers.map((specifier, i) => `import { value as value${i} } from '${specifier}';`),
    `export const values = [${specifiers.map((_, i) => `value${i}`).join(', ')}];`,
  );

/** A file that imports only a type from `specifier`. */
export const importingType = (specifier: string): string =>
  file(`import type { Value } from '${specifier}';`, 'export type Values = Value[];');
