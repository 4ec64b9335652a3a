// application/x-www-form-urlencoded as the query protocols use it: dotted keys gathered into a tree.
import { AwsError } from '#kernel/error.ts';

/** A parameter and what is nested under its name. */
export interface FormNode {
  value?: string;
  readonly children: Map<string, FormNode>;
}

/** More parts than any model's key has; it bounds the stack of those who read the tree. */
const maximumParts = 64;

/** The decoded pairs of a query string or a form body, in order. Throws MalformedQueryString. */
export function parsePairs(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    pairs.push(equals < 0 ? [unescape(part), ''] : [unescape(part.slice(0, equals)), unescape(part.slice(equals + 1))]);
  }
  return pairs;
}

function unescape(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    // Common errors of the Query APIs give this one 404.
    throw new AwsError('MalformedQueryString', 'The query string contains a syntax error', { status: 404, cause });
  }
}

/** Gathers `A.member.1=x` into nested nodes. Throws MalformedInput where a key is absurdly deep. */
export function formTree(pairs: readonly (readonly [string, string])[]): FormNode {
  const root: FormNode = { children: new Map() };
  for (const [key, value] of pairs) {
    const parts = key.split('.', maximumParts + 1);
    if (parts.length > maximumParts) throw new AwsError('MalformedInput', 'The request is nested too deeply');
    let node = root;
    for (const part of parts) {
      let child = node.children.get(part);
      if (child === undefined) node.children.set(part, (child = { children: new Map() }));
      node = child;
    }
    node.value = value;
  }
  return root;
}
