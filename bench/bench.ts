// What a bench is, and what it hands to the runner.

/** Figures that belong together: cells are text with their units in it or in the column's head. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know to judge them. */
  readonly remarks?: readonly string[];
}

export interface Bench {
  readonly name: string;
  /** Measures; `say` tells the terminal how it goes. Rejects where something that it needs is missing or fails. */
  run(say: (line: string) => void): Promise<readonly Table[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `1,234`, or with digits after the point below 10. */
export function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** `20.7x`. */
export function ratio(value: number): string {
  return `${figure(value)}x`;
}
