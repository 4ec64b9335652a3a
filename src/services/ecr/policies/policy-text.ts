// The texts of repository and registry policies: which ones are taken.
import { outOfRange } from '#services/ecr/errors.ts';
import { checkPolicy } from '#services/iam/ports.ts';
import { invalidPolicy } from './errors.ts';

/** Characters. */
const longest = 10_240;

/**
 * A policy of one repository, which names no resource: it is about the repository that it hangs on.
 * Throws InvalidParameterException. https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
 */
export function checkRepositoryPolicy(text: string | undefined): string {
  return check(text, 'repository');
}

/**
 * A policy of a whole registry. Throws InvalidParameterException.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
 */
export function checkRegistryPolicy(text: string | undefined): string {
  return check(text, 'registry');
}

function check(text = '', about: 'repository' | 'registry'): string {
  if (text.length > longest) throw outOfRange('policyText', 'length', `less than or equal to ${longest}`);
  try {
    checkPolicy(text, about === 'repository' ? 'attached' : 'naming resources');
  } catch (thrown) {
    throw invalidPolicy(about, thrown);
  }
  const foreign = actionsOf(text).find((action) => action !== '*' && !/^ecr:/i.test(action));
  if (foreign !== undefined) throw invalidPolicy(about, `${foreign} is not an action of ecr`);
  return text;
}

/** Of a text that is a policy. */
function actionsOf(text: string): string[] {
  type Listed = readonly string[] | string | undefined;
  type Given = { readonly Action: Listed; readonly NotAction: Listed };
  const { Statement } = JSON.parse(text) as { Statement: Given | readonly Given[] };
  return [Statement].flat().flatMap(({ Action, NotAction }) => [Action ?? NotAction ?? []].flat());
}
