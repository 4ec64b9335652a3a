// What a caller reads whose signature was not accepted: AWS's codes, statuses and words, per protocol family.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
import { AwsError } from '#kernel/error.ts';

/** `json`: JSON 1.0/1.1, REST-JSON and RPC v2 CBOR; `query`: the query protocol; `ec2`: ec2Query; `s3`: S3's REST-XML. */
export type Family = 'json' | 'query' | 'ec2' | 's3';

/** Why a request's authentication was refused. */
export type Reason =
  /** It carries no signature at all. */
  | 'unsigned'
  /** Its Authorization header, or its date, lacks a part. */
  | 'incomplete'
  /** Its presigned query lacks a part. */
  | 'incompleteQuery'
  /** Another mechanism than SigV4. */
  | 'unsupported'
  /** The credential scope does not fit. */
  | 'scope'
  | 'unknownKey'
  | 'badToken'
  | 'expiredToken'
  | 'headersNotSigned'
  | 'mismatch'
  /** Signed too long ago. */
  | 'late'
  /** Signed in the future. */
  | 'early'
  /** A presigned request used after its time. */
  | 'lapsed'
  /** A presigned request used before its time. */
  | 'premature';

/** Code, status, and the words where the family has its own. */
type Verdict = readonly [code: string, status: number, message?: string];

const notValidated = 'AWS was not able to validate the provided access credentials';
const tokenInvalid = 'The security token included in the request is invalid.';
const calculated = 'The request signature we calculated does not match the signature you provided.';
const calculatedAws = `${calculated} Check your AWS Secret Access Key and signing method. Consult the service documentation for details.`;
const notSupported = 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.';

const authFailure: Verdict = ['AuthFailure', 401, notValidated];
const signatureRefused = {
  json: ['InvalidSignatureException', 400],
  query: ['SignatureDoesNotMatch', 403],
  ec2: authFailure,
} as const satisfies Record<Exclude<Family, 's3'>, Verdict>;
const signatureIncomplete = {
  json: ['IncompleteSignatureException', 400],
  query: ['IncompleteSignature', 400],
  ec2: ['IncompleteSignature', 400],
} as const satisfies Record<Exclude<Family, 's3'>, Verdict>;

const verdicts: Readonly<Record<Reason, Readonly<Record<Family, Verdict>>>> = {
  unsigned: {
    json: ['MissingAuthenticationTokenException', 400, 'Request is missing Authentication Token'],
    query: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
    ec2: ['MissingParameter', 400, 'The request must contain the parameter AWSAccessKeyId'],
    s3: ['AccessDenied', 403, 'Access Denied'],
  },
  incomplete: { ...signatureIncomplete, s3: ['AuthorizationHeaderMalformed', 400] },
  incompleteQuery: { ...signatureIncomplete, s3: ['AuthorizationQueryParametersError', 400] },
  unsupported: { ...signatureIncomplete, s3: ['InvalidRequest', 400, notSupported] },
  scope: { ...signatureRefused, s3: ['AuthorizationHeaderMalformed', 400] },
  unknownKey: {
    json: ['UnrecognizedClientException', 400, tokenInvalid],
    query: ['InvalidClientTokenId', 403, tokenInvalid],
    ec2: authFailure,
    s3: ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
  },
  badToken: {
    json: ['UnrecognizedClientException', 400, tokenInvalid],
    query: ['InvalidClientTokenId', 403, tokenInvalid],
    ec2: authFailure,
    s3: ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  },
  expiredToken: {
    json: ['ExpiredTokenException', 400, 'The security token included in the request is expired'],
    query: ['ExpiredToken', 403, 'The security token included in the request is expired'],
    ec2: ['RequestExpired', 400, 'Request has expired.'],
    s3: ['ExpiredToken', 400, 'The provided token has expired.'],
  },
  headersNotSigned: {
    ...signatureRefused,
    s3: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
  },
  mismatch: {
    json: ['InvalidSignatureException', 400, calculatedAws],
    query: ['SignatureDoesNotMatch', 403, calculatedAws],
    ec2: authFailure,
    s3: ['SignatureDoesNotMatch', 403, `${calculated} Check your key and signing method.`],
  },
  late: {
    ...signatureRefused,
    ec2: ['RequestExpired', 400, 'Request has expired.'],
    s3: ['RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.'],
  },
  early: {
    ...signatureRefused,
    s3: ['RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.'],
  },
  lapsed: {
    ...signatureRefused,
    ec2: ['RequestExpired', 400, 'Request has expired.'],
    s3: ['AccessDenied', 403, 'Request has expired'],
  },
  premature: { ...signatureRefused, s3: ['AccessDenied', 403, 'Request is not valid yet'] },
};

/**
 * The error that a caller of a family's protocol gets. `message` is used where the family has no words of its own;
 * `members` are S3's extra elements (`HeadersNotSigned`, `ServerTime`, …).
 */
export function refusal(
  family: Family,
  reason: Reason,
  message = calculatedAws,
  members?: Readonly<Record<string, string>>,
): AwsError {
  const [code, status, words] = verdicts[reason][family];
  return new AwsError(code, words ?? message, { status, members: family === 's3' ? members : undefined });
}
