// Patterns of the policy language: text with `*` and `?`, and with variables that a request fills in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
import type { ConditionKeys } from './condition-keys.ts';

/** UTF-16 code units, and the wildcards below zero. */
export type Pattern = readonly number[];

/** A pattern in parts, some of which only a request tells. */
export type Template = readonly (Pattern | Variable)[];

interface Variable {
  /** A condition key's name, in lower case. */
  readonly name: string;
  /** What stands for it where the request does not have the key. */
  readonly fallback?: string;
}

/**
 * How `*` and `?` are read: as themselves; as wildcards; or as wildcards of a resource's ARN, where a `*` keeps to its
 * segment unless it ends it.
 */
export type Reading = 'exact' | 'wild' | 'resource';

const anyOne = -1;
const anyRun = -2;
const anyRunWithoutColon = -3;
const [colon, star, question] = [':', '*', '?'].map((character) => character.charCodeAt(0)) as [number, number, number];

/** Parts of an ARN before the resource's own: there a `*` inside a segment does not leave it. */
const leadingSegments = 5;

/** Reads a pattern; `interpolates` where the policy's version knows variables. */
export function readTemplate(text: string, reading: Reading, interpolates: boolean): Template {
  if (!interpolates || !text.includes('${')) return [readPattern(text, reading, { segment: 0, isLast: true })];
  const pieces = text.split(/\$\{([^{}]*)\}/);
  let segment = 0;
  return pieces.flatMap((piece, index): Template => {
    if (index % 2 === 1) return [readVariable(piece)];
    if (piece === '') return [];
    const pattern = readPattern(piece, reading, { segment, isLast: index === pieces.length - 1 });
    segment += piece.split(':').length - 1;
    return [pattern];
  });
}

/** `${*}`, `${?}` and `${$}` are the characters themselves; `${aws:username, 'nobody'}` has a default. */
function readVariable(inner: string): Pattern | Variable {
  if (inner === '*' || inner === '?' || inner === '$') return literal(inner);
  // Trimmed first: with blanks allowed on both sides of an absent name, ten thousand of them took the matcher a second.
  const [, name = '', fallback] = /^([^,\s]*)(?:\s*,\s*'([^']*)')?$/.exec(inner.trim()) ?? [];
  return { name: name.toLowerCase(), ...(fallback === undefined ? {} : { fallback }) };
}

function readPattern(
  text: string,
  reading: Reading,
  place: { readonly segment: number; readonly isLast: boolean },
): Pattern {
  if (reading === 'exact') return literal(text);
  let { segment } = place;
  return Array.from({ length: text.length }, (_, at) => {
    const code = text.charCodeAt(at);
    if (code === colon) segment += 1;
    if (code === question) return anyOne;
    if (code !== star) return code;
    const endsSegment = at + 1 === text.length ? place.isLast : text.charCodeAt(at + 1) === colon;
    return reading === 'resource' && segment < leadingSegments && !endsSegment ? anyRunWithoutColon : anyRun;
  });
}

function literal(text: string): Pattern {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/**
 * The pattern that a template is for a request. What a request tells stands for itself: a `*` in a user's name is no
 * wildcard. Undefined where a variable has no single value: such a pattern matches nothing.
 */
export function fillIn(template: Template, keys: ConditionKeys): Pattern | undefined {
  const [first] = template;
  if (template.length === 1 && isPattern(first)) return first;
  const filled: number[] = [];
  for (const part of template) {
    const pattern = isPattern(part) ? part : valueOf(part, keys);
    if (pattern === undefined) return undefined;
    for (const code of pattern) filled.push(code);
  }
  return filled;
}

function isPattern(part: Pattern | Variable | undefined): part is Pattern {
  return Array.isArray(part);
}

function valueOf({ name, fallback }: Variable, keys: ConditionKeys): Pattern | undefined {
  const values = keys(name);
  const value = values === undefined || values.length === 0 ? fallback : values.length === 1 ? values[0] : undefined;
  return value === undefined ? undefined : literal(value);
}

/**
 * Whether the whole text is what the pattern says. Takes time in proportion to the product of both lengths at worst,
 * whatever the pattern.
 */
export function matches(pattern: Pattern, text: string): boolean {
  let start = 0;
  // Most patterns are a plain beginning with at most one `*` after it.
  while (start < pattern.length && pattern[start]! >= 0) {
    if (start >= text.length || text.charCodeAt(start) !== pattern[start]) return false;
    start += 1;
  }
  if (start === pattern.length) return start === text.length;
  if (start === pattern.length - 1 && pattern[start] === anyRun) return true;
  return pattern.includes(anyRunWithoutColon) ? follow(pattern, text, start) : advance(pattern, text, start);
}

/** The rest of both from `start` on: of several runs only the last need ever be made longer. */
function advance(pattern: Pattern, text: string, start: number): boolean {
  let place = start;
  let run = -1;
  let resume = 0;
  for (let at = start; at < text.length;) {
    const wanted = pattern[place];
    if (wanted === anyRun) {
      run = place;
      resume = at;
      place += 1;
    } else if (wanted === anyOne || wanted === text.charCodeAt(at)) {
      place += 1;
      at += 1;
    } else {
      if (run < 0) return false;
      place = run + 1;
      resume += 1;
      at = resume;
    }
  }
  while (pattern[place] === anyRun) place += 1;
  return place === pattern.length;
}

/**
 * The same where some runs end at a colon: a longer one before may help then, so all ways are followed at once. A place in
 * the pattern is live where what precedes it has matched the text so far.
 */
function follow(pattern: Pattern, text: string, start: number): boolean {
  let live = new Uint8Array(pattern.length + 1);
  let next = new Uint8Array(pattern.length + 1);
  enter(pattern, live, start);
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    next.fill(0);
    let isAny = false;
    for (let place = start; place < pattern.length; place++) {
      if (live[place] === 0) continue;
      const wanted = pattern[place]!;
      const stays = wanted === anyRun || (wanted === anyRunWithoutColon && code !== colon);
      if (stays) enter(pattern, next, place);
      else if (wanted === anyOne || wanted === code) enter(pattern, next, place + 1);
      else continue;
      isAny = true;
    }
    if (!isAny) return false;
    [live, next] = [next, live];
  }
  return live[pattern.length] === 1;
}

/** A run may be empty: where it is live, what follows it is too. */
function enter(pattern: Pattern, live: Uint8Array, from: number): void {
  for (let place = from; live[place] === 0; place++) {
    live[place] = 1;
    const wanted = pattern[place];
    if (wanted !== anyRun && wanted !== anyRunWithoutColon) return;
  }
}

/**
 * Whether each of an ARN's six parts is what the pattern's part says; a pattern with fewer parts is taken as a whole.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
export function matchesArn(pattern: Pattern, text: string): boolean {
  const patterns = segmentsOf(pattern);
  if (patterns.length <= leadingSegments) return matches(pattern, text);
  const parts = text.split(':');
  const resource = parts.slice(leadingSegments).join(':');
  return (
    parts.length > leadingSegments &&
    patterns.every((each, index) => matches(each, index < leadingSegments ? parts[index]! : resource))
  );
}

function segmentsOf(pattern: Pattern): Pattern[] {
  const segments: Pattern[] = [];
  let start = 0;
  for (let at = 0; at < pattern.length && segments.length < leadingSegments; at++) {
    if (pattern[at] !== colon) continue;
    segments.push(pattern.slice(start, at));
    start = at + 1;
  }
  return [...segments, pattern.slice(start)];
}
