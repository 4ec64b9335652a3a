// Reads parsed XML along a schema.
import type { AwsError } from '#kernel/error.ts';
import type { ListShape, MapShape, Member, Shape, StructureShape } from './shape.ts';
import { parseBase64, parseBoolean, parseDecimal, parseEpoch, parseHttpDate, parseIso, setOwn } from './values.ts';
import type { XmlElement } from './xml-reader.ts';

type Refuse = () => AwsError;

const nameOf = (member: Member): string => (member.traits['xmlName'] as string | undefined) ?? member.name;

/** The value of an element. Throws what `refuse` makes where the element is not of the shape. */
export function readXml(shape: Shape, element: XmlElement, refuse: Refuse): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape, element, refuse);
    case 'list':
      return readItems(shape, itemsNamed(element, nameOf(shape.element), refuse), refuse);
    case 'map':
      return readEntries(shape, itemsNamed(element, 'entry', refuse), refuse);
    default:
      return readSimple(shape, element, refuse);
  }
}

function itemsNamed(element: XmlElement, name: string, refuse: Refuse): readonly XmlElement[] {
  if (element.children.some((child) => child.name !== name)) throw refuse();
  return element.children;
}

function readStructure(shape: StructureShape, element: XmlElement, refuse: Refuse): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const member of shape.members) {
    const value =
      member.traits['xmlAttribute'] === undefined
        ? readMember(member, element, refuse)
        : element.attributes.get(nameOf(member));
    if (value !== undefined) found[member.name] = value;
  }
  if (shape.union && Object.keys(found).length > 1) throw refuse();
  return found;
}

function readMember(member: Member, parent: XmlElement, refuse: Refuse): unknown {
  const name = nameOf(member);
  const named = parent.children.filter((child) => child.name === name);
  if (named.length === 0) return undefined;
  const { shape } = member;
  const flat = member.traits['xmlFlattened'] !== undefined;
  if (flat && shape.kind === 'list') return readItems(shape, named, refuse);
  if (flat && shape.kind === 'map') return readEntries(shape, named, refuse);
  if (named.length > 1) throw refuse();
  return readXml(shape, named[0]!, refuse);
}

function readItems(shape: ListShape, items: readonly XmlElement[], refuse: Refuse): unknown[] {
  return items.map((item) => readXml(shape.element.shape, item, refuse));
}

function readEntries(shape: MapShape, entries: readonly XmlElement[], refuse: Refuse): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const entry of entries) {
    const key = entry.children.find((child) => child.name === nameOf(shape.key));
    const value = entry.children.find((child) => child.name === nameOf(shape.value));
    if (key === undefined || value === undefined) throw refuse();
    setOwn(found, key.text, readXml(shape.value.shape, value, refuse));
  }
  return found;
}

function readSimple(shape: Shape, element: XmlElement, refuse: Refuse): unknown {
  if (element.children.length > 0) throw refuse();
  const value = parseText(shape, element.text);
  if (value === undefined) throw refuse();
  return value;
}

function parseText(shape: Shape, text: string): unknown {
  switch (shape.kind) {
    case 'number':
      return parseDecimal(text.trim());
    case 'boolean':
      return parseBoolean(text.trim().toLowerCase());
    case 'timestamp': {
      const trimmed = text.trim();
      return parseIso(trimmed) ?? parseHttpDate(trimmed) ?? parseEpoch(trimmed);
    }
    case 'blob':
      return parseBase64(text.trim());
    default:
      return text;
  }
}
