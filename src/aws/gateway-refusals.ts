// What the gateway itself refuses: operations that Berth does not have, and bodies larger than any operation needs.
import { AwsError } from '#kernel/error.ts';
import { plainBody } from './body.ts';
import type { Dialect } from './codec.ts';
import type { ModelName } from './models.ts';
import type { Family } from './signature-errors.ts';
import type { WireRequest } from './wire.ts';

const mebibyte = 1024 * 1024;

/** Whose words a request that speaks so is refused in. */
export function familyOf({ protocol }: Dialect): Family {
  switch (protocol) {
    case 'json':
    case 'cbor':
      return 'json';
    case 'query':
      return 'query';
    case 'ec2Query':
      return 'ec2';
    case 'restXml':
      return 's3';
  }
}

/** The longest body, bytes, that is taken of one whose access key nobody knows. */
export const longestOfStrangers = mebibyte;

/** Bytes that the bodies of those who say that they have a key may take together: eight layer parts, at their longest. */
export const roomForLongBodies = 256 * mebibyte;

/** The longest form, bytes, that is taken apart although nobody signed it: only to tell in which words to refuse it. */
export const longestUnsignedForm = 64 * 1024;

/**
 * Whose requests are longer than 1 MiB, in bytes: objects; the parts of layers (20 MiB before base64); a batch of 1 MiB of
 * log text or events, where every character may be escaped as six.
 */
const longer: Readonly<Partial<Record<ModelName, number>>> = {
  s3: 32 * mebibyte,
  ecr: 32 * mebibyte,
  logs: 8 * mebibyte,
  events: 8 * mebibyte,
};

/** The longest body of a request, bytes; of a compressed one what it unfolds to. */
export function bodyLimit({ model }: Dialect): number {
  return (model === undefined ? undefined : longer[model]) ?? mebibyte;
}

/** More than any operation takes: 1,000 metrics of 30 dimensions; a mebibyte of log text made of nothing but commas. */
const mostParameters = 30_000;
const mostParts = 1_100_000;

/**
 * Refuses a body that is small but would take seconds to take apart, or that unfolds to more than the limit. S3's bodies
 * are objects, which nobody takes apart. Throws SerializationException where a body cannot be decompressed.
 */
export function refuseBulk(dialect: Dialect, family: Family, request: WireRequest): void {
  if (dialect.protocol === 'restXml') return;
  const body = plainBody(request);
  if (body.byteLength > bodyLimit(dialect)) throw tooLarge(family);
  const isForm = dialect.protocol === 'query' || dialect.protocol === 'ec2Query';
  if (isForm && exceeds(body, '&', mostParameters)) throw tooLarge(family);
  if (body.byteLength > mostParts && exceeds(body, ',[{', mostParts)) throw tooLarge(family);
}

/** Whether more than `most` bytes of `text` are among `signs`. */
function exceeds(text: Buffer, signs: string, most: number): boolean {
  const counted = new Uint8Array(256);
  for (const sign of Buffer.from(signs)) counted[sign] = 1;
  let count = 0;
  for (const byte of text) count += counted[byte]!;
  return count > most;
}

/** Never 5xx: clients would try again for minutes. */
export function unsupportedOperation(model: ModelName, operation: string): AwsError {
  return new AwsError(
    'UnsupportedOperation',
    `Berth does not support the operation ${model}:${operation} yet. docs/coverage.md lists what is supported.`,
  );
}

/** The clients wait and try again. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (SlowDown) */
export function tooMuchAtOnce(family: Family): AwsError {
  return family === 's3'
    ? new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 })
    : new AwsError('ThrottlingException', 'Too many large requests are under way: try again.');
}

export function tooLarge(family: Family): AwsError {
  return family === 's3'
    ? new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
    : new AwsError('RequestEntityTooLarge', 'The request body is too large.', { status: 413 });
}
