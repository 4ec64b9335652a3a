// awsQuery and ec2Query: inputs read from form parameters along their schema, outputs wrapped in XML.
import { AwsError } from '#kernel/error.ts';
import { formTree, type FormNode } from './form.ts';
import type { ListShape, MapShape, Member, OperationModel, Shape, StructureShape } from './shape.ts';
import { parseBase64, parseBoolean, parseDecimal, parseHttpDate, parseIso, setOwn } from './values.ts';
import { escapeText, structureContent } from './xml-writer.ts';

/** What tells ec2Query from awsQuery. */
interface Dialect {
  readonly ec2: boolean;
  /** The error of a value that is not of its type. */
  invalid(name: string, text: string, why: string): AwsError;
}

const awsQuery: Dialect = {
  ec2: false,
  invalid: (_name, _text, why) => new AwsError('MalformedInput', why),
};

const ec2Query: Dialect = {
  ec2: true,
  invalid: (name, text) => new AwsError('InvalidParameterValue', `Invalid value '${text}' for ${name}`),
};

type Read = (node: FormNode, name: string) => unknown;

// Parameters that belong to the request and not to the operation's input.
const outsideInput =
  /^(?:Action|Version|AWSAccessKeyId|Signature|SignatureMethod|SignatureVersion|Timestamp|SecurityToken|X-Amz-.+)$/i;

/**
 * Reads the input of an operation from the decoded parameters. awsQuery passes over what the model does not know,
 * EC2 refuses it (UnknownParameter). Throws MalformedInput, in EC2 InvalidParameterValue, where a value has a wrong form.
 */
export function readQuery(
  shape: Shape,
  pairs: readonly (readonly [string, string])[],
  ec2: boolean,
): Record<string, unknown> {
  const tree = formTree(pairs.filter(([key]) => !outsideInput.test(key) || isMember(shape, key)));
  const input = shape.kind === 'unit' ? { ...emptyStructure, name: shape.name } : shape;
  return readerOf(input, ec2 ? ec2Query : awsQuery)(tree, '') as Record<string, unknown>;
}

const emptyStructure: StructureShape = {
  kind: 'structure',
  name: '',
  namespace: '',
  traits: {},
  union: false,
  members: [],
};

const isMember = (shape: Shape, key: string): boolean =>
  shape.kind === 'structure' && shape.members.some((member) => member.name === key);

const caches = { aws: new WeakMap<Shape, Read>(), ec2: new WeakMap<Shape, Read>() };

function readerOf(shape: Shape, dialect: Dialect): Read {
  const cache = dialect.ec2 ? caches.ec2 : caches.aws;
  const known = cache.get(shape) ?? compile(shape, dialect);
  cache.set(shape, known);
  return known;
}

/** The name of a member on the wire. */
export function queryName(member: Member, ec2: boolean): string {
  const ec2Name = member.traits['ec2QueryName'] as string | undefined;
  if (ec2 && ec2Name !== undefined) return ec2Name;
  const name = (member.traits['xmlName'] as string | undefined) ?? member.name;
  return ec2 ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

function compile(shape: Shape, dialect: Dialect): Read {
  switch (shape.kind) {
    case 'structure':
      return structureReader(shape, dialect);
    case 'map':
      return mapReader(shape, dialect);
    case 'number':
      return scalar(dialect, (text) => parseDecimal(text), 'For input string:');
    case 'boolean':
      return scalar(dialect, (text) => parseBoolean(text.toLowerCase()), 'boolean must follow xsd1.1 definition');
    case 'timestamp':
      return scalar(dialect, (text) => parseIso(text) ?? parseHttpDate(text), 'timestamp must follow ISO8601');
    case 'blob':
      return scalar(dialect, parseBase64, 'Invalid base64 data');
    case 'list':
    case 'string':
    case 'document':
    case 'unit':
      return scalar(dialect, (text) => text, '');
  }
}

function scalar(dialect: Dialect, parse: (text: string) => unknown, why: string): Read {
  return (node, name) => {
    if (node.children.size > 0) throw dialect.invalid(name, '', 'Start of structure or map found where not expected.');
    const text = node.value ?? '';
    const value = parse(text);
    if (value === undefined) throw dialect.invalid(name, text, why.endsWith(':') ? `${why} "${text}"` : why);
    return value;
  };
}

const isFlat = (member: Member, dialect: Dialect): boolean =>
  dialect.ec2 || member.traits['xmlFlattened'] !== undefined;

/** Lists differ by the member that holds them (flattened or not), so they are compiled for it. */
function memberReader(member: Member, dialect: Dialect): Read {
  return member.shape.kind === 'list'
    ? listReader(member.shape, isFlat(member, dialect), dialect)
    : readerOf(member.shape, dialect);
}

function structureReader(shape: StructureShape, dialect: Dialect): Read {
  const members = new Map<string, { key: string; read: Read }>();
  for (const member of shape.members) {
    let read: Read | undefined;
    // Compiled when first met: a shape may contain itself.
    members.set(queryName(member, dialect.ec2), {
      key: member.name,
      read: (node, name) => (read ??= memberReader(member, dialect))(node, name),
    });
  }
  return (node, name) => {
    if (node.value) throw dialect.invalid(name, node.value, 'Expected structure or map');
    const found: Record<string, unknown> = {};
    for (const [wireName, child] of node.children) {
      const member = members.get(wireName);
      if (member !== undefined) found[member.key] = member.read(child, name === '' ? wireName : `${name}.${wireName}`);
      else if (dialect.ec2) throw new AwsError('UnknownParameter', `The parameter ${wireName} is not recognized`);
    }
    if (shape.union && Object.keys(found).length > 1) {
      throw dialect.invalid(name, '', 'A union must have exactly one member set');
    }
    return found;
  };
}

/** The numbered children in the order of their numbers; gaps are closed up. */
function numbered(node: FormNode, name: string, dialect: Dialect): FormNode[] {
  const children = [...node.children];
  for (const [index] of children) {
    if (!/^\d{1,9}$/.test(index))
      throw dialect.invalid(`${name}.${index}`, '', 'Top level element may not be treated as a list');
  }
  return children.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}

/** `Name.member.1` or flattened `Name.1`; `Name=` is an empty list. */
function itemsOf(node: FormNode, name: string, wrapper: string | undefined, dialect: Dialect): FormNode[] {
  if (node.value) throw dialect.invalid(name, node.value, 'Expected list or null');
  if (wrapper === undefined) return numbered(node, name, dialect);
  for (const key of node.children.keys()) {
    if (key !== wrapper) throw dialect.invalid(`${name}.${key}`, '', 'Top level element may not be treated as a list');
  }
  const wrapped = node.children.get(wrapper);
  return wrapped === undefined ? [] : numbered(wrapped, name, dialect);
}

function listReader(shape: ListShape, flat: boolean, dialect: Dialect): Read {
  const wrapper = flat ? undefined : ((shape.element.traits['xmlName'] as string | undefined) ?? 'member');
  let read: Read | undefined;
  return (node, name) => {
    const readElement = (read ??= memberReader(shape.element, dialect));
    return itemsOf(node, name, wrapper, dialect).map((item, i) => readElement(item, `${name}.${i + 1}`));
  };
}

/** `Name.entry.1.key` and `Name.entry.1.value`. */
function mapReader(shape: MapShape, dialect: Dialect): Read {
  const keyName = (shape.key.traits['xmlName'] as string | undefined) ?? 'key';
  const valueName = (shape.value.traits['xmlName'] as string | undefined) ?? 'value';
  let read: Read | undefined;
  return (node, name) => {
    const readValue = (read ??= memberReader(shape.value, dialect));
    const found: Record<string, unknown> = {};
    for (const entry of itemsOf(node, name, dialect.ec2 ? undefined : 'entry', dialect)) {
      const key = entry.children.get(keyName)?.value;
      if (key === undefined) throw dialect.invalid(name, '', 'A map entry lacks its key');
      const value = entry.children.get(valueName);
      setOwn(found, key, value === undefined ? null : readValue(value, `${name}.${key}`));
    }
    return found;
  };
}

/** An awsQuery reply: the result inside its operation's two elements, and the request's id. */
export function writeQuery(operation: OperationModel, output: unknown, namespace: string, requestId: string): string {
  const { name, output: shape } = operation;
  const content =
    shape.kind === 'structure' ? `<${name}Result>${structureContent(shape, output ?? {})}</${name}Result>` : '';
  const metadata = `<ResponseMetadata><RequestId>${escapeText(requestId)}</RequestId></ResponseMetadata>`;
  return `<${name}Response xmlns="${namespace}">${content}${metadata}</${name}Response>`;
}

/** An EC2 reply: the members beside the request's id. */
export function writeEc2(operation: OperationModel, output: unknown, namespace: string, requestId: string): string {
  const { name, output: shape } = operation;
  const content = shape.kind === 'structure' ? structureContent(shape, output ?? {}) : '<return>true</return>';
  const id = `<requestId>${escapeText(requestId)}</requestId>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}Response xmlns="${namespace}">${id}${content}</${name}Response>`;
}
