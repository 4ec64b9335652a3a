// What a request says about who signed it: read from the Authorization header or from a presigned query, not yet believed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
import { hash } from 'node:crypto';
import { isRegion } from '#kernel/arn.ts';
import { AwsError } from '#kernel/error.ts';
import { refusal, type Family } from './signature-errors.ts';
import type { WireRequest } from './wire.ts';

/** A claim of authorship: nothing in it is verified. */
export interface SignedClaim {
  readonly accessKeyId: string;
  /** `YYYYMMDD`, of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Lower case, in the claim's own order. */
  readonly signedHeaders: readonly string[];
  /** As it was sent. */
  readonly signature: string;
  /** When it was signed: `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** True for the query form. */
  readonly presigned: boolean;
  /** Seconds that a presigned request is good for. */
  readonly expires: number | undefined;
}

export const algorithm = 'AWS4-HMAC-SHA256';
const longestExpiry = 604_800;
/** What X-Amz-Expires is where a service other than S3 lets it be left out. */
const defaultExpiry = 900;

const presignedMark = /(?:^|&)X-Amz-(?:Algorithm|Credential|Signature)=/;
/** SigV2 and older: `AWS key:signature`, or AWSAccessKeyId among the parameters. */
const olderMark = /(?:^|&)AWSAccessKeyId=/;
const scopePart = /^[a-z0-9-]{1,64}$/;
const keyId = /^[\w/+=.@-]{1,128}$/;

/**
 * The service of the credential scope, for routing before anything is verified; `s3` for the SigV2 that boto3 and
 * CLI v1 presign S3 with; undefined where nothing is said. Never throws.
 */
export function claimedService(request: WireRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization?.startsWith('AWS ')) return 's3';
  const header = authorization === undefined ? undefined : /Credential=([^,]*)/.exec(authorization)?.[1];
  const credential = header ?? decode(/(?:^|&)X-Amz-Credential=([^&]*)/.exec(request.query)?.[1] ?? '');
  const parts = credential?.trim().split('/') ?? [];
  const service = parts.at(-2);
  if (service !== undefined && parts.length >= 5 && scopePart.test(service)) return service;
  return olderMark.test(request.query) && /(?:^|&)Expires=/.test(request.query) ? 's3' : undefined;
}

/**
 * The claim of a request; undefined where it carries none (anonymous). Throws the family's error where it carries a
 * malformed one, another mechanism than SigV4, or two at once.
 */
export function parseClaim(request: WireRequest, family: Family): SignedClaim | undefined {
  const authorization = request.headers['authorization'];
  const presigned = presignedMark.test(request.query);
  if (authorization !== undefined && presigned) throw twoMechanisms(family);
  if (authorization !== undefined) return parseHeader(request, authorization, family);
  if (presigned) return parsePresigned(request, family);
  if (olderMark.test(request.query) || (isForm(request) && olderMark.test(request.body.toString('latin1')))) {
    throw refusal(family, 'unsupported', unsupported);
  }
  return undefined;
}

const unsupported = `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`;

function isForm(request: WireRequest): boolean {
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}

function twoMechanisms(family: Family): Error {
  if (family === 's3') {
    return new AwsError(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    );
  }
  const message = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
  return refusal(family, 'incompleteQuery', message);
}

/** AWS shows a bad header only hashed, so that no secret lands in somebody's log. */
function shown(authorization: string): string {
  return `(Hashed with SHA-256 and encoded with Base64) Authorization=${hash('sha256', authorization, 'base64')}`;
}

const s3Malformed = 'The authorization header is malformed; ';

function parseHeader(request: WireRequest, authorization: string, family: Family): SignedClaim {
  const space = authorization.indexOf(' ');
  const mechanism = space < 0 ? authorization : authorization.slice(0, space);
  const fields = mechanism === algorithm ? headerFields(authorization.slice(space + 1), family) : undefined;
  if (fields === undefined && (family === 's3' || mechanism.startsWith('AWS4-'))) {
    throw refusal(family, 'unsupported', `Unsupported AWS 'algorithm': '${mechanism.slice(0, 64)}'. ${unsupported}`);
  }
  const timestamp = headerTimestamp(request);
  const absent = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields?.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (absent.length > 0 && family === 's3') throw refusal(family, 'incomplete', `${s3Malformed}${threeComponents}`);
  if (timestamp === undefined) absent.push(dateRequired);
  if (fields === undefined || timestamp === undefined || absent.length > 0) {
    throw refusal(family, 'incomplete', [...absent, shown(authorization)].join(' '));
  }
  return {
    ...parseScope(fields.get('Credential')!, family, 'incomplete'),
    signedHeaders: fields.get('SignedHeaders')!.split(';'),
    signature: fields.get('Signature')!,
    timestamp,
    sessionToken: request.headers['x-amz-security-token'],
    presigned: false,
    expires: undefined,
  };
}

const threeComponents = 'the authorization header requires three components: Credential, SignedHeaders, and Signature.';
const dateRequired = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

/** `Credential=…, SignedHeaders=…, Signature=…`, in any order. */
function headerFields(text: string, family: Family): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const field = part.trim();
    const equals = field.indexOf('=');
    const name = field.slice(0, equals);
    if (equals > 0 && !fields.has(name)) {
      fields.set(name, field.slice(equals + 1));
      continue;
    }
    if (family === 's3') throw refusal(family, 'incomplete', `${s3Malformed}${threeComponents}`);
    const digest = hash('sha256', field, 'base64');
    const fault = equals > 0 ? 'duplicated key' : 'missing equal-sign';
    throw refusal(
      family,
      'incomplete',
      `Invalid key=value pair (${fault}) in Authorization header (hashed with SHA-256 and encoded with Base64): '${digest}'.`,
    );
  }
  return fields;
}

/** X-Amz-Date, or else Date in either of its forms; undefined where neither is a time. */
function headerTimestamp(request: WireRequest): string | undefined {
  const own = request.headers['x-amz-date'];
  if (own !== undefined) return timestampMs(own) === undefined ? undefined : own;
  const date = request.headers['date'];
  if (date === undefined || timestampMs(date) !== undefined) return date;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : formatTimestamp(new Date(ms));
}

/** Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`; undefined where it is no time. */
export function timestampMs(timestamp: string): number | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(timestamp)) return undefined;
  const [month, day] = [twoDigits(timestamp, 4), twoDigits(timestamp, 6)];
  const [hour, minute, second] = [twoDigits(timestamp, 9), twoDigits(timestamp, 11), twoDigits(timestamp, 13)];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Date.UTC(100 * twoDigits(timestamp, 0) + twoDigits(timestamp, 2), month - 1, day, hour, minute, second);
  // A day that the month does not have would have run over into the next.
  return new Date(ms).getUTCDate() === day ? ms : undefined;
}

function twoDigits(text: string, at: number): number {
  return 10 * text.charCodeAt(at) + text.charCodeAt(at + 1) - 11 * 0x30;
}

/** `YYYYMMDDTHHMMSSZ` */
export function formatTimestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+|[-:]/g, '');
}

/** `<access key id>/<YYYYMMDD>/<region>/<service>/aws4_request` */
function parseScope(credential: string, family: Family, reason: 'incomplete' | 'incompleteQuery') {
  const parts = credential.split('/');
  const [date = '', region = '', service = '', terminator = ''] = parts.splice(-4);
  const accessKeyId = parts.join('/');
  const s3 =
    family === 's3' ? (reason === 'incomplete' ? s3Malformed : 'Error parsing the X-Amz-Credential parameter; ') : '';
  if (!keyId.test(accessKeyId)) {
    const form = '<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request';
    const message = s3
      ? `${s3}the Credential is mal-formed; expecting "${form}".`
      : `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential.slice(0, 256)}'`;
    throw refusal(family, reason, message);
  }
  if (!/^\d{8}$/.test(date))
    throw refusal(
      family,
      reason,
      `${s3}incorrect date format. This date in the credential must be in the format "yyyyMMdd".`,
    );
  if (!isRegion(region)) throw refusal(family, reason, `${s3}Credential should be scoped to a valid region.`);
  if (!scopePart.test(service)) throw refusal(family, reason, `${s3}Credential should be scoped to correct service.`);
  if (terminator !== 'aws4_request')
    throw refusal(family, reason, `${s3}Credential should be scoped with a valid terminator: 'aws4_request'.`);
  return { accessKeyId, date, region, service };
}

const queryNames = ['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date'] as const;

function parsePresigned(request: WireRequest, family: Family): SignedClaim {
  const parameters = authParameters(request.query, family);
  const given = parameters.get('X-Amz-Algorithm');
  if (given && given !== algorithm)
    throw refusal(family, 'unsupported', `Unsupported AWS 'algorithm': '${given.slice(0, 64)}'.`);
  const names = family === 's3' ? [...queryNames, 'Expires'] : queryNames;
  const absent = names.filter((name) => !parameters.get(`X-Amz-${name}`));
  if (absent.length > 0) throw refusal(family, 'incompleteQuery', parametersRequired(family, absent));
  const timestamp = parameters.get('X-Amz-Date')!;
  if (timestampMs(timestamp) === undefined) {
    throw refusal(family, 'incompleteQuery', "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  return {
    ...parseScope(parameters.get('X-Amz-Credential')!, family, 'incompleteQuery'),
    signedHeaders: parameters.get('X-Amz-SignedHeaders')!.split(';'),
    signature: parameters.get('X-Amz-Signature')!,
    timestamp,
    sessionToken: parameters.get('X-Amz-Security-Token'),
    presigned: true,
    expires: parseExpires(parameters.get('X-Amz-Expires'), family),
  };
}

function parametersRequired(family: Family, absent: readonly string[]): string {
  if (family === 's3') {
    return 'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.';
  }
  const each = absent.map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`);
  return [...each, 'Re-examine the query-string parameters.'].join(' ');
}

function parseExpires(text: string | undefined, family: Family): number {
  if (text === undefined) return defaultExpiry;
  if (/^-\d+$/.test(text)) throw refusal(family, 'incompleteQuery', 'X-Amz-Expires must be non-negative');
  if (!/^\d{1,16}$/.test(text)) throw refusal(family, 'incompleteQuery', 'X-Amz-Expires should be a number');
  if (Number(text) <= longestExpiry) return Number(text);
  throw refusal(
    family,
    'incompleteQuery',
    'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
  );
}

/** The X-Amz-… parameters of a query, decoded. Each may be there once: two would leave open which one was signed. */
function authParameters(query: string, family: Family): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    if (!/^X-Amz-/i.test(part)) continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = decode(equals < 0 ? '' : part.slice(equals + 1));
    if (value === undefined || parameters.has(name)) {
      throw refusal(
        family,
        'incompleteQuery',
        `The query-string parameter '${name.slice(0, 64)}' is malformed or repeated.`,
      );
    }
    parameters.set(name, value);
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
