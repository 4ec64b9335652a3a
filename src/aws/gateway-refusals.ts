// What the gateway itself refuses: operations that Berth does not have, and bodies larger than any operation needs.
import { AwsError } from '#kernel/error.ts';
import type { Dialect } from './codec.ts';
import type { ModelName } from './models.ts';
import type { Family } from './signature-errors.ts';

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

/** The longest form, bytes, that is taken apart although nobody signed it: only to tell in which words to refuse it. */
export const longestUnsignedForm = 64 * 1024;

/** Whose requests carry whole blobs: objects, and the parts of layers (20 MiB before base64). */
const carriers: ReadonlySet<ModelName | undefined> = new Set<ModelName>(['s3', 'ecr']);

/**
 * The longest body of a request, bytes. CloudWatch takes 1 MB of metrics, which is the most of any query; PutLogEvents
 * takes 1 MiB of text, six times as much where every character is escaped. Forms are costlier to take apart than their
 * size shows.
 */
export function bodyLimit({ protocol, model }: Dialect): number {
  if (protocol === 'query' || protocol === 'ec2Query') return mebibyte;
  return carriers.has(model) ? 32 * mebibyte : 8 * mebibyte;
}

/** Never 5xx: clients would try again for minutes. */
export function unsupportedOperation(model: ModelName, operation: string): AwsError {
  return new AwsError(
    'UnsupportedOperation',
    `Berth does not support the operation ${model}:${operation} yet. docs/coverage.md lists what is supported.`,
  );
}

export function tooLarge(family: Family): AwsError {
  return family === 's3'
    ? new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
    : new AwsError('RequestEntityTooLarge', 'The request body is too large.', { status: 413 });
}
