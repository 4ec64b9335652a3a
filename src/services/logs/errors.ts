// logs' errors in AWS's words.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
import { AwsError } from '#kernel/error.ts';

export const groupNotFound = () => new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');

export const streamNotFound = () =>
  new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');

export const groupExists = () =>
  new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');

export const streamExists = () =>
  new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');

export const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message);

/** `value` as AWS prints it; undefined for a list, which it does not print. */
export const invalidValue = (value: string | number | undefined, member: string, constraint: string) =>
  invalidParameter(
    `1 validation error detected: Value ${value === undefined ? '' : `'${value}' `}at '${member}' failed to satisfy constraint: ${constraint}`,
  );

export const notChronological = () =>
  invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');

export const batchTooLarge = (bytes: number, limit: number) =>
  invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${limit}`);

export const invalidToken = () => invalidParameter('The specified nextToken is invalid.');

export const invalidFilterPattern = () => invalidParameter('Invalid filter pattern');

export const unsupportedFilterPattern = () =>
  invalidParameter('Berth supports filter patterns of terms only: not those in braces, brackets or percent signs yet.');
