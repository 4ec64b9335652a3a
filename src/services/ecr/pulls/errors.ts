// What is wrong with a pull time exclusion, in AWS's words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegisterPullTimeUpdateExclusion.html#API_RegisterPullTimeUpdateExclusion_Errors
import { AwsError } from '#kernel/error.ts';

export function exclusionAlreadyExists(principalArn: string): AwsError {
  return new AwsError(
    'ExclusionAlreadyExistsException',
    `The specified pull time update exclusion already exists for the registry: ${principalArn}`,
  );
}

export function exclusionNotFound(principalArn: string): AwsError {
  return new AwsError(
    'ExclusionNotFoundException',
    `The specified pull time update exclusion was not found: ${principalArn}`,
  );
}

export function tooManyExclusions(limit: number): AwsError {
  return new AwsError('LimitExceededException', `A registry has at most ${limit} pull time update exclusions`);
}
