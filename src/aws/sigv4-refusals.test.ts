// What a caller reads whose request is refused: code, status and words, per protocol family.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AwsError } from '#kernel/error.ts';
import { authenticate, longTerm, sign, signedAt, simple, type Plan, type Situation } from './sdk-signer.fixture.ts';
import type { Family } from './signature-errors.ts';
import type { WireRequest } from './wire.ts';

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
