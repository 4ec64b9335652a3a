// Documents: what is read of them, and which ones are malformed, in AWS's words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { attachedPolicy, identityPolicy, parsePolicy, resourcePolicy, type PolicyForm } from './policy-document.ts';

const version = '2012-10-17';
const arn = 'arn:aws:s3:::amzn-s3-demo-bucket/*';
const identity = { Effect: 'Allow', Action: 's3:GetObject', Resource: arn };
const resource = { ...identity, Principal: '*' };
const attached = { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'ecr:BatchGetImage' };

const parse = (form: PolicyForm, document: unknown) => parsePolicy(JSON.stringify(document), form);
const inOne = (form: PolicyForm, statement: unknown) => parse(form, { Version: version, Statement: [statement] });

test('statements come one or in a list, with or without an id', () => {
  const one = parse(identityPolicy, { Version: version, Id: 'mine', Statement: identity });
  const list = parse(identityPolicy, { Version: version, Id: 'mine', Statement: [identity] });
  assert.deepEqual(one, list);
  assert.equal(one.id, 'mine');
  assert.equal(one.statements[0]!.effect, 'Allow');
});

test('elements come one or in a list, plain or negated', () => {
  const { statements } = inOne(resourcePolicy, {
    Sid: 'All but',
    Effect: 'Deny',
    NotPrincipal: { AWS: ['123456789012', 'arn:aws:iam::123456789012:user/Bob'], Service: 'ecs-tasks.amazonaws.com' },
    NotAction: ['s3:*', '*'],
    NotResource: [arn],
    Condition: { Bool: { 'aws:SecureTransport': false }, NumericLessThan: { 's3:max-keys': [10, '20'] } },
  });
  const [{ sid, principals, actions, resources, conditions }] = statements as [(typeof statements)[0]];
  assert.equal(sid, 'All but');
  assert.deepEqual([principals?.not, actions.not, resources?.not], [true, true, true]);
  assert.deepEqual([...principals!.of.accounts], ['123456789012']);
  assert.deepEqual([...principals!.of.services], ['ecs-tasks.amazonaws.com']);
  assert.deepEqual(
    conditions.map(({ operator, key, values }) => [operator, key, values.map(({ text }) => text)]),
    [
      ['Bool', 'aws:securetransport', ['false']],
      ['NumericLessThan', 's3:max-keys', ['10', '20']],
    ],
  );
});

const sound: readonly [what: string, form: PolicyForm, statement: object][] = [
  ['every account', attachedPolicy, { ...attached, Principal: { AWS: '*' } }],
  ['a role', attachedPolicy, { ...attached, Principal: { AWS: 'arn:aws:iam::123456789012:role/path/name' } }],
  ['a session', attachedPolicy, { ...attached, Principal: { AWS: 'arn:aws:sts::123456789012:assumed-role/a/b' } }],
  ['a unique id', attachedPolicy, { ...attached, Principal: { AWS: 'AROAEXAMPLEEXAMPLE123' } }],
  ['another partition', attachedPolicy, { ...attached, Principal: { AWS: 'arn:aws-cn:iam::123456789012:root' } }],
  ['an identity provider', attachedPolicy, { ...attached, Principal: { Federated: 'accounts.google.com' } }],
  ['all resources', identityPolicy, { ...identity, Resource: '*' }],
  ['a variable', identityPolicy, { ...identity, Resource: 'arn:aws:s3:::b/${aws:username}/*' }],
  ['a partition by wildcard', identityPolicy, { ...identity, Resource: 'arn:*:s3:::b' }],
  ['a short ARN that ends in a wildcard', identityPolicy, { ...identity, Resource: 'arn:aws:sqs:*' }],
  ['an empty list of values', identityPolicy, { ...identity, Condition: { StringEquals: { 'aws:username': [] } } }],
];
for (const [what, form, statement] of sound) {
  test(`a policy may name ${what}`, () => {
    assert.equal(inOne(form, statement).statements.length, 1);
  });
}

const syntax = 'Syntax errors in policy.';
const vendor = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
const malformed: readonly [message: string, form: PolicyForm, statement: unknown][] = [
  [syntax, identityPolicy, 'Allow'],
  [syntax, identityPolicy, null],
  [syntax, identityPolicy, [identity]],
  [syntax, identityPolicy, { ...identity, Extra: 1 }],
  [syntax, identityPolicy, { ...identity, effect: 'Allow' }],
  ['Missing required field Effect', identityPolicy, { Action: 's3:*', Resource: '*' }],
  [syntax, identityPolicy, { ...identity, Effect: 'allow' }],
  [syntax, identityPolicy, { ...identity, Sid: 5 }],
  [
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    identityPolicy,
    { ...identity, Sid: 'a b' },
  ],
  ['Policy statement must contain actions.', identityPolicy, { Effect: 'Allow', Resource: '*' }],
  [syntax, identityPolicy, { ...identity, NotAction: 's3:*' }],
  [syntax, identityPolicy, { ...identity, Action: [] }],
  [syntax, identityPolicy, { ...identity, Action: { a: 's3:*' } }],
  [vendor, identityPolicy, { ...identity, Action: 'GetObject' }],
  ['Actions/Condition can contain only one colon.', identityPolicy, { ...identity, Action: 's3:Get:Object' }],
  ['Vendor s3! is not valid', identityPolicy, { ...identity, Action: 's3!:GetObject' }],
  ['Vendor * is not valid', identityPolicy, { ...identity, Action: '*:GetObject' }],
  ['Policy statement must contain resources.', identityPolicy, { Effect: 'Allow', Action: 's3:*' }],
  ['Policy statement must contain resources.', resourcePolicy, attached],
  ['Resource bucket must be in ARN format or "*".', identityPolicy, { ...identity, Resource: 'bucket' }],
  ['Resource arn:aws:s3 must be in ARN format or "*".', identityPolicy, { ...identity, Resource: 'arn:aws:s3' }],
  [
    'Partition "amazon" is not valid for resource "arn:amazon:s3:::b".',
    identityPolicy,
    { ...identity, Resource: 'arn:amazon:s3:::b' },
  ],
  ['Has prohibited field Resource', attachedPolicy, { ...attached, Resource: '*' }],
  ['Policy document should not specify a principal.', identityPolicy, resource],
  ['Missing required field Principal', attachedPolicy, { Effect: 'Allow', Action: 'ecr:*' }],
  ['Missing required field Principal cannot be empty!', attachedPolicy, { ...attached, Principal: {} }],
  ['Invalid principal in policy: "everyone"', attachedPolicy, { ...attached, Principal: 'everyone' }],
  ['Invalid principal in policy: "AWS":"1234"', attachedPolicy, { ...attached, Principal: { AWS: '1234' } }],
  [
    'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:*"',
    attachedPolicy,
    { ...attached, Principal: { AWS: 'arn:aws:iam::123456789012:*' } },
  ],
  [
    'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/*"',
    attachedPolicy,
    { ...attached, Principal: { AWS: ['arn:aws:iam::123456789012:user/*'] } },
  ],
  ['Invalid principal in policy: "AWS":7', attachedPolicy, { ...attached, Principal: { AWS: 7 } }],
  ['Invalid principal in policy: "AWS":[]', attachedPolicy, { ...attached, Principal: { AWS: [] } }],
  ['Invalid principal in policy: "Aws":"*"', attachedPolicy, { ...attached, Principal: { Aws: '*' } }],
  ['Invalid principal in policy: "Service":"*"', attachedPolicy, { ...attached, Principal: { Service: '*' } }],
  [syntax, identityPolicy, { ...identity, Condition: [] }],
  [syntax, identityPolicy, { ...identity, Condition: { StringEquals: 'a' } }],
  [syntax, identityPolicy, { ...identity, Condition: { StringSame: { 'aws:username': 'a' } } }],
  [syntax, identityPolicy, { ...identity, Condition: { StringEquals: { 'aws:username': { a: 1 } } } }],
  [vendor, identityPolicy, { ...identity, Condition: { StringEquals: { username: 'a' } } }],
];
for (const [message, form, statement] of malformed) {
  test(`${message} is said to ${JSON.stringify(statement)}`, () => {
    assert.throws(() => inOne(form, statement), { code: 'MalformedPolicyDocument', message });
  });
}

test('a document that is none is malformed', () => {
  const bad: readonly [text: string, message: string][] = [
    ['', 'This policy contains invalid Json'],
    ['{"Version":', 'This policy contains invalid Json'],
    ['[]', syntax],
    ['null', syntax],
    ['{}', 'Policy document must be version 2012-10-17 or greater.'],
    [`{"Version":"${version}"}`, syntax],
    [`{"Version":"${version}","Statement":[]}`, syntax],
    ['{"Version":"2026-01-01","Statement":[]}', syntax],
    [`{"Version":"${version}","Statement":[],"__proto__":{}}`, syntax],
    [`{"Version":"${version}","Id":5,"Statement":[]}`, syntax],
  ];
  for (const [text, message] of bad) assert.throws(() => parsePolicy(text, identityPolicy), { message }, text);
});

test('ids of statements are there once', () => {
  const twice = { Version: version, Statement: [1, 2].map(() => ({ ...identity, Sid: 'same' })) };
  const message = 'Statement IDs (SID) in a single policy must be unique.';
  assert.throws(() => parse(identityPolicy, twice), { message });
});

test('a resource’s policy may be of the first version, an identity’s not', () => {
  assert.equal(parse(attachedPolicy, { Version: '2008-10-17', Statement: attached }).statements.length, 1);
  assert.equal(parse(attachedPolicy, { Statement: attached }).statements.length, 1);
  const message = 'Policy document must be version 2012-10-17 or greater.';
  assert.throws(() => parse(identityPolicy, { Version: '2008-10-17', Statement: identity }), { message });
});

test('whatever a text is, it is a policy or malformed', () => {
  const names = ['Version', 'Statement', 'Effect', 'Principal', 'Action', 'Resource', 'Condition', 'Allow', version];
  const words = fc.oneof(fc.constantFrom(...names), fc.string());
  const objects = fc.object({ key: words, values: [words, fc.boolean(), fc.constant(null)] });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        objects.map((each) => JSON.stringify(each)),
      ),
      (text) => {
        for (const form of [identityPolicy, resourcePolicy, attachedPolicy]) {
          try {
            parsePolicy(text, form);
          } catch (thrown) {
            assert.ok(thrown instanceof AwsError && thrown.code === 'MalformedPolicyDocument');
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
