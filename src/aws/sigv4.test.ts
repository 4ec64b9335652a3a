// The verifier against an independent signer (the SDK's own), and that nothing else is let in.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { canonicalPath, canonicalQuery, canonicalS3Path, foldWhitespace } from './sigv4-canonical.ts';
import { claimedService, formatTimestamp, parseClaim, timestampMs } from './signed-claim.ts';
import type { Family } from './signature-errors.ts';
import { SigningKeys } from './signing-keys.ts';
import { verify, type SigningCredential, type Verified } from './sigv4.ts';
import type { WireRequest } from './wire.ts';

const accessKeyId = 'AKIDEXAMPLE';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const signedAt = new Date('2026-03-04T05:06:07Z');
const keys = new SigningKeys();
const longTerm: SigningCredential = {
  principal: { account: '123456789012', arn: 'arn:aws:iam::123456789012:root', userId: '123456789012', accessKeyId },
  secretAccessKey,
};

interface Situation {
  readonly now?: Date;
  readonly credential?: SigningCredential | undefined;
}

function authenticate(request: WireRequest, family: Family, situation: Situation = {}): Verified {
  const claim = parseClaim(request, family);
  assert.ok(claim, 'the request carries a claim');
  const known = 'credential' in situation ? situation.credential : longTerm;
  const credential = (id: string) => (id === accessKeyId ? known : undefined);
  return verify(request, claim, { family, now: situation.now ?? signedAt, keys, credential });
}

/** The signer's hash, from node:crypto. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = secret === undefined || typeof secret === 'string' ? secret : Buffer.from(secret as Uint8Array);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

interface Plan {
  readonly family: Family;
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string | string[]>;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly sessionToken?: string;
  /** Seconds; absent for the header form. */
  readonly expiresIn?: number;
}

const escape = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const simple: Plan = { family: 'json', method: 'POST', path: '/', query: {}, headers: {}, body: Buffer.from('{}') };

/** Signs a plan with the SDK's signer and puts it on the wire. */
async function sign(plan: Plan): Promise<WireRequest> {
  const s3 = plan.family === 's3';
  const signer = new SignatureV4({
    service: s3 ? 's3' : 'ecs',
    region: 'eu-west-1',
    credentials: { accessKeyId, secretAccessKey, sessionToken: plan.sessionToken },
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: s3,
  });
  const { method, path, query, body } = plan;
  const headers: Record<string, string> = { ...plan.headers, host: '127.0.0.1:4566' };
  if (s3 && plan.expiresIn !== undefined) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  const unsigned = { method, protocol: 'http:', hostname: '127.0.0.1', path, query, headers, body };
  const options = { signingDate: signedAt };
  const signed =
    plan.expiresIn === undefined
      ? await signer.sign(unsigned, options)
      : await signer.presign(unsigned, { ...options, expiresIn: plan.expiresIn });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([key, value]) =>
    [value ?? []].flat().map((one) => `${escape(key)}=${escape(one)}`),
  );
  return { method, path, query: pairs.reverse().join('&'), headers: signed.headers, body };
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((value) => value.isWellFormed());
const segment = fc.oneof(
  text.map(escape),
  fc
    .constantFrom('', '.', '..', 'a b', '%2F', '%25zz', '~user', 'x+y=(z)!')
    .map((s) => (s.includes(' ') ? escape(s) : s)),
);
const s3Segment = fc.oneof(text.map(escape), fc.constantFrom('', '.', '..'));
const path = (part: fc.Arbitrary<string>) => fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
const query = fc.dictionary(
  fc
    .oneof(text, fc.constantFrom('a', 'a-b', 'a b', 'A', 'Action'))
    .filter((key) => key !== '' && key !== '__proto__' && !/^x-amz/i.test(key)),
  fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
  { maxKeys: 5 },
);
const headerValue = fc.string({ unit: fc.constantFrom(...' \t,;"=a0~/:'), maxLength: 12 });
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'x-amz-target', 'x-amz-meta-note', 'my-header', 'amz-sdk-request'),
  headerValue,
);
const plan: fc.Arbitrary<Plan> = fc.constantFrom<Family>('json', 'query', 'ec2', 's3').chain((family) =>
  fc.record({
    family: fc.constant(family),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
    path: path(family === 's3' ? s3Segment : segment),
    query,
    headers,
    body: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    sessionToken: fc.option(fc.base64String({ minLength: 4, maxLength: 40 }), { nil: undefined }),
    expiresIn: fc.option(fc.integer({ min: 1, max: 604_800 }), { nil: undefined }),
  }),
);
const knownTo = ({ sessionToken }: Plan): Situation => ({ credential: { ...longTerm, sessionToken } });

test("whatever the SDK's signer signs, in header and in presigned form, is accepted", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (one) => {
      const request = await sign(one);
      const verified = authenticate(request, one.family, knownTo(one));
      assert.equal(verified.credential.secretAccessKey, secretAccessKey);
      assert.equal(verified.body, one.body);
      assert.equal(claimedService(request), one.family === 's3' ? 's3' : 'ecs');
    }),
    { numRuns: 500 },
  );
});

/** `text` with one character changed for another that HTTP could carry. */
const changed = (value: string, at: number, by: number): string => {
  const index = at % value.length;
  const code = 0x21 + ((value.charCodeAt(index) - 0x21 + 1 + (by % 93)) % 94);
  return value.slice(0, index) + String.fromCharCode(code) + value.slice(index + 1);
};

interface Change {
  readonly part: 'method' | 'path' | 'query' | 'header' | 'body';
  readonly at: number;
  readonly by: number;
}

/** A request with a single byte changed; undefined where that changes nothing that SigV4 (or AWS) tells apart. */
function tamper(request: WireRequest, family: Family, { part, at, by }: Change): WireRequest | undefined {
  if (part === 'body') {
    if (request.body.length === 0 || (request.query.includes('X-Amz-Signature') && family === 's3')) return undefined;
    const body = Buffer.from(request.body);
    body[at % body.length]! ^= 1 + (by % 255);
    return { ...request, body };
  }
  if (part === 'header') {
    const names = Object.keys(request.headers).filter((name) => request.headers[name] !== '');
    const name = names[at % names.length]!;
    const value = changed(request.headers[name]!, at, by);
    if (foldWhitespace(value) === foldWhitespace(request.headers[name]!)) return undefined;
    return { ...request, headers: { ...request.headers, [name]: value } };
  }
  if (request[part] === '') return undefined;
  const value = changed(request[part], at, by);
  const canonical = { method: String, path: family === 's3' ? canonicalS3Path : canonicalPath, query: canonicalQuery }[
    part
  ];
  return canonical(value) === canonical(request[part]) ? undefined : { ...request, [part]: value };
}

const change: fc.Arbitrary<Change> = fc.record({
  part: fc.constantFrom('method', 'path', 'query', 'header', 'body'),
  at: fc.nat(10_000),
  by: fc.nat(10_000),
});

test('any single byte changed in any part of a signed request refuses it', async () => {
  let tampered = 0;
  await fc.assert(
    fc.asyncProperty(plan, fc.array(change, { minLength: 10, maxLength: 10 }), async (one, changes) => {
      const request = await sign(one);
      for (const each of changes) {
        const other = tamper(request, one.family, each);
        if (other === undefined) continue;
        tampered++;
        assert.throws(
          () => {
            authenticate(other, one.family, knownTo(one));
          },
          AwsErrorOrNoClaim,
          JSON.stringify({ each, path: other.path, query: other.query, headers: other.headers }),
        );
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(tampered > 1000, `${tampered} changes were tried`);
});

function AwsErrorOrNoClaim(thrown: unknown): boolean {
  return (
    thrown instanceof AwsError ||
    (thrown instanceof assert.AssertionError && thrown.message.includes('carries a claim'))
  );
}

test('whatever is sent as Authorization or query, only an AwsError comes of it', () => {
  const mark = fc.constantFrom(
    'AWS4-HMAC-SHA256 ',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    ',',
    '/',
    '=',
    '%zz',
    '%',
    'AWS x:y',
    'aws4_request',
    'a/20260304/eu-west-1/ecs/aws4_request',
  );
  const parameter = fc.constantFrom(
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    'X-Amz-Credential=',
    'a%2F20260304%2Feu-west-1%2Fs3%2Faws4_request',
    '&',
    'X-Amz-Date=20260304T050607Z',
    'X-Amz-Expires=-1',
    '%e0%a4',
    'X-Amz-SignedHeaders=host',
    'X-Amz-Signature=00',
  );
  const words = (part: fc.Arbitrary<string>) =>
    fc.array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      words(mark),
      words(parameter),
      fc.boolean(),
      fc.constantFrom<Family>('json', 'query', 'ec2', 's3'),
      (authorization, sent, header, family) => {
        const own: Record<string, string> = header ? { authorization } : {};
        const request = {
          method: 'GET',
          path: '/%zz',
          query: sent,
          headers: { host: 'localhost', ...own },
          body: Buffer.alloc(0),
        };
        claimedService(request);
        try {
          const claim = parseClaim(request, family);
          if (claim) verify(request, claim, { family, now: signedAt, keys, credential: () => longTerm });
          assert.equal(claim, undefined, 'nothing of this was signed');
        } catch (thrown) {
          assert.ok(thrown instanceof AwsError, String(thrown));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

type Words = readonly [code: string, status: number, message: RegExp];
interface Refused {
  readonly name: string;
  readonly plan?: Partial<Plan>;
  readonly situation?: Situation;
  readonly spoil?: (request: WireRequest) => WireRequest;
  readonly answers: Partial<Record<Family, Words>>;
}
const later = (ms: number): Date => new Date(signedAt.getTime() + ms);
const minute = 60_000;
const invalidToken = /^The security token included in the request is invalid\.$/;
const notValidated: Words = ['AuthFailure', 401, /^AWS was not able to validate the provided access credentials$/];
const withHeader = (name: string, value: string | undefined) => (request: WireRequest) => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

const refused: Refused[] = [
  {
    name: 'a key that nobody has',
    situation: { credential: undefined },
    answers: {
      json: ['UnrecognizedClientException', 400, invalidToken],
      query: ['InvalidClientTokenId', 403, invalidToken],
      ec2: notValidated,
      s3: ['InvalidAccessKeyId', 403, /^The AWS Access Key Id you provided does not exist in our records\.$/],
    },
  },
  {
    name: 'another secret',
    situation: { credential: { ...longTerm, secretAccessKey: 'other' } },
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^The request signature we calculated does not match .* Consult the service documentation for details\.$/,
      ],
      query: ['SignatureDoesNotMatch', 403, /Consult the service documentation for details\.$/],
      ec2: notValidated,
      s3: ['SignatureDoesNotMatch', 403, /Check your key and signing method\.$/],
    },
  },
  {
    name: 'a signature of sixteen minutes ago',
    situation: { now: later(16 * minute) },
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^Signature expired: 20260304T050607Z is now earlier than 20260304T050707Z \(20260304T052207Z - 15 min\.\)$/,
      ],
      query: ['SignatureDoesNotMatch', 403, /^Signature expired: /],
      ec2: ['RequestExpired', 400, /^Request has expired\.$/],
      s3: [
        'RequestTimeTooSkewed',
        403,
        /^The difference between the request time and the current time is too large\.$/,
      ],
    },
  },
  {
    name: 'a signature of sixteen minutes ahead',
    situation: { now: later(-16 * minute) },
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^Signature not yet current: 20260304T050607Z is still later than 20260304T050507Z \(20260304T045007Z \+ 15 min\.\)$/,
      ],
      query: ['SignatureDoesNotMatch', 403, /^Signature not yet current: /],
      ec2: notValidated,
      s3: ['RequestTimeTooSkewed', 403, /too large/],
    },
  },
  {
    name: 'a presigned request after its time',
    plan: { expiresIn: 60 },
    situation: { now: later(61_000) },
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^Signature expired: 20260304T050607Z is now earlier than 20260304T050608Z \(20260304T050708Z - 1 min\.\)$/,
      ],
      query: ['SignatureDoesNotMatch', 403, /^Signature expired: /],
      ec2: ['RequestExpired', 400, /^Request has expired\.$/],
      s3: ['AccessDenied', 403, /^Request has expired$/],
    },
  },
  {
    name: 'a presigned request before its time',
    plan: { expiresIn: 60 },
    situation: { now: later(-16 * minute) },
    answers: { query: ['SignatureDoesNotMatch', 403, /not yet current/], s3: ['AccessDenied', 403, /not valid yet/] },
  },
  {
    name: 'a temporary key without its token',
    situation: { credential: { ...longTerm, sessionToken: 'wanted' } },
    answers: {
      json: ['UnrecognizedClientException', 400, invalidToken],
      query: ['InvalidClientTokenId', 403, invalidToken],
      ec2: notValidated,
      s3: ['InvalidAccessKeyId', 403, /does not exist/],
    },
  },
  {
    name: 'a token that is not the key’s',
    plan: { sessionToken: 'other' },
    situation: { credential: { ...longTerm, sessionToken: 'wanted' } },
    answers: {
      json: ['UnrecognizedClientException', 400, invalidToken],
      ec2: notValidated,
      s3: ['InvalidToken', 400, /^The provided token is malformed or otherwise invalid\.$/],
    },
  },
  {
    name: 'a token with a long-term key',
    plan: { sessionToken: 'other' },
    answers: { query: ['InvalidClientTokenId', 403, invalidToken], s3: ['InvalidToken', 400, /malformed/] },
  },
  {
    name: 'a token that has expired',
    plan: { sessionToken: 'wanted' },
    situation: { credential: { ...longTerm, sessionToken: 'wanted', expiration: signedAt } },
    answers: {
      json: ['ExpiredTokenException', 400, /^The security token included in the request is expired$/],
      query: ['ExpiredToken', 403, /^The security token included in the request is expired$/],
      ec2: ['RequestExpired', 400, /expired/],
      s3: ['ExpiredToken', 400, /^The provided token has expired\.$/],
    },
  },
  {
    name: 'an x-amz- header that was not signed',
    spoil: withHeader('x-amz-acl', 'public-read'),
    answers: {
      json: ['InvalidSignatureException', 400, /^'x-amz-acl' must be a 'SignedHeader' in the AWS Authorization\.$/],
      s3: ['AccessDenied', 403, /^There were headers present in the request which were not signed$/],
    },
  },
  {
    name: 'a host that was not signed',
    spoil: (request) => withHeader('authorization', request.headers['authorization']!.replace('host;', ''))(request),
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization\.$/,
      ],
      ec2: notValidated,
      s3: ['AccessDenied', 403, /not signed/],
    },
  },
  {
    name: 'another body',
    spoil: (request) => ({ ...request, body: Buffer.from('[]') }),
    answers: {
      json: ['InvalidSignatureException', 400, /^The request signature we calculated/],
      s3: [
        'XAmzContentSHA256Mismatch',
        400,
        /^The provided 'x-amz-content-sha256' header does not match what was computed\.$/,
      ],
    },
  },
  {
    name: 'no x-amz-content-sha256',
    spoil: withHeader('x-amz-content-sha256', undefined),
    answers: { s3: ['InvalidRequest', 400, /^Missing required header for this request: x-amz-content-sha256$/] },
  },
  {
    name: 'a scope of another day',
    spoil: (request) =>
      withHeader('authorization', request.headers['authorization']!.replace('20260304', '20260305'))(request),
    answers: {
      json: [
        'InvalidSignatureException',
        400,
        /^Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260305' != '20260304', from '20260304T050607Z'\.$/,
      ],
      query: ['SignatureDoesNotMatch', 403, /^Date in Credential scope/],
      s3: [
        'AuthorizationHeaderMalformed',
        400,
        /Invalid credential date "20260305"\. This date is not the same as X-Amz-Date: "20260304"\.$/,
      ],
    },
  },
  {
    name: 'half an Authorization header',
    spoil: withHeader('authorization', 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260304/eu-west-1/ecs/aws4_request'),
    answers: {
      json: [
        'IncompleteSignatureException',
        400,
        /^Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\. \(Hashed/,
      ],
      query: ['IncompleteSignature', 400, /requires 'Signature' parameter/],
      s3: [
        'AuthorizationHeaderMalformed',
        400,
        /requires three components: Credential, SignedHeaders, and Signature\.$/,
      ],
    },
  },
  {
    name: 'a word without an equal-sign in the Authorization header',
    spoil: withHeader('authorization', 'AWS4-HMAC-SHA256 Credential= x, y'),
    answers: {
      json: [
        'IncompleteSignatureException',
        400,
        /^Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 and encoded with Base64\): '/,
      ],
    },
  },
  {
    name: 'SigV2 in the Authorization header',
    spoil: withHeader('authorization', 'AWS AKIDEXAMPLE:c2lnbmF0dXJl'),
    answers: {
      json: ['IncompleteSignatureException', 400, /^Authorization header requires 'Credential' parameter\./],
      s3: [
        'InvalidRequest',
        400,
        /^The authorization mechanism you have provided is not supported\. Please use AWS4-HMAC-SHA256\.$/,
      ],
    },
  },
  {
    name: 'SigV2 in the query, as boto3 presigns S3',
    spoil: (request) => ({
      ...request,
      query: 'AWSAccessKeyId=AKIDEXAMPLE&Signature=c2ln&Expires=1900000000',
      headers: { host: request.headers['host'] },
    }),
    answers: {
      s3: ['InvalidRequest', 400, /^The authorization mechanism/],
      query: ['IncompleteSignature', 400, /use AWS4-HMAC-SHA256/],
    },
  },
  {
    name: 'two mechanisms at once',
    plan: { expiresIn: 60 },
    spoil: withHeader('authorization', 'AWS4-HMAC-SHA256 Credential=a'),
    answers: {
      json: ['IncompleteSignatureException', 400, /^Found both/],
      s3: ['InvalidArgument', 400, /^Only one auth mechanism allowed/],
    },
  },
  {
    name: 'a presigned query without its date',
    plan: { expiresIn: 60 },
    spoil: (request) => ({ ...request, query: request.query.replace(/X-Amz-Date=[^&]*&?/, '') }),
    answers: {
      json: [
        'IncompleteSignatureException',
        400,
        /^AWS query-string parameters must include 'X-Amz-Date'\. Re-examine the query-string parameters\.$/,
      ],
      s3: [
        'AuthorizationQueryParametersError',
        400,
        /^Query-string authentication version 4 requires the X-Amz-Algorithm, /,
      ],
    },
  },
  {
    name: 'a presigned query of more than a week',
    plan: { expiresIn: 60 },
    spoil: (request) => ({ ...request, query: request.query.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801') }),
    answers: { s3: ['AuthorizationQueryParametersError', 400, /less than 604800 seconds$/] },
  },
  {
    name: 'a signature in capitals',
    spoil: (request) =>
      withHeader(
        'authorization',
        request.headers['authorization']!.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
      )(request),
    answers: { json: ['InvalidSignatureException', 400, /we calculated does not match/] },
  },
  {
    name: 'a signature given twice',
    spoil: (request) =>
      withHeader('authorization', `${request.headers['authorization']}, Signature=${'0'.repeat(64)}`)(request),
    answers: {
      json: ['IncompleteSignatureException', 400, /duplicated key/],
      s3: ['AuthorizationHeaderMalformed', 400, /three components/],
    },
  },
  {
    name: 'a presigned parameter given twice',
    plan: { expiresIn: 60 },
    spoil: (request) => ({ ...request, query: `${request.query}&X-Amz-Signature=${'0'.repeat(64)}` }),
    answers: {
      json: ['IncompleteSignatureException', 400, /repeated/],
      s3: ['AuthorizationQueryParametersError', 400, /repeated/],
    },
  },
  {
    name: 'a region that is none',
    spoil: (request) =>
      withHeader('authorization', request.headers['authorization']!.replace('eu-west-1', 'EU_WEST'))(request),
    answers: {
      json: ['IncompleteSignatureException', 400, /valid region/],
      s3: ['AuthorizationHeaderMalformed', 400, /valid region/],
    },
  },
];

for (const { name, plan: part, situation, spoil, answers } of refused) {
  for (const [family, [code, status, message]] of Object.entries(answers)) {
    test(`${family}: ${name} is answered ${code} ${status}`, async () => {
      const request = await sign({ ...simple, ...part, family: family as Family });
      assert.throws(
        () => authenticate(spoil?.(request) ?? request, family as Family, situation),
        (error: AwsError) => {
          assert.deepEqual([error.code, error.status], [code, status], error.message);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
}

test('fifteen minutes either way are within the allowed skew', async () => {
  const request = await sign(simple);
  for (const now of [later(15 * minute), later(-15 * minute)]) authenticate(request, 'json', { now });
});

test('a request without a signature carries no claim', () => {
  const request = { method: 'GET', path: '/', query: 'a=b', headers: { host: 'localhost' }, body: Buffer.alloc(0) };
  assert.equal(parseClaim(request, 's3'), undefined);
  assert.equal(claimedService(request), undefined);
});

test('SigV2 is taken for S3, which alone still meets it', () => {
  const request = { method: 'GET', path: '/b/k', headers: { host: 'localhost' }, body: Buffer.alloc(0) };
  assert.equal(claimedService({ ...request, query: 'AWSAccessKeyId=A&Signature=c2ln&Expires=1900000000' }), 's3');
  assert.equal(claimedService({ ...request, query: '', headers: { authorization: 'AWS A:c2ln' } }), 's3');
});

test('only what is a time in SigV4 form is read as one', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
      assert.equal(timestampMs(formatTimestamp(date)), Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
  assert.ok(timestampMs('20240229T000000Z'));
  for (const none of [
    '20230229T000000Z',
    '20240431T000000Z',
    '20240400T000000Z',
    '20241301T000000Z',
    '20240010T000000Z',
  ]) {
    assert.equal(timestampMs(none), undefined, none);
  }
  for (const none of [
    '20240101T240000Z',
    '20240101T006000Z',
    '20240101T000060Z',
    '20240101T000000',
    '2024-01-01T00:00:00Z',
    '',
  ]) {
    assert.equal(timestampMs(none), undefined, none);
  }
});

test('keys are derived once, anew for another secret, and the cache stays bounded', () => {
  const cache = new SigningKeys(2);
  const scope = { accessKeyId: 'A', date: '20260304', region: 'eu-west-1', service: 'ecs' };
  const first = cache.key(scope, 'secret');
  assert.equal(cache.key(scope, 'secret'), first);
  assert.ok(!cache.key(scope, 'other').equals(first));
  for (const region of ['a', 'b', 'c']) cache.key({ ...scope, region }, 'secret');
  assert.equal(cache.size, 2);
});

test('a query is ordered by key, then value, and encoded one way only', () => {
  for (const [sent, canonical] of [
    ['', ''],
    ['b&a', 'a=&b='],
    ['a-b=1&a=2', 'a=2&a-b=1'],
    ['a=2&a=10&a=1', 'a=1&a=10&a=2'],
    ['a=b+c', 'a=b%20c'],
    ['k=%7e%2f/=&', 'k=~%2F%2F%3D'],
    ['k=%zz%', 'k=%25zz%25'],
    ['k=\u00e9', 'k=%E9'],
  ] as const) {
    assert.equal(canonicalQuery(sent), canonical, sent);
  }
});

test('S3 paths are encoded once and never normalised, others are normalised and encoded twice', () => {
  for (const [sent, s3Path, otherPath] of [
    ['/', '/', '/'],
    ['', '', '/'],
    ['/a//b/../c/', '/a//b/../c/', '/a/c/'],
    ['/a%20b', '/a%20b', '/a%2520b'],
    ['/a%2fb(c)', '/a%2Fb%28c%29', '/a%252fb%28c%29'],
    ['/../..', '/../..', '/'],
  ] as const) {
    assert.equal(canonicalS3Path(sent), s3Path, sent);
    assert.equal(canonicalPath(sent), otherPath, sent);
  }
});
