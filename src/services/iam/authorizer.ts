// Who may sign requests and what they may do. Until users and roles exist there is the root of one account, which may all.
import type { Authorizer, Credential } from '#aws/service.ts';
import { formatArn } from '#kernel/arn.ts';
import { accessDenied } from './errors.ts';

/** The key pair of an account's root user. */
export interface RootKeys {
  /** Twelve digits. */
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An authorizer that knows the root keys only. */
export function createAuthorizer(root: RootKeys): Authorizer {
  const credential: Credential = {
    principal: {
      account: root.account,
      arn: formatArn('iam', { account: root.account, region: '' }, 'root'),
      userId: root.account,
      accessKeyId: root.accessKeyId,
    },
    secretAccessKey: root.secretAccessKey,
  };
  return {
    credential: (accessKeyId) => (accessKeyId === root.accessKeyId ? credential : undefined),
    authorize(request) {
      if (request.principal.arn !== credential.principal.arn) throw accessDenied(request);
    },
  };
}
