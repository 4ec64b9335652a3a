// Policies against a request: what they say of it, and which statement decides.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { ConditionKeys } from './condition-keys.ts';
import { holds } from './conditions.ts';
import type { Choice, PolicyDocument, Statement } from './policy-document.ts';
import { isSpared, namingOf, type Asker, type Naming } from './policy-principals.ts';
import { fillIn, matches, type Template } from './wildcards.ts';

/** Who wants to do what to what, and how it stands. */
export interface Question {
  readonly asker: Asker;
  /** `ecr:BatchGetImage` */
  readonly action: string;
  /** An ARN, or `*`. */
  readonly resource: string;
  readonly keys: ConditionKeys;
}

/** What policies say of a request, and by which statement. */
export type Decision =
  | { readonly result: 'explicitDeny'; readonly by: Decider }
  | {
      readonly result: 'allow';
      readonly by: Decider;
      /** It is the asker's account that is allowed: within that account something else must allow the asker. */
      readonly delegated: boolean;
    }
  | { readonly result: 'implicitDeny' };

/** The statement that decided, by its place. */
export interface Decider {
  /** The policy's index among those that were asked. */
  readonly policy: number;
  /** The statement's index in its policy. */
  readonly statement: number;
  readonly sid?: string;
}

/** Evaluates policies as one: a deny anywhere wins, else an allow anywhere, else nothing is allowed. */
export function evaluate(policies: readonly PolicyDocument[], question: Question): Decision {
  let decision: Decision = { result: 'implicitDeny' };
  const action = question.action.toLowerCase();
  for (const [policy, { statements }] of policies.entries()) {
    for (const [index, statement] of statements.entries()) {
      // An allow to the asker itself says more than one to its account.
      if (statement.effect === 'Allow' && decision.result === 'allow' && !decision.delegated) continue;
      const naming = namedBy(statement, question);
      if (naming === undefined || !applies(statement, action, question)) continue;
      const by = { policy, statement: index, ...(statement.sid === undefined ? {} : { sid: statement.sid }) };
      if (statement.effect === 'Deny') return { result: 'explicitDeny', by };
      if (decision.result === 'implicitDeny' || naming === 'itself') {
        decision = { result: 'allow', by, delegated: naming === 'account' };
      }
    }
  }
  return decision;
}

function namedBy({ principals, effect }: Statement, { asker }: Question): Naming {
  if (principals === undefined) return 'itself';
  const naming = namingOf(principals.of, asker);
  if (!principals.not) return naming;
  const isLeftOut = effect === 'Deny' ? isSpared(principals.of, asker) : naming !== undefined;
  return isLeftOut ? undefined : 'itself';
}

/** `action` is in lower case. */
function applies({ actions, resources, conditions }: Statement, action: string, { resource, keys }: Question): boolean {
  return (
    isChosen(actions, action, keys) &&
    (resources === undefined || isChosen(resources, resource, keys)) &&
    conditions.every((condition) => holds(condition, keys))
  );
}

function isChosen({ not, of }: Choice<readonly Template[]>, text: string, keys: ConditionKeys): boolean {
  const isNamed = of.some((template) => {
    const pattern = fillIn(template, keys);
    return pattern !== undefined && matches(pattern, text);
  });
  return isNamed !== not;
}
