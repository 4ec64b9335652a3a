// iam's errors in AWS's exact words.
import type { AccessRequest } from '#aws/service.ts';
import { AwsError } from '#kernel/error.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
export function accessDenied({ principal, action, resources }: AccessRequest): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resources[0] ?? '*'} ` +
      `because no identity-based policy allows the ${action} action`,
  );
}
