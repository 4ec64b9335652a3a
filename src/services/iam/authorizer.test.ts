// Roots of accounts: whose keys are known, and what each root may, at home and elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequest, ResourceGuard } from '#aws/service.ts';
import { createAccountKeys } from './account-keys.ts';
import { createAuthorizer } from './authorizer.ts';

const [home, other] = ['123456789012', '210987654321'];
const key = Buffer.alloc(32, 5);
const root = { account: home, accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'kept' };
const authorizer = createAuthorizer(root, key);
const keys = createAccountKeys(key);

test('the home account’s root has the keys that are kept, every other account’s the derived ones', () => {
  assert.deepEqual(authorizer.credential(root.accessKeyId), {
    principal: { account: home, arn: `arn:aws:iam::${home}:root`, userId: home, accessKeyId: root.accessKeyId },
    secretAccessKey: 'kept',
  });
  const derived = keys.keysOf(other);
  const credential = authorizer.credential(derived.accessKeyId);
  assert.equal(credential?.secretAccessKey, derived.secretAccessKey);
  assert.equal(credential.principal.arn, `arn:aws:iam::${other}:root`);
  assert.equal(authorizer.credential(derived.accessKeyId), credential);
  assert.equal(authorizer.credential(keys.keysOf(home).accessKeyId), undefined, 'no second keys for the home account');
  assert.equal(authorizer.credential('AKIAMADEUPMADEUPMADE'), undefined);
});

const arn = (account: string) => `arn:aws:ecr:us-east-1:${account}:repository/app`;
const statement = (Effect: string, account: string, Condition = {}) =>
  JSON.stringify({
    Statement: [{ Effect, Principal: { AWS: account }, Action: 'ecr:BatchGetImage', Condition }],
    Version: '2012-10-17',
  });

interface Case {
  readonly by: string;
  readonly of: string;
  readonly guard?: ResourceGuard;
  /** What the error ends with, where there is one. */
  readonly because?: string;
}

const noPolicy = 'because no resource-based policy allows the ecr:BatchGetImage action';
const denied = 'with an explicit deny in a resource-based policy';
const cases: readonly Case[] = [
  { by: home, of: arn(home) },
  { by: home, of: '*' },
  { by: home, of: 'arn:aws:s3:::bucket' },
  { by: other, of: arn(other) },
  { by: other, of: arn(home), because: noPolicy },
  { by: other, of: arn(home), guard: { policies: [] }, because: noPolicy },
  { by: other, of: arn(home), guard: { policies: [statement('Allow', other)] } },
  { by: other, of: arn(home), guard: { policies: [statement('Allow', home)] }, because: noPolicy },
  {
    by: other,
    of: arn(home),
    guard: { policies: [statement('Allow', other), statement('Deny', other)] },
    because: denied,
  },
  { by: home, of: arn(home), guard: { policies: [statement('Allow', other)] } },
  { by: home, of: arn(home), guard: { policies: [statement('Deny', home)] }, because: denied },
  { by: home, of: arn(home), guard: { policies: [statement('Deny', home)], ownerKeeps: true } },
  { by: other, of: arn(home), guard: { policies: [], ownerKeeps: true }, because: noPolicy },
  {
    by: other,
    of: arn(home),
    guard: {
      policies: [
        statement('Allow', other, { StringEquals: { 'aws:ResourceTag/Team': 'blue', 'ecr:ResourceTag/team': 'blue' } }),
      ],
      tags: { Team: 'blue' },
    },
  },
  {
    by: other,
    of: arn(home),
    guard: {
      policies: [statement('Allow', other, { StringEquals: { 's3:ResourceTag/team': 'blue' } })],
      tags: { team: 'blue' },
    },
    because: noPolicy,
  },
  {
    by: other,
    of: arn(home),
    guard: {
      policies: [
        statement('Allow', other, {
          IpAddress: { 'aws:SourceIp': '127.0.0.0/8' },
          Bool: { 'aws:SecureTransport': 'false' },
          StringEquals: {
            'aws:RequestedRegion': 'us-east-1',
            'aws:PrincipalAccount': other,
            'aws:ResourceAccount': home,
          },
          ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${other}:root` },
          DateGreaterThan: { 'aws:CurrentTime': '2025-12-31T00:00:00Z', 'aws:EpochTime': 1767000000 },
          Null: { 'aws:username': 'true' },
        }),
      ],
    },
  },
];
for (const { by, of, guard, because } of cases) {
  const policies = guard === undefined ? 'no policies' : guard.policies.join(' and ');
  test(`the root of ${by} ${because ? 'may not' : 'may'} ${of} under ${policies}`, () => {
    const principal = { account: by, arn: `arn:aws:iam::${by}:root`, userId: by, accessKeyId: '' };
    const request: AccessRequest = {
      principal,
      action: 'ecr:BatchGetImage',
      resources: [of],
      circumstances: {
        now: new Date('2026-01-01'),
        region: 'us-east-1',
        sourceAddress: '::ffff:127.0.0.1',
        secure: false,
      },
      guard: () => guard,
    };
    if (because === undefined) return authorizer.authorize(request);
    const message = `User: ${principal.arn} is not authorized to perform: ecr:BatchGetImage on resource: ${of} ${because}`;
    assert.throws(() => authorizer.authorize(request), { code: 'AccessDeniedException', message });
  });
}

test('of several resources each must be allowed', () => {
  const principal = { account: home, arn: `arn:aws:iam::${home}:root`, userId: home, accessKeyId: '' };
  const request = { principal, action: 'ecr:BatchGetImage', resources: [arn(home), arn(other)] };
  assert.throws(() => authorizer.authorize(request), /on resource: arn:aws:ecr:us-east-1:210987654321:repository\/app/);
});
