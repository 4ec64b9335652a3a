// Filter patterns for text: which messages match. Pure.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-events
import { invalidFilterPattern, unsupportedFilterPattern } from './errors.ts';

/** AWS's limit, characters. */
const longestPattern = 1024;

/** Whether a message matches. */
export type MessageTest = (message: string) => boolean;

/**
 * Compiles a pattern of terms: `a b` (both), `?a ?b` (either), `-a` (without), `"some words"`; case counts. An empty pattern
 * matches all. Throws InvalidParameterException for a malformed pattern and for JSON, space-delimited and regular
 * expression patterns, which are not supported.
 */
export function compileFilterPattern(pattern: string): MessageTest {
  if (pattern.length > longestPattern) throw invalidFilterPattern();
  const text = pattern.trim();
  if (/^[{[]/.test(text) || /^%.*%$/s.test(text)) throw unsupportedFilterPattern();
  const terms = parseTerms(text);
  const required = terms.filter((term) => term.sign === '').map((term) => term.text);
  const optional = terms.filter((term) => term.sign === '?').map((term) => term.text);
  const excluded = terms.filter((term) => term.sign === '-').map((term) => term.text);
  // AWS: where other terms stand beside them, the ?-terms are ignored.
  const either = required.length === 0 && excluded.length === 0 ? optional : [];
  return (message) =>
    required.every((term) => message.includes(term)) &&
    !excluded.some((term) => message.includes(term)) &&
    (either.length === 0 || either.some((term) => message.includes(term)));
}

interface Term {
  readonly sign: '' | '?' | '-';
  readonly text: string;
}

const term = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"?-][^\s"]*))(?:\s+|$)/sy;

function parseTerms(text: string): Term[] {
  const terms: Term[] = [];
  term.lastIndex = 0;
  while (term.lastIndex < text.length) {
    const match = term.exec(text);
    if (!match) throw invalidFilterPattern();
    const sign = match[1] === '?' || match[1] === '-' ? match[1] : '';
    terms.push({ sign, text: match[2]?.replaceAll(/\\(.)/gs, '$1') ?? match[3]! });
  }
  return terms;
}
