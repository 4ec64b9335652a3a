// Documents of the policy language, read and checked. A document that AWS would call malformed is never evaluated.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
import { readCondition, type Condition } from './conditions.ts';
import { malformedPolicy } from './errors.ts';
import { readPrincipals, type Principals } from './policy-principals.ts';
import { readTemplate, type Template } from './wildcards.ts';

export interface PolicyDocument {
  readonly id?: string;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  /** Absent in a policy of an identity, which is about whoever it hangs on. */
  readonly principals?: Choice<Principals>;
  /** In lower case: actions have none. */
  readonly actions: Choice<readonly Template[]>;
  /** Absent where the policy is about what it hangs on. */
  readonly resources?: Choice<readonly Template[]>;
  readonly conditions: readonly Condition[];
}

/** What an element names, or with its `Not` form everything else. */
export interface Choice<T> {
  readonly not: boolean;
  readonly of: T;
}

/** Which elements a kind of policy has: identities' policies name no principal, roles' trust policies no resource. */
export interface PolicyForm {
  readonly principal: 'required' | 'prohibited';
  readonly resource: 'required' | 'optional' | 'prohibited';
}

export const identityPolicy: PolicyForm = { principal: 'prohibited', resource: 'required' };
export const resourcePolicy: PolicyForm = { principal: 'required', resource: 'required' };
/** A role's trust policy, or a policy whose only resource is the one that it hangs on. */
export const attachedPolicy: PolicyForm = { principal: 'required', resource: 'prohibited' };
/** Any of a resource's, which was checked when it was put. */
export const storedPolicy: PolicyForm = { principal: 'required', resource: 'optional' };

type Json = Readonly<Record<string, unknown>>;

const syntaxErrors = 'Syntax errors in policy.';
const documentElements = new Set(['Version', 'Id', 'Statement']);
const statementElements = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** Reads a document. Throws MalformedPolicyDocument in AWS's words. */
export function parsePolicy(text: string, form: PolicyForm): PolicyDocument {
  const document = parseJson(text);
  if (!isObject(document) || hasOthers(document, documentElements)) throw malformedPolicy(syntaxErrors);
  const version = document['Version'] ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') throw malformedPolicy(syntaxErrors);
  if (form.principal === 'prohibited' && version !== '2012-10-17') {
    throw malformedPolicy('Policy document must be version 2012-10-17 or greater.');
  }
  const id = optionalText(document['Id']);
  // "Before that version, policy variables are treated as literal strings."
  const interpolates = version === '2012-10-17';
  const given = document['Statement'];
  const statements = (Array.isArray(given) ? (given as unknown[]) : [given]).map((each) =>
    readStatement(each, form, interpolates),
  );
  if (statements.length === 0) throw malformedPolicy(syntaxErrors);
  requireUniqueSids(statements);
  return { ...(id === undefined ? {} : { id }), statements };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
}

function readStatement(given: unknown, form: PolicyForm, interpolates: boolean): Statement {
  if (!isObject(given) || hasOthers(given, statementElements)) throw malformedPolicy(syntaxErrors);
  const sid = readSid(given['Sid'], form);
  const principals = readPrincipal(given, form);
  const actions = choice(given, 'Action');
  if (actions === undefined) throw malformedPolicy('Policy statement must contain actions.');
  const resources = readResources(given, form);
  return {
    ...(sid === undefined ? {} : { sid }),
    effect: readEffect(given['Effect']),
    ...(principals === undefined ? {} : { principals }),
    actions: { not: actions.not, of: texts(actions.of).map(readAction) },
    ...(resources === undefined
      ? {}
      : {
          resources: {
            not: resources.not,
            of: resources.of.map((each) => readTemplate(each, 'resource', interpolates)),
          },
        }),
    conditions: readConditions(given['Condition'], interpolates),
  };
}

function readEffect(given: unknown): 'Allow' | 'Deny' {
  if (given === undefined) throw malformedPolicy('Missing required field Effect');
  if (given !== 'Allow' && given !== 'Deny') throw malformedPolicy(syntaxErrors);
  return given;
}

/** Resource policies of some services take any text; identities' policies letters and digits only. */
function readSid(given: unknown, form: PolicyForm): string | undefined {
  const sid = optionalText(given);
  if (sid !== undefined && form.principal === 'prohibited' && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw malformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
  return sid;
}

function requireUniqueSids(statements: readonly Statement[]): void {
  const sids = statements.flatMap(({ sid }) => (sid ? [sid] : []));
  if (new Set(sids).size < sids.length) throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
}

function readPrincipal(statement: Json, form: PolicyForm): Choice<Principals> | undefined {
  const given = choice(statement, 'Principal');
  if (form.principal === 'prohibited') {
    if (given !== undefined) throw malformedPolicy('Policy document should not specify a principal.');
    return undefined;
  }
  if (given === undefined) throw malformedPolicy('Missing required field Principal');
  return { not: given.not, of: readPrincipals(given.of) };
}

/** `ecr:Batch*`; an action of any service is `*`. */
function readAction(text: string): Template {
  const [vendor = '', ...names] = text.split(':');
  if (text !== '*') {
    if (names.length === 0) {
      throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    }
    if (names.length > 1) throw malformedPolicy('Actions/Condition can contain only one colon.');
    if (!/^[a-z0-9-]+$/i.test(vendor)) throw malformedPolicy(`Vendor ${vendor} is not valid`);
    if (!/^[a-z0-9*?]+$/i.test(names[0]!)) throw malformedPolicy(syntaxErrors);
  }
  return readTemplate(text.toLowerCase(), 'wild', false);
}

function readResources(statement: Json, form: PolicyForm): Choice<readonly string[]> | undefined {
  const given = choice(statement, 'Resource');
  if (given === undefined) {
    if (form.resource === 'required') throw malformedPolicy('Policy statement must contain resources.');
    return undefined;
  }
  if (form.resource === 'prohibited') throw malformedPolicy('Has prohibited field Resource');
  const resources = texts(given.of);
  for (const resource of resources) checkResource(resource);
  return { not: given.not, of: resources };
}

function checkResource(resource: string): void {
  if (resource === '*') return;
  // The names of variables have colons of their own.
  const [prefix, partition = '', ...rest] = resource.replaceAll(/\$\{[^{}]*\}/g, 'variable').split(':');
  const isArn = prefix === 'arn' && (rest.length >= 4 || resource.endsWith('*'));
  if (!isArn) throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
  if (!/^(\*|aws(-[a-z]+)*|aws\*|variable)$/.test(partition)) {
    throw malformedPolicy(`Partition "${partition}" is not valid for resource "${resource}".`);
  }
}

function readConditions(given: unknown, interpolates: boolean): Condition[] {
  if (given === undefined) return [];
  if (!isObject(given)) throw malformedPolicy(syntaxErrors);
  return Object.entries(given).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw malformedPolicy(syntaxErrors);
    return Object.entries(keys).map(([key, values]) => {
      if (!key.includes(':')) {
        throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      }
      const condition = readCondition(operator, key, scalars(values), interpolates);
      if (condition === undefined) throw malformedPolicy(syntaxErrors);
      return condition;
    });
  });
}

/** An element in its plain or its `Not` form; both at once are an error. */
function choice(statement: Json, name: string): Choice<unknown> | undefined {
  const [plain, negated] = [statement[name], statement[`Not${name}`]];
  if (plain !== undefined && negated !== undefined) throw malformedPolicy(syntaxErrors);
  if (negated !== undefined) return { not: true, of: negated };
  return plain === undefined ? undefined : { not: false, of: plain };
}

function texts(given: unknown): string[] {
  const list = Array.isArray(given) ? (given as unknown[]) : [given];
  if (list.length === 0 || !list.every((each) => typeof each === 'string')) throw malformedPolicy(syntaxErrors);
  return list;
}

/** Values of conditions: JSON's numbers and booleans are taken for their texts. */
function scalars(given: unknown): string[] {
  const list = Array.isArray(given) ? (given as unknown[]) : [given];
  if (!list.every((each) => ['string', 'number', 'boolean'].includes(typeof each))) throw malformedPolicy(syntaxErrors);
  return list.map(String);
}

function optionalText(given: unknown): string | undefined {
  if (given !== undefined && typeof given !== 'string') throw malformedPolicy(syntaxErrors);
  return given;
}

function isObject(given: unknown): given is Json {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function hasOthers(object: Json, known: ReadonlySet<string>): boolean {
  return Object.keys(object).some((name) => !known.has(name));
}
