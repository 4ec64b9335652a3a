// The sts service: who the caller is.
import { defineService, type Service } from '#aws/service.ts';

/** Makes the service. */
export function createSts(): Service {
  return defineService('sts', {
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    GetCallerIdentity: {
      accepts: true,
      read: (_input, _reader, { principal }) => ({
        Account: principal.account,
        Arn: principal.arn,
        UserId: principal.userId,
      }),
    },
  });
}
