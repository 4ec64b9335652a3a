// Turns an AwsError into the bytes of the protocol that the request speaks.
import type { AwsError } from '#kernel/error.ts';
import { writeCborError } from './cbor.ts';
import { jsonContentType, modelledError, type Dialect } from './codec.ts';
import { writeJson } from './json.ts';
import { catalog } from './models.ts';
import { s3Ids } from './rest-xml.ts';
import type { ErrorModel, Shape } from './shape.ts';
import type { WireResponse } from './wire.ts';
import { escapeText } from './xml-writer.ts';

/** An error with what its model adds, ready to be written. */
interface Found {
  readonly error: AwsError;
  readonly model: ErrorModel | undefined;
  readonly status: number;
  readonly requestId: string;
  readonly dialect: Dialect;
}

/** The reply to a request that failed. */
export function encodeError(dialect: Dialect, error: AwsError, requestId: string): WireResponse {
  const model = modelledError(dialect, error);
  const found = { error, model, status: statusOf(dialect, error, model), requestId, dialect };
  const response = written(found);
  return dialect.head || found.status === 304 ? { ...response, body: '' } : response;
}

function written(found: Found): WireResponse {
  switch (found.dialect.protocol) {
    case 'json':
      return jsonError(found);
    case 'cbor':
      return cborError(found);
    case 'query':
      return queryError(found);
    case 'ec2Query':
      return ec2Error(found);
    case 'restXml':
      return s3Error(found);
  }
}

/** awsJson knows but 400 and 500; the others have a status for each error, which stands where the thrower chose none. */
function statusOf(dialect: Dialect, error: AwsError, model: ErrorModel | undefined): number {
  if (error.status !== 400 || model === undefined) return error.status;
  if (dialect.protocol === 'json' && !isQueryCompatible(dialect)) return model.fault === 'server' ? 500 : 400;
  return model.status ?? (model.fault === 'server' ? 500 : 400);
}

const isQueryCompatible = ({ model }: Dialect): boolean => model !== undefined && catalog[model].protocols.length > 1;

const nameOf = ({ error, model }: Found): string => model?.name ?? error.code;
const queryCodeOf = ({ error, model }: Found): string => model?.queryCode ?? error.code;
const faultOf = (found: Found): string => (found.status >= 500 ? 'Receiver' : 'Sender');

function headersOf(found: Found, contentType: string): Record<string, string> {
  const headers: Record<string, string> = { 'x-amzn-requestid': found.requestId, 'content-type': contentType };
  // awsQueryCompatible: clients that once spoke query still look for its codes.
  if (isQueryCompatible(found.dialect)) headers['x-amzn-query-error'] = `${queryCodeOf(found)};${faultOf(found)}`;
  return headers;
}

/** The message under its modelled name, then the other modelled members, then whatever else was given. */
function membersOf({ error, model }: Found): (readonly [string, Shape | undefined, unknown])[] {
  const modelled = model?.shape.members ?? [];
  const messageName = modelled.find((member) => member.name.toLowerCase() === 'message')?.name ?? 'message';
  const shapes = new Map(modelled.map((member) => [member.name, member.shape]));
  const rest = Object.entries(error.members).filter(
    ([name, value]) => value !== undefined && name.toLowerCase() !== 'message',
  );
  return [
    [messageName, undefined, error.message],
    ...rest.map(([name, value]) => [name, shapes.get(name), value] as const),
  ];
}

function jsonError(found: Found): WireResponse {
  const fields = membersOf(found).map(
    ([name, shape, value]) =>
      `${JSON.stringify(name)}:${shape === undefined ? JSON.stringify(value) : writeJson(shape, value)}`,
  );
  const headers = headersOf(found, jsonContentType(found.dialect));
  // restJson, the dialect without a version, carries the type in a header.
  if (found.dialect.jsonVersion === undefined) headers['x-amzn-errortype'] = nameOf(found);
  return {
    status: found.status,
    headers,
    body: `{${[`"__type":${JSON.stringify(nameOf(found))}`, ...fields].join(',')}}`,
  };
}

function cborError(found: Found): WireResponse {
  const namespace = found.model === undefined ? '' : `${found.model.shape.namespace}#`;
  return {
    status: found.status,
    headers: { ...headersOf(found, 'application/cbor'), 'smithy-protocol': 'rpc-v2-cbor' },
    body: writeCborError(namespace + nameOf(found), membersOf(found)),
  };
}

/** The members beside code and message, as elements. Only text and numbers are modelled in errors of the XML protocols. */
function extraElements(found: Found): string {
  return Object.entries(found.error.members)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `<${name}>${escapeText(String(value))}</${name}>`)
    .join('');
}

function queryError(found: Found): WireResponse {
  const { model } = found.dialect;
  const namespace =
    (model === undefined ? undefined : catalog[model].xmlNamespace) ??
    'http://webservices.amazon.com/AWSFault/2005-15-09';
  const error =
    `<Type>${faultOf(found)}</Type><Code>${escapeText(queryCodeOf(found))}</Code>` +
    `<Message>${escapeText(found.error.message)}</Message>${extraElements(found)}`;
  const body = `<ErrorResponse xmlns="${namespace}"><Error>${error}</Error><RequestId>${escapeText(found.requestId)}</RequestId></ErrorResponse>`;
  return { status: found.status, headers: { 'x-amzn-requestid': found.requestId, 'content-type': 'text/xml' }, body };
}

function ec2Error(found: Found): WireResponse {
  const error = `<Code>${escapeText(queryCodeOf(found))}</Code><Message>${escapeText(found.error.message)}</Message>${extraElements(found)}`;
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Response><Errors><Error>${error}</Error></Errors><RequestID>${escapeText(found.requestId)}</RequestID></Response>`;
  const headers = { 'x-amzn-requestid': found.requestId, 'content-type': 'text/xml;charset=UTF-8' };
  return { status: found.status, headers, body };
}

function s3Error(found: Found): WireResponse {
  const ids = s3Ids(found.requestId);
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${escapeText(found.error.code)}</Code><Message>${escapeText(found.error.message)}</Message>${extraElements(found)}` +
    `<RequestId>${escapeText(found.requestId)}</RequestId><HostId>${escapeText(ids['x-amz-id-2'])}</HostId></Error>`;
  return { status: found.status, headers: { ...ids, 'content-type': 'application/xml' }, body };
}
