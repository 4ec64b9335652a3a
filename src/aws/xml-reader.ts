// Reads the XML that S3's clients send: elements, attributes, text. No document types, no entities of one's own.

/** An element. Namespace prefixes of element names are dropped, those of attributes kept. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside. */
  readonly text: string;
}

interface OpenElement {
  name: string;
  attributes: Map<string, string>;
  children: XmlElement[];
  text: string;
}

/** Deeper nesting than any model has; it bounds the stack of those who read the tree. */
const maximumDepth = 64;

const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?="']+)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const attribute = /([^\s=<>/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The root element; undefined where the text is not well-formed. */
export function parseXml(text: string): XmlElement | undefined {
  const root: OpenElement = { name: '', attributes: new Map(), children: [], text: '' };
  const stack = [root];
  const source = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (match === null || !place(stack, match)) return undefined;
  }
  return stack.length === 1 && root.children.length === 1 && root.text.trim() === '' ? root.children[0] : undefined;
}

/** Adds one token to the innermost open element; false where it does not belong there. */
function place(stack: OpenElement[], match: RegExpExecArray): boolean {
  const [, cdata, closed, opened, attributes, empty, run] = match;
  const open = stack.at(-1)!;
  if (cdata !== undefined) open.text += cdata;
  else if (run !== undefined) {
    const text = unescape(run);
    if (text === undefined) return false;
    open.text += text;
  } else if (closed !== undefined) {
    if (stack.length === 1 || open.name !== closed) return false;
    stack.pop();
    open.name = local(closed);
  } else if (opened !== undefined) {
    const found = attributesOf(attributes ?? '');
    if (found === undefined || stack.length > maximumDepth) return false;
    const element: OpenElement = { name: empty ? local(opened) : opened, attributes: found, children: [], text: '' };
    open.children.push(element);
    if (!empty) stack.push(element);
  }
  return true;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function attributesOf(text: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(attribute)) {
    const value = unescape(double ?? single ?? '');
    if (value === undefined || found.has(name!)) return undefined;
    found.set(name!, value);
  }
  return found;
}

/** Resolves references; undefined where one is unknown. */
function unescape(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let valid = true;
  const resolved = text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+))?;?/g, (whole, decimal, hex, name) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? 'x', 16) : Number(decimal);
    const character = Number.isNaN(code) ? entity(name) : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (character === undefined || !whole.endsWith(';')) valid = false;
    return character ?? '';
  });
  return valid ? resolved : undefined;
}

const entity = (name: string | undefined): string | undefined =>
  name !== undefined && Object.hasOwn(entities, name) ? entities[name] : undefined;
