// Verifies who signed a request: SigV4 in header and presigned form, its time, its token and its payload.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { hash, timingSafeEqual } from 'node:crypto';
import { AwsError } from '#kernel/error.ts';
import { framings, unframe, type Framing } from './chunked.ts';
import type { Credential } from './service.ts';
import { canonicalPath, canonicalQuery, canonicalRequest, canonicalS3Path } from './sigv4-canonical.ts';
import { refusal, type Family } from './signature-errors.ts';
import { algorithm, formatTimestamp, timestampMs, type SignedClaim } from './signed-claim.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { WireRequest } from './wire.ts';

/** A credential as the verifier wants to know it: with its end, where it has one. */
export type SigningCredential = Credential & { readonly expiration?: Date };

/** What a claim is held against. */
export interface Trust {
  /** Whose rules and whose words. */
  readonly family: Family;
  readonly now: Date;
  readonly keys: SigningKeys;
  /** The credential of an access key id, or undefined where there is none that is active. */
  credential(accessKeyId: string): SigningCredential | undefined;
}

/** Who signed, and what. */
export interface Verified {
  readonly credential: SigningCredential;
  /** The body without aws-chunked framing. */
  readonly body: Buffer;
  /** Checksums that followed an aws-chunked body, verified: `x-amz-checksum-crc32`, … in base64. */
  readonly trailers: Readonly<Record<string, string>>;
}

const skewMinutes = 15;
const skewMs = skewMinutes * 60_000;

/**
 * Verifies `claim`, which `parseClaim` read from this very request, whose body is as it was sent (still framed).
 * Throws an AwsError in the family's words.
 */
export function verify(request: WireRequest, claim: SignedClaim, trust: Trust): Verified {
  checkScopeDate(claim, trust.family);
  const credential = trust.credential(claim.accessKeyId);
  if (credential === undefined) throw refusal(trust.family, 'unknownKey');
  checkToken(claim, credential, trust.family);
  checkSignedHeaders(request, claim, trust.family);
  checkTime(claim, trust);
  const payload = trust.family === 's3' ? s3Payload(request, claim) : bodyPayload(request);
  const key = trust.keys.key(claim, credential.secretAccessKey);
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const canonical = canonicalRequest({
    method: request.method,
    path: trust.family === 's3' ? canonicalS3Path(request.path) : canonicalPath(request.path),
    query: canonicalQuery(request.query, claim.presigned ? 'X-Amz-Signature' : undefined),
    headers: request.headers,
    signedHeaders: claim.signedHeaders,
    payloadHash: payload.announced,
  });
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'));
  const text = `${algorithm}\n${claim.timestamp}\n${scope}\n${digest}`;
  if (!sameSignature(key.sign(text), claim.signature)) {
    throw refusal(trust.family, 'mismatch');
  }
  if (credential.expiration !== undefined && credential.expiration <= trust.now) {
    throw refusal(trust.family, 'expiredToken');
  }
  if (payload.framing !== undefined) {
    const seed = { key, timestamp: claim.timestamp, scope, signature: claim.signature };
    return { credential, ...unframe(request.body, payload.framing, request.headers, seed) };
  }
  if (payload.checked) checkPayload(payload.announced, request.body);
  return { credential, body: request.body, trailers: {} };
}

/** Constant time; `given` must be 64 lower-case hexadecimal digits, because Buffer would read others too. */
function sameSignature(wanted: string, given: string): boolean {
  return /^[0-9a-f]{64}$/.test(given) && timingSafeEqual(Buffer.from(wanted, 'hex'), Buffer.from(given, 'hex'));
}

function checkScopeDate(claim: SignedClaim, family: Family): void {
  const day = claim.timestamp.slice(0, 8);
  if (claim.date === day) return;
  const message =
    family === 's3'
      ? `The authorization header is malformed; Invalid credential date "${claim.date}". This date is not the same as X-Amz-Date: "${day}".`
      : `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.date}' != '${day}', from '${claim.timestamp}'.`;
  throw refusal(family, 'scope', message);
}

/** Temporary credentials come with their token, others without one. */
function checkToken(claim: SignedClaim, credential: SigningCredential, family: Family): void {
  const { sessionToken: wanted } = credential;
  const { sessionToken: given } = claim;
  if (wanted === undefined && given === undefined) return;
  if (wanted === undefined) throw refusal(family, 'badToken');
  if (given === undefined) throw refusal(family, 'unknownKey');
  // Hashed first, so that neither content nor length shows in the time.
  if (!timingSafeEqual(hash('sha256', wanted, 'buffer'), hash('sha256', given, 'buffer')))
    throw refusal(family, 'badToken');
}

/** Host and every x-amz-… header must be signed; S3 lets x-amz-content-sha256 go, which is part of what is signed anyway. */
function checkSignedHeaders(request: WireRequest, claim: SignedClaim, family: Family): void {
  const missing: string[] = [];
  for (const name in request.headers) {
    if (name !== 'host' && !name.startsWith('x-amz-')) continue;
    if (request.headers[name] === undefined || claim.signedHeaders.includes(name)) continue;
    if (name !== 'x-amz-content-sha256' || family !== 's3') missing.push(name);
  }
  // Without a Host header there is nothing that ties the signature to this endpoint.
  if (request.headers['host'] === undefined) missing.push('host');
  if (missing.length === 0) return;
  const named = missing.includes('host') ? "'Host' or ':authority'" : `'${missing[0]}'`;
  throw refusal(family, 'headersNotSigned', `${named} must be a 'SignedHeader' in the AWS Authorization.`, {
    HeadersNotSigned: missing.toSorted().join(', '),
  });
}

function checkTime(claim: SignedClaim, trust: Trust): void {
  const now = trust.now.getTime();
  const signed = timestampMs(claim.timestamp)!;
  const allowed = claim.presigned ? claim.expires! * 1000 : skewMs;
  if (now > signed + allowed) throw expired(claim, trust, allowed);
  if (signed <= now + skewMs) return;
  const latest = formatTimestamp(new Date(now + skewMs));
  const message = `Signature not yet current: ${claim.timestamp} is still later than ${latest} (${formatTimestamp(trust.now)} + ${skewMinutes} min.)`;
  throw refusal(trust.family, claim.presigned ? 'premature' : 'early', message, skewMembers(claim, trust.now));
}

function expired(claim: SignedClaim, { family, now }: Trust, allowed: number): AwsError {
  const earliest = formatTimestamp(new Date(now.getTime() - allowed));
  const margin = allowed % 60_000 === 0 ? `${allowed / 60_000} min.` : `${allowed / 1000} sec.`;
  const message = `Signature expired: ${claim.timestamp} is now earlier than ${earliest} (${formatTimestamp(now)} - ${margin})`;
  if (!claim.presigned) return refusal(family, 'late', message, skewMembers(claim, now));
  return refusal(family, 'lapsed', message, {
    'X-Amz-Expires': String(claim.expires),
    Expires: isoSeconds(new Date(timestampMs(claim.timestamp)! + allowed)),
    ServerTime: isoSeconds(now),
  });
}

function skewMembers(claim: SignedClaim, now: Date): Readonly<Record<string, string>> {
  return {
    RequestTime: claim.timestamp,
    ServerTime: isoSeconds(now),
    MaxAllowedSkewMilliseconds: String(skewMs),
  };
}

/** `2013-05-24T00:00:00Z` */
function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '');
}

/** What stands for the payload in the canonical request, and what remains to be verified of the payload. */
interface Payload {
  readonly announced: string;
  /** `announced` is a hash that the client gave: the body must have it. */
  readonly checked: boolean;
  readonly framing?: Framing;
}

/** Outside S3 the body's own hash is what must have been signed, whatever a header says. */
function bodyPayload(request: WireRequest): Payload {
  return { announced: hash('sha256', request.body), checked: false };
}

const unsignedPayload = 'UNSIGNED-PAYLOAD';

function s3Payload(request: WireRequest, claim: SignedClaim): Payload {
  const announced =
    request.headers['x-amz-content-sha256'] ?? (claim.presigned ? presignedPayload(request) : undefined);
  if (announced === undefined) {
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  if (announced === unsignedPayload) return { announced, checked: false };
  if (Object.hasOwn(framings, announced)) return { announced, checked: false, framing: framings[announced] };
  if (/^[0-9a-f]{64}$/.test(announced)) return { announced, checked: true };
  const values = [unsignedPayload, ...Object.keys(framings)].join(', ');
  throw new AwsError('InvalidArgument', `x-amz-content-sha256 must be ${values} or a valid sha256 value.`, {
    members: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: announced },
  });
}

/** The JS SDK hoists the header into the query; others leave it out. */
function presignedPayload(request: WireRequest): string {
  return /(?:^|&)x-amz-content-sha256=([^&]*)/i.exec(request.query)?.[1] ?? unsignedPayload;
}

function checkPayload(announced: string, body: Buffer): void {
  const computed = hash('sha256', body);
  if (computed === announced) return;
  throw new AwsError(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { members: { ClientComputedContentSHA256: announced, S3ComputedContentSHA256: computed } },
  );
}
