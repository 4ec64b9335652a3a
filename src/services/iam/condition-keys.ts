// What a request tells to conditions and policy variables: the global condition keys that AWS documents.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
import type { AccessRequest, Principal } from '#aws/service.ts';
import { parseArn } from '#kernel/arn.ts';

/** The values of a condition key, whose name is given in lower case; undefined (or none) where the request has no such key. */
export type ConditionKeys = (name: string) => readonly string[] | undefined;

/** The keys of a request about one resource. */
export function conditionKeys(request: AccessRequest, resource: string): ConditionKeys {
  return (name) => {
    const value = valueOf(name, request, resource);
    return value === undefined ? undefined : [value];
  };
}

function valueOf(name: string, request: AccessRequest, resource: string): string | undefined {
  const { principal, circumstances } = request;
  switch (name) {
    case 'aws:currenttime':
      return circumstances?.now.toISOString();
    case 'aws:epochtime':
      return circumstances && String(Math.floor(circumstances.now.getTime() / 1000));
    case 'aws:sourceip':
      return circumstances?.sourceAddress;
    case 'aws:requestedregion':
      return circumstances?.region;
    case 'aws:securetransport':
      return circumstances?.secure === undefined ? undefined : String(circumstances.secure);
    case 'aws:resourceaccount':
      return parseArn(resource)?.account || principal.account;
    default:
      return principalValue(name, principal) ?? tagValue(name, request, resource);
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse */
function principalValue(name: string, { account, arn, userId }: Principal): string | undefined {
  switch (name) {
    case 'aws:principalaccount':
      return account;
    case 'aws:principalarn':
      return arn;
    case 'aws:principaltype':
      return arn.endsWith(':root') ? 'Account' : arn.includes(':assumed-role/') ? 'AssumedRole' : 'User';
    case 'aws:userid':
      return userId;
    case 'aws:username':
      // Absent for the root user and for sessions of roles.
      return arn.includes(':user/') ? arn.slice(arn.lastIndexOf('/') + 1) : undefined;
    case 'aws:principalisawsservice':
    case 'aws:viaawsservice':
      return 'false';
    default:
      return undefined;
  }
}

/** `aws:ResourceTag/team` and the service's own `ecr:ResourceTag/team`; names of keys have no case, and so neither here. */
function tagValue(name: string, request: AccessRequest, resource: string): string | undefined {
  const [, vendor, tag] = /^([a-z0-9-]+):resourcetag\/(.+)$/.exec(name) ?? [];
  if (vendor === undefined || (vendor !== 'aws' && vendor !== parseArn(resource)?.service)) return undefined;
  const tags = Object.entries(request.guard?.(resource)?.tags ?? {});
  return tags.find(([key]) => key.toLowerCase() === tag)?.[1];
}
