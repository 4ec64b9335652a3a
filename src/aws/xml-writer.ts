// Writes values as XML along their schema: the replies of the query protocols and of S3.
import type { ListShape, MapShape, Member, Shape, StructureShape } from './shape.ts';
import { bytesOf, formatBase64, formatIso } from './values.ts';

type Write = (value: unknown) => string;

const special = /[&<>"\u2028]|(?![\n\t])\p{Cc}/gu;
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for an element or a quoted attribute. Control characters become references, as S3 writes them. */
export function escapeText(text: string): string {
  return text.replace(special, (c) => named[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`);
}

/** The elements of a structure's members, without one around them. Throws TypeError where a value is not of its shape. */
export function structureContent(shape: StructureShape, value: unknown): string {
  return contentOf(shape)(value);
}

/** An element of a structure, with `namespace` on it. */
export function structureElement(name: string, shape: StructureShape, value: unknown, namespace?: string): string {
  const xmlns = namespace === undefined ? '' : ` xmlns="${escapeText(namespace)}"`;
  return `<${name}${xmlns}${attributesOf(shape, value)}>${structureContent(shape, value)}</${name}>`;
}

const contents = new WeakMap<Shape, Write>();

/** What stands between the tags of a value. */
function contentOf(shape: Shape): Write {
  const known = contents.get(shape) ?? compile(shape);
  contents.set(shape, known);
  return known;
}

function mistyped(kind: string): never {
  throw new TypeError(`A ${kind} of an output has another type`);
}

function compile(shape: Shape): Write {
  switch (shape.kind) {
    case 'structure':
      return structureWriter(shape);
    case 'list':
      return listWriter(shape, (shape.element.traits['xmlName'] as string | undefined) ?? 'member');
    case 'map':
      return mapWriter(shape, 'entry');
    case 'string':
      return (value) => (typeof value === 'string' ? escapeText(value) : mistyped('string'));
    case 'number':
      return (value) => (typeof value === 'number' || typeof value === 'bigint' ? String(value) : mistyped('number'));
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : mistyped('boolean'));
    case 'blob':
      return (value) => formatBase64(bytesOf(value));
    case 'timestamp':
      return (value) => {
        if (!(value instanceof Date)) mistyped('timestamp');
        if (shape.format === 'http-date') return (value as Date).toUTCString();
        return shape.format === 'epoch-seconds' ? String((value as Date).getTime() / 1000) : formatIso(value as Date);
      };
    case 'document':
    case 'unit':
      return () => '';
  }
}

/** Bound to headers or the query, or an attribute: not an element. */
const outsideElements = [
  'httpHeader',
  'httpQuery',
  'httpPrefixHeaders',
  'httpLabel',
  'httpResponseCode',
  'xmlAttribute',
];

const isElement = (member: Member): boolean => outsideElements.every((trait) => member.traits[trait] === undefined);

function structureWriter(shape: StructureShape): Write {
  const members = shape.members.filter(isElement).map((member) => {
    let write: Write | undefined;
    return { name: member.name, write: (value: unknown) => (write ??= memberWriter(member))(value) };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null) mistyped('structure');
    let text = '';
    for (const { name, write } of members) {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined && member !== null) text += write(member);
    }
    return text;
  };
}

/** A member with its tags: one element, or one for each item where the member is flattened. */
function memberWriter(member: Member): Write {
  const { shape } = member;
  const name = (member.traits['xmlName'] as string | undefined) ?? member.name;
  const flat = member.traits['xmlFlattened'] !== undefined;
  if (flat && shape.kind === 'list') return listWriter(shape, name);
  if (flat && shape.kind === 'map') return mapWriter(shape, name);
  const content = contentOf(shape);
  if (shape.kind !== 'structure') return (value) => `<${name}>${content(value)}</${name}>`;
  const [prefix, uri] = (member.traits['xmlNamespace'] as [string?, string?] | undefined) ?? [];
  const xmlns = uri === undefined ? '' : ` xmlns${prefix ? `:${prefix}` : ''}="${escapeText(uri)}"`;
  return (value) => `<${name}${xmlns}${attributesOf(shape, value)}>${content(value)}</${name}>`;
}

function attributesOf(shape: StructureShape, value: unknown): string {
  let text = '';
  for (const member of shape.members) {
    const attribute =
      member.traits['xmlAttribute'] === undefined ? undefined : (value as Record<string, unknown>)[member.name];
    if (attribute === undefined || attribute === null) continue;
    text += ` ${(member.traits['xmlName'] as string | undefined) ?? member.name}="${contentOf(member.shape)(attribute)}"`;
  }
  return text;
}

function listWriter(shape: ListShape, name: string): Write {
  const { shape: item } = shape.element;
  return (value) => {
    const content = contentOf(item);
    const attributes = item.kind === 'structure' ? (v: unknown) => attributesOf(item, v) : () => '';
    return (value as readonly unknown[])
      .filter((v) => v !== undefined && v !== null)
      .map((v) => `<${name}${attributes(v)}>${content(v)}</${name}>`)
      .join('');
  };
}

function mapWriter(shape: MapShape, name: string): Write {
  const keyName = (shape.key.traits['xmlName'] as string | undefined) ?? 'key';
  const valueName = (shape.value.traits['xmlName'] as string | undefined) ?? 'value';
  return (value) => {
    const content = contentOf(shape.value.shape);
    return Object.entries(value as object)
      .filter(([, v]) => v !== undefined && v !== null)
      .map(
        ([key, v]) =>
          `<${name}><${keyName}>${escapeText(key)}</${keyName}><${valueName}>${content(v)}</${valueName}></${name}>`,
      )
      .join('');
  };
}
