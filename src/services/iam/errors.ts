// iam's errors in AWS's exact words.
import type { AccessRequest } from '#aws/service.ts';
import { AwsError } from '#kernel/error.ts';

/** Why nothing allows a request, or what forbids it. */
export type Refusal =
  | 'no identity-based policy'
  | 'no resource-based policy'
  | 'explicit deny in a resource-based policy';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
export function accessDenied({ principal, action }: AccessRequest, resource: string, refusal: Refusal): AwsError {
  const reason = refusal.startsWith('no ') ? `because ${refusal} allows the ${action} action` : `with an ${refusal}`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
  );
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html#API_CreatePolicy_Errors */
export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message);
}
