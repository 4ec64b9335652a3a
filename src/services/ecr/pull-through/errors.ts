// What pull-through cache rules are refused with.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html#API_CreatePullThroughCacheRule_Errors
import type { UpstreamError } from '#drivers/upstream-registry.ts';
import { AwsError } from '#kernel/error.ts';

export function ruleAlreadyExists(prefix: string, registryId: string): AwsError {
  return new AwsError(
    'PullThroughCacheRuleAlreadyExistsException',
    `A pull through cache rule with prefix '${prefix}' already exists in the registry with id '${registryId}'`,
  );
}

export function ruleNotFound(prefix: string, registryId: string): AwsError {
  return new AwsError(
    'PullThroughCacheRuleNotFoundException',
    `The pull through cache rule with prefix '${prefix}' does not exist in the registry with id '${registryId}'`,
  );
}

export function unsupportedUpstream(url: string, why: string): AwsError {
  return new AwsError(
    'UnsupportedUpstreamRegistryException',
    `The specified upstream registry '${url}' isn't supported: ${why}`,
  );
}

export function tooManyRules(limit: number): AwsError {
  return new AwsError('LimitExceededException', `A registry can have at most ${limit} pull through cache rules`);
}

/** What BatchGetImage says of an image that upstream did not give. */
export function upstreamFailure({ reason, message }: UpstreamError) {
  const codes = {
    'not-found': 'ImageNotFound',
    unauthorized: 'UpstreamAccessDenied',
    'rate-limited': 'UpstreamTooManyRequests',
    unreachable: 'UpstreamUnavailable',
    malformed: 'UpstreamUnavailable',
  } as const;
  return { failureCode: codes[reason], failureReason: message };
}
