// What neighbours may ask of iam: whether a policy is well made, and what policies say of a request.
import type { AccessRequest } from '#aws/service.ts';
import { conditionKeys } from './condition-keys.ts';
import { evaluate, type Decision } from './evaluate.ts';
import { attachedPolicy, parsePolicy, resourcePolicy, storedPolicy } from './policy-document.ts';
import { askerOf } from './policy-principals.ts';

/** Policies about the one resource that they hang on name no resource; others do. Both name principals. */
export type PolicyPlace = 'attached' | 'naming resources';

/** Throws MalformedPolicyDocument, in AWS's words, where a text is no resource policy. */
export function checkPolicy(text: string, place: PolicyPlace): void {
  parsePolicy(text, place === 'attached' ? attachedPolicy : resourcePolicy);
}

/** What resource policies (their texts) say of a request about one resource. Throws MalformedPolicyDocument. */
export function decideByPolicies(
  texts: readonly string[],
  request: AccessRequest,
  resource: string,
): Decision['result'] {
  const policies = texts.map((text) => parsePolicy(text, storedPolicy));
  const keys = conditionKeys(request, resource);
  return evaluate(policies, { asker: askerOf(request.principal), action: request.action, resource, keys }).result;
}
