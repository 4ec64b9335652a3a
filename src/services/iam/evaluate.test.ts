// What policies say of requests: AWS's examples, and what holds of all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate, type Question } from './evaluate.ts';
import { identityPolicy, parsePolicy, storedPolicy, type PolicyDocument } from './policy-document.ts';
import type { Asker } from './policy-principals.ts';

type Statement = Readonly<Record<string, unknown>>;

function policy(...statements: Statement[]): PolicyDocument {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return parsePolicy(
    text,
    'Principal' in statements[0]! || 'NotPrincipal' in statements[0]! ? storedPolicy : identityPolicy,
  );
}

const root = (account: string): Asker => ({ type: 'AWS', account, identities: [] });
const user = (account: string, name: string): Asker => ({
  type: 'AWS',
  account,
  identities: [`arn:aws:iam::${account}:user/${name}`],
});
const session: Asker = {
  type: 'AWS',
  account: '123456789012',
  identities: ['arn:aws:sts::123456789012:assumed-role/deploy/ci', 'arn:aws:iam::123456789012:role/deploy'],
};

const keys: Readonly<Record<string, readonly string[]>> = {
  'aws:username': ['eve'],
  'aws:sourceip': ['203.0.113.7'],
  'aws:principaltag/team': ['blue'],
};

function ask(question: Partial<Question>): Question {
  return {
    asker: root('123456789012'),
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::carlossalzar-logs/a.txt',
    keys: (name) => keys[name],
    ...question,
  };
}

// The example of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
const carlos = policy(
  { Sid: 'AllowS3ListRead', Effect: 'Allow', Action: ['s3:ListAllMyBuckets', 's3:HeadBucket'], Resource: '*' },
  {
    Sid: 'AllowS3Self',
    Effect: 'Allow',
    Action: 's3:*',
    Resource: ['arn:aws:s3:::carlossalzar/*', 'arn:aws:s3:::carlossalzar'],
  },
  { Sid: 'DenyS3Logs', Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::*log*' },
);
const decisions: readonly [action: string, resource: string, result: string, sid?: string][] = [
  ['s3:ListAllMyBuckets', '*', 'allow', 'AllowS3ListRead'],
  ['S3:LISTALLMYBUCKETS', '*', 'allow', 'AllowS3ListRead'],
  ['s3:GetObject', 'arn:aws:s3:::carlossalzar/a', 'allow', 'AllowS3Self'],
  ['s3:GetObject', 'arn:aws:s3:::Carlossalzar/a', 'implicitDeny'],
  ['s3:GetObject', 'arn:aws:s3:::carlossalzar/log', 'explicitDeny', 'DenyS3Logs'],
  ['s3:GetObject', 'arn:aws:s3:::other/a', 'implicitDeny'],
  ['ec2:DescribeVpcs', '*', 'implicitDeny'],
];
for (const [action, resource, result, sid] of decisions) {
  test(`${action} on ${resource} is ${result}${sid ? ` by ${sid}` : ''}`, () => {
    const decision = evaluate([carlos], ask({ action, resource }));
    assert.equal(decision.result, result);
    assert.equal('by' in decision ? decision.by.sid : undefined, sid);
  });
}

const account = '111122223333';
const about = (Principal: unknown, effect = 'Allow') => ({ Effect: effect, Principal, Action: '*' });
const principals: readonly [statement: Statement, asker: Asker, result: string][] = [
  [about('*'), root(account), 'allow'],
  [about('*'), { type: 'Anonymous' }, 'allow'],
  [about({ AWS: '*' }), user(account, 'eve'), 'allow'],
  [about({ AWS: account }), root(account), 'allow'],
  [about({ AWS: `arn:aws:iam::${account}:root` }), root(account), 'allow'],
  [about({ AWS: `arn:aws:iam::${account}:root` }), user(account, 'eve'), 'allow'],
  [about({ AWS: account }), root('444455556666'), 'implicitDeny'],
  [about({ AWS: account }), { type: 'Anonymous' }, 'implicitDeny'],
  [about({ AWS: `arn:aws:iam::${account}:user/eve` }), user(account, 'eve'), 'allow'],
  [about({ AWS: `arn:aws:iam::${account}:user/eve` }), user(account, 'Eve'), 'implicitDeny'],
  [about({ AWS: `arn:aws:iam::${account}:user/eve` }), root(account), 'implicitDeny'],
  [about({ AWS: 'arn:aws:iam::123456789012:role/deploy' }), session, 'allow'],
  [about({ AWS: 'arn:aws:sts::123456789012:assumed-role/deploy/ci' }), session, 'allow'],
  [about({ AWS: 'arn:aws:sts::123456789012:assumed-role/deploy/me' }), session, 'implicitDeny'],
  [about({ Service: 'ecs-tasks.amazonaws.com' }), { type: 'Service', name: 'ecs-tasks.amazonaws.com' }, 'allow'],
  [about({ Service: 'ecs-tasks.amazonaws.com' }), { type: 'Service', name: 'ec2.amazonaws.com' }, 'implicitDeny'],
  [about({ Service: 'ecs-tasks.amazonaws.com' }), root(account), 'implicitDeny'],
  [about({ Federated: 'accounts.google.com' }), { type: 'Federated', provider: 'accounts.google.com' }, 'allow'],
  [about({ AWS: account }, 'Deny'), user(account, 'eve'), 'explicitDeny'],
  [about({ AWS: account }, 'Deny'), root(account), 'explicitDeny'],
];
for (const [statement, asker, result] of principals) {
  test(`${statement['Effect']} to ${JSON.stringify(statement['Principal'])} is ${result} to ${JSON.stringify(asker)}`, () => {
    assert.equal(evaluate([policy(statement)], ask({ asker })).result, result);
  });
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
test('all are denied but those whom NotPrincipal names with their account and role', () => {
  const bob = `arn:aws:iam::${account}:user/Bob`;
  const deny = (AWS: string[]) => policy({ Effect: 'Deny', NotPrincipal: { AWS }, Action: '*' });
  const result = (AWS: string[], asker: Asker) => evaluate([deny(AWS)], ask({ asker })).result;
  const accountArn = `arn:aws:iam::${account}:root`;
  assert.equal(result([bob, accountArn], user(account, 'Bob')), 'implicitDeny');
  assert.equal(result([bob, accountArn], user(account, 'Eve')), 'explicitDeny');
  assert.equal(result([bob], user(account, 'Bob')), 'explicitDeny');
  assert.equal(result([accountArn], root(account)), 'implicitDeny');
  assert.equal(result([bob], root('444455556666')), 'explicitDeny');
  const names = ['arn:aws:iam::123456789012:role/deploy', 'arn:aws:iam::123456789012:root'];
  assert.equal(result(names, session), 'explicitDeny');
  assert.equal(result([...names, 'arn:aws:sts::123456789012:assumed-role/deploy/ci'], session), 'implicitDeny');
  const allow = policy({ Effect: 'Allow', NotPrincipal: { AWS: [bob] }, Action: '*' });
  assert.equal(evaluate([allow], ask({ asker: user(account, 'Bob') })).result, 'implicitDeny');
  assert.equal(evaluate([allow], ask({ asker: user(account, 'Eve') })).result, 'allow');
});

test('an allow to an account is told from one to the asker itself, which counts more', () => {
  const asker = user(account, 'eve');
  const toAccount = policy(about({ AWS: account }));
  const toUser = policy({ ...about({ AWS: `arn:aws:iam::${account}:user/eve` }), Sid: 'her' });
  const delegated = evaluate([toAccount], ask({ asker }));
  assert.ok(delegated.result === 'allow' && delegated.delegated);
  for (const policies of [
    [toAccount, toUser],
    [toUser, toAccount],
  ]) {
    const decision = evaluate(policies, ask({ asker }));
    assert.ok(decision.result === 'allow' && !decision.delegated && decision.by.sid === 'her');
  }
});

test('everything but what NotAction and NotResource name', () => {
  const but = policy({ Effect: 'Allow', NotAction: ['iam:*', 's3:Delete*'], NotResource: 'arn:aws:s3:::secret/*' });
  const result = (action: string, resource: string) => evaluate([but], ask({ action, resource })).result;
  assert.equal(result('s3:GetObject', 'arn:aws:s3:::open/a'), 'allow');
  assert.equal(result('IAM:createuser', 'arn:aws:s3:::open/a'), 'implicitDeny');
  assert.equal(result('s3:DeleteObject', 'arn:aws:s3:::open/a'), 'implicitDeny');
  assert.equal(result('s3:GetObject', 'arn:aws:s3:::secret/a'), 'implicitDeny');
});

test('conditions hold together, and variables are the request’s', () => {
  const own = policy({
    Effect: 'Allow',
    Action: 's3:*',
    Resource: 'arn:aws:s3:::home/${aws:username}/*',
    Condition: {
      IpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
      StringEquals: { 'aws:PrincipalTag/Team': ['red', 'blue'] },
    },
  });
  const resource = 'arn:aws:s3:::home/eve/a';
  assert.equal(evaluate([own], ask({ resource })).result, 'allow');
  assert.equal(evaluate([own], ask({ resource: 'arn:aws:s3:::home/bob/a' })).result, 'implicitDeny');
  const others = { ...keys, 'aws:sourceip': ['198.51.100.1'] };
  assert.equal(
    evaluate([own], ask({ resource, keys: (name) => others[name as keyof typeof others] })).result,
    'implicitDeny',
  );
});

test('no policies allow nothing', () => {
  assert.deepEqual(evaluate([], ask({})), { result: 'implicitDeny' });
});

const actions = ['s3:GetObject', 's3:PutObject', 'ecs:RunTask'];
const things = ['arn:aws:s3:::a/b', 'arn:aws:s3:::c', '*'];
const patterns = fc.constantFrom('*', 's3:*', 's3:Get*', 'ecs:RunTask', 'S3:putobject');
const places = fc.constantFrom('*', 'arn:aws:s3:::a/*', 'arn:aws:s3:::?', 'arn:aws:s3:::c');
const conditions = fc.constantFrom(
  {},
  { StringEquals: { 'aws:username': 'eve' } },
  { StringNotEquals: { 'aws:username': 'eve' } },
  { Null: { 'aws:mfa': 'true' } },
);
const statementOf = (effect: fc.Arbitrary<string>) =>
  fc.record({ Effect: effect, Action: patterns, Resource: places, Condition: conditions });
const anyPolicies = fc.array(fc.array(statementOf(fc.constantFrom('Allow', 'Deny')), { minLength: 1, maxLength: 4 }), {
  maxLength: 4,
});
const question = fc.record({ action: fc.constantFrom(...actions), resource: fc.constantFrom(...things) });

test('adding an allow never removes access, adding a deny never gives any', () => {
  const rank = { explicitDeny: 0, implicitDeny: 1, allow: 2 };
  fc.assert(
    fc.property(
      anyPolicies,
      statementOf(fc.constant('Allow')),
      statementOf(fc.constant('Deny')),
      question,
      (...all) => {
        const [given, allow, deny, asked] = all;
        const policies = given.map((statements) => policy(...statements));
        const before = rank[evaluate(policies, ask(asked)).result];
        assert.ok(rank[evaluate([...policies, policy(allow)], ask(asked)).result] >= before);
        assert.ok(rank[evaluate([...policies, policy(deny)], ask(asked)).result] <= before);
      },
    ),
  );
});

test('a deny wins wherever it stands, and neither order nor partition changes what is decided', () => {
  fc.assert(
    fc.property(anyPolicies, question, (given, asked) => {
      const { result } = evaluate(
        given.map((statements) => policy(...statements)),
        ask(asked),
      );
      const flat = given.flat();
      const alone = new Set(flat.map((statement) => evaluate([policy(statement)], ask(asked)).result));
      const expected = alone.has('explicitDeny') ? 'explicitDeny' : alone.has('allow') ? 'allow' : 'implicitDeny';
      assert.equal(result, expected);
      assert.equal(
        evaluate(
          flat.toReversed().map((statement) => policy(statement)),
          ask(asked),
        ).result,
        expected,
      );
    }),
  );
});
