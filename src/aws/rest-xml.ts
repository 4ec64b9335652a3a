// restXml as S3 speaks it: inputs gathered from path, query, headers and body, outputs spread over them.
import { AwsError } from '#kernel/error.ts';
import { parsePairs } from './form.ts';
import type { Member, OperationModel, Shape, StructureShape } from './shape.ts';
import {
  bytesOf,
  formatIso,
  parseBase64,
  parseBoolean,
  parseDecimal,
  parseEpoch,
  parseHttpDate,
  parseIso,
} from './values.ts';
import type { WireRequest, WireResponse } from './wire.ts';
import { parseXml } from './xml-reader.ts';
import { readXml } from './xml-shape.ts';
import { escapeText, structureElement } from './xml-writer.ts';

/** S3's one message for every body that is not the XML it wants. */
export const malformedXml = (): AwsError =>
  new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

const stringTrait = (member: Member, trait: string): string | undefined => member.traits[trait] as string | undefined;

/** Reads an input. Throws InvalidArgument for a bad parameter, MalformedXML for a bad body. */
export function readRestXml(
  shape: Shape,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  if (shape.kind !== 'structure') return found;
  const query = new Map<string, string[]>();
  for (const [name, value] of parsePairs(request.query)) query.set(name, [...(query.get(name) ?? []), value]);
  const inBody: Member[] = [];
  for (const member of shape.members) {
    const queryName = stringTrait(member, 'httpQuery');
    const headerName = stringTrait(member, 'httpHeader');
    const prefix = stringTrait(member, 'httpPrefixHeaders');
    let value: unknown;
    if (member.traits['httpLabel'] !== undefined) value = labels[member.name];
    else if (queryName !== undefined) value = parameter(member, queryName, query.get(queryName));
    else if (headerName !== undefined)
      value = header(member, headerName, headerValue(request, headerName.toLowerCase()));
    else if (prefix !== undefined) value = prefixedHeaders(prefix.toLowerCase(), request.headers);
    else if (member.traits['httpPayload'] !== undefined) value = payload(member, request.body);
    else inBody.push(member);
    if (value !== undefined) found[member.name] = value;
  }
  if (inBody.length > 0 && request.body.length > 0) {
    Object.assign(found, xmlBody({ ...shape, members: inBody }, request.body));
  }
  return found;
}

function payload(member: Member, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const { shape } = member;
  if (shape.kind === 'structure') return xmlBody(shape, body, stringTrait(member, 'xmlName') ?? shape.name);
  return shape.kind === 'string'
    ? body.toString('utf8')
    : new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function xmlBody(shape: StructureShape, body: Buffer, rootName?: string): Record<string, unknown> {
  const root = parseXml(body.toString('utf8'));
  if (root === undefined || (rootName !== undefined && root.name !== rootName)) throw malformedXml();
  return readXml(shape, root, malformedXml) as Record<string, unknown>;
}

function parameter(member: Member, name: string, values: readonly string[] | undefined): unknown {
  if (values === undefined) return undefined;
  const { shape } = member;
  if (shape.kind === 'list') return values.map((value) => simple(shape.element.shape, name, value));
  return simple(shape, name, values[0]!);
}

/** A header as it was before the client put aws-chunked framing around the body, which is off by now. */
function headerValue(request: WireRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  if (name === 'content-length') return String(request.body.length);
  if (name !== 'content-encoding') return value;
  const encodings = value.split(',').map((encoding) => encoding.trim());
  return encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked').join(',') || undefined;
}

function header(member: Member, name: string, value: string | undefined): unknown {
  if (value === undefined) return undefined;
  const { shape } = member;
  if (shape.kind !== 'list') return simple(shape, name, value);
  return value === '' ? [] : splitList(value).map((item) => simple(shape.element.shape, name, item));
}

/** A header's list: items apart by commas, quoted where they hold commas themselves (Smithy's httpHeader trait). */
function splitList(value: string): string[] {
  const items: string[] = [];
  let item = '';
  let quoted = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    if (quoted && character === '\\') item += value[++at] ?? '';
    else if (character === '"' && (quoted || item.trim() === '')) {
      quoted = !quoted;
      item = quoted ? '' : item;
    } else if (character === ',' && !quoted) {
      items.push(item.trim());
      item = '';
    } else item += character;
  }
  return [...items, item.trim()];
}

function simple(shape: Shape, name: string, text: string): unknown {
  const value = parseSimple(shape, text);
  if (value !== undefined) return value;
  const message =
    shape.kind === 'number' ? `Provided ${name} not an integer or within integer range` : `Invalid value for ${name}`;
  throw new AwsError('InvalidArgument', message, { members: { ArgumentName: name, ArgumentValue: text } });
}

function parseSimple(shape: Shape, text: string): unknown {
  switch (shape.kind) {
    case 'number':
      return parseDecimal(text.trim());
    case 'boolean':
      return parseBoolean(text.trim().toLowerCase());
    case 'timestamp':
      return parseHttpDate(text) ?? parseIso(text) ?? parseEpoch(text);
    case 'blob':
      return parseBase64(text);
    default:
      return text;
  }
}

function prefixedHeaders(prefix: string, headers: WireRequest['headers']): Record<string, string> | undefined {
  const found = Object.entries(headers).filter(([name, value]) => name.startsWith(prefix) && value !== undefined);
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value!]));
}

/** The two ids that every reply of S3 carries. */
export function s3Ids(requestId: string): { 'x-amz-request-id': string; 'x-amz-id-2': string } {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': Buffer.from(`berth/${requestId}`).toString('base64') };
}

/** Writes an output. Throws TypeError where a value is not of its shape, or where the output is a stream of events. */
export function writeRestXml(
  operation: OperationModel,
  output: unknown,
  namespace: string,
  requestId: string,
): WireResponse {
  if (operation.eventStream) throw new TypeError(`${operation.name} answers with a stream of events`);
  const headers: Record<string, string> = s3Ids(requestId);
  let status = operation.http?.status ?? 200;
  let body: Buffer | string = '';
  const { output: shape } = operation;
  if (shape.kind !== 'structure') return { status, headers, body };
  const from = (output ?? {}) as Record<string, unknown>;
  const inBody: Member[] = [];
  for (const member of shape.members) {
    const value = from[member.name] ?? undefined;
    const headerName = stringTrait(member, 'httpHeader');
    const prefix = stringTrait(member, 'httpPrefixHeaders');
    if (headerName !== undefined) {
      if (value !== undefined) headers[headerName.toLowerCase()] = headerText(member.shape, value);
    } else if (prefix !== undefined) {
      for (const [name, text] of Object.entries((value ?? {}) as Record<string, string>))
        headers[`${prefix}${name}`.toLowerCase()] = text;
    } else if (member.traits['httpResponseCode'] !== undefined) status = (value as number | undefined) ?? status;
    else if (member.traits['httpPayload'] !== undefined) body = payloadBody(member, value, namespace, headers);
    else inBody.push(member);
  }
  if (inBody.length > 0) body = xmlReply(operation.name, { ...shape, members: inBody }, from, namespace);
  if (inBody.length > 0) headers['content-type'] ??= 'application/xml';
  return { status, headers, body };
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

function xmlReply(
  operation: string,
  shape: StructureShape,
  output: Record<string, unknown>,
  namespace: string,
): string {
  // The one output that S3 writes without an element around it; the SDK's schemas don't carry s3UnwrappedXmlOutput.
  if (operation === 'GetBucketLocation') {
    return `${declaration}<LocationConstraint xmlns="${namespace}">${escapeText(String(output['LocationConstraint'] ?? ''))}</LocationConstraint>`;
  }
  const root = (shape.traits['xmlName'] as string | undefined) ?? shape.name;
  return declaration + structureElement(root, shape, output, namespace);
}

function payloadBody(
  member: Member,
  value: unknown,
  namespace: string,
  headers: Record<string, string>,
): Buffer | string {
  if (value === undefined) return '';
  const { shape } = member;
  if (shape.kind !== 'structure') return bytesOf(value);
  headers['content-type'] ??= 'application/xml';
  const name = stringTrait(member, 'xmlName') ?? shape.name;
  return declaration + structureElement(name, shape, value, namespace);
}

function headerText(shape: Shape, value: unknown): string {
  if (value instanceof Date) {
    if (shape.kind === 'timestamp' && shape.format === 'date-time') return formatIso(value);
    return shape.kind === 'timestamp' && shape.format === 'epoch-seconds'
      ? String(value.getTime() / 1000)
      : value.toUTCString();
  }
  if (Array.isArray(value)) {
    return value
      .map((item: unknown) => quoted(headerText(shape.kind === 'list' ? shape.element.shape : shape, item)))
      .join(', ');
  }
  return String(value);
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text);
