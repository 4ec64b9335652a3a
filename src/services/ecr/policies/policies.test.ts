// Policies of repositories and registries: what is kept, what is refused, and whom they let in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, elsewhere, home } from '#services/ecr/fixture.ts';
import { allowsReplication } from './registry-policy.ts';

const guest = { account: elsewhere.account, region: home.region };
const repositoryName = 'app';
const registryId = home.account;
const asked = { repositoryName, registryId };

const create = async () => {
  const fixture = await createFixture({ blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }) });
  await fixture.call('CreateRepository', { repositoryName, tags: [{ Key: 'team', Value: 'blue' }] });
  return fixture;
};

function policy(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
const allow = (account: string, Action: string | string[], more = {}) => {
  return { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action, ...more };
};
const deny = (Principal: unknown, Action: string | string[], more = {}) => ({
  Effect: 'Deny',
  Principal,
  Action,
  ...more,
});
const everyRepository = { Resource: `arn:aws:ecr:us-east-1:${home.account}:repository/*` };
const denied = { code: 'AccessDeniedException' };

test('a repository’s policy is given back as it was put, until it is deleted', async () => {
  const { call } = await create();
  const missing = {
    code: 'RepositoryPolicyNotFoundException',
    message: `Repository policy does not exist for the repository with name 'app' in the registry with id '${registryId}'`,
  };
  await assert.rejects(call('GetRepositoryPolicy', { repositoryName }), missing);
  await assert.rejects(call('DeleteRepositoryPolicy', { repositoryName }), missing);
  const policyText = `  ${policy(allow(guest.account, 'ecr:*'))}\n`;
  const kept = { registryId, repositoryName, policyText };
  assert.deepEqual(await call('SetRepositoryPolicy', { repositoryName, policyText }), kept);
  assert.deepEqual(await call('GetRepositoryPolicy', { repositoryName }), kept);
  assert.deepEqual(await call('DeleteRepositoryPolicy', { repositoryName }), kept);
  await assert.rejects(call('GetRepositoryPolicy', { repositoryName }), missing);
});

test('it goes with its repository', async () => {
  const { call } = await create();
  await call('SetRepositoryPolicy', { repositoryName, policyText: policy(allow(guest.account, 'ecr:*')) });
  await call('DeleteRepository', { repositoryName });
  await call('CreateRepository', { repositoryName });
  await assert.rejects(call('GetRepositoryPolicy', { repositoryName }), { code: 'RepositoryPolicyNotFoundException' });
});

const refused: readonly [what: string, policyText: string, message: RegExp][] = [
  [
    'is no JSON',
    '{',
    /^Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'/,
  ],
  ['names a resource', policy({ ...allow('1'.repeat(12), 'ecr:*'), Resource: '*' }), /Has prohibited field Resource/],
  ['names no principal', policy({ Effect: 'Allow', Action: 'ecr:*' }), /Missing required field Principal/],
  ['names a wildcard principal', policy({ ...allow('', 'ecr:*') }), /Invalid principal in policy/],
  [
    'is about another service',
    policy(allow(guest.account, ['ecr:*', 's3:GetObject'])),
    /s3:GetObject is not an action of ecr/,
  ],
  ['is too long', ' '.repeat(10_241), /'policyText' .* length less than or equal to 10240/],
  [
    'shuts its setter out',
    policy(deny('*', 'ecr:Set*')),
    /would prevent you from setting another policy in the future/,
  ],
];
for (const [what, policyText, message] of refused) {
  test(`a repository policy that ${what} is refused`, async () => {
    const { call } = await create();
    const put = call('SetRepositoryPolicy', { repositoryName, policyText });
    await assert.rejects(put, { code: 'InvalidParameterException', message });
  });
}

test('another account may what the repository’s policy allows, and nothing else', async () => {
  const { call } = await create();
  const describe = () => call('DescribeImages', asked, guest);
  await assert.rejects(describe(), {
    code: 'AccessDeniedException',
    message: `User: arn:aws:iam::${guest.account}:root is not authorized to perform: ecr:DescribeImages on resource: arn:aws:ecr:us-east-1:${home.account}:repository/app because no resource-based policy allows the ecr:DescribeImages action`,
  });
  await call('SetRepositoryPolicy', { repositoryName, policyText: policy(allow(guest.account, 'ecr:DescribeImages')) });
  assert.deepEqual((await describe()).imageDetails, []);
  await assert.rejects(call('ListImages', asked, guest), denied);
  await assert.rejects(call('DescribeImages', asked, { ...guest, account: '333333333333' }), denied);
  await assert.rejects(call('DescribeImages', { ...asked, repositoryName: 'other' }, guest), denied);
  await call('DeleteRepositoryPolicy', { repositoryName });
  await assert.rejects(describe(), denied);
});

test('a policy may let another account set the policy, who must not shut itself out unless forced', async () => {
  const { call } = await create();
  const policyText = policy(allow(guest.account, 'ecr:*RepositoryPolicy'));
  await call('SetRepositoryPolicy', { repositoryName, policyText });
  const other = policy(allow('333333333333', 'ecr:*'));
  const message = /force to set it/;
  await assert.rejects(call('SetRepositoryPolicy', { ...asked, policyText: other }, guest), { message });
  await call('SetRepositoryPolicy', { ...asked, policyText: other, force: true }, guest);
  await assert.rejects(call('GetRepositoryPolicy', asked, guest), denied);
});

test('what is denied to everybody is denied to the owner too, but never the way back', async () => {
  const { call } = await create();
  await call('SetRepositoryPolicy', { repositoryName, policyText: policy(deny('*', 'ecr:*')), force: true });
  await assert.rejects(call('DescribeImages', { repositoryName }), {
    ...denied,
    message: /on resource: \S+ with an explicit deny in a resource-based policy$/,
  });
  assert.ok((await call('GetRepositoryPolicy', { repositoryName })).policyText);
  await call('DeleteRepositoryPolicy', { repositoryName });
  assert.deepEqual((await call('DescribeImages', { repositoryName })).imageDetails, []);
});

test('conditions may ask for the repository’s tags', async () => {
  const { call } = await create();
  const when = (team: string) => ({ Condition: { StringEquals: { 'ecr:ResourceTag/team': team } } });
  const set = (team: string) =>
    call('SetRepositoryPolicy', {
      repositoryName,
      policyText: policy(allow(guest.account, 'ecr:ListImages', when(team))),
    });
  await set('blue');
  assert.deepEqual((await call('ListImages', asked, guest)).imageIds, []);
  await set('red');
  await assert.rejects(call('ListImages', asked, guest), denied);
});

test('the tags of a repository are another account’s to read where its policy says so', async () => {
  const { call } = await create();
  const resourceArn = `arn:aws:ecr:us-east-1:${home.account}:repository/app`;
  await assert.rejects(call('ListTagsForResource', { resourceArn }, guest), denied);
  const policyText = policy(allow(guest.account, 'ecr:ListTagsForResource'));
  await call('SetRepositoryPolicy', { repositoryName, policyText });
  const { tags } = await call('ListTagsForResource', { resourceArn }, guest);
  assert.deepEqual(tags, [{ Key: 'team', Value: 'blue' }]);
});

test('a registry’s policy is given back as it was put, until it is deleted', async () => {
  const { call } = await create();
  const missing = {
    code: 'RegistryPolicyNotFoundException',
    message: `Registry policy does not exist in the registry with id '${registryId}'`,
  };
  await assert.rejects(call('GetRegistryPolicy', {}), missing);
  await assert.rejects(call('DeleteRegistryPolicy', {}), missing);
  const policyText = policy(allow(guest.account, 'ecr:ReplicateImage', everyRepository));
  const kept = { registryId, policyText };
  assert.deepEqual(await call('PutRegistryPolicy', { policyText }), kept);
  assert.deepEqual(await call('GetRegistryPolicy', {}), kept);
  await assert.rejects(call('GetRegistryPolicy', {}, guest), { code: 'RegistryPolicyNotFoundException' });
  assert.deepEqual(await call('DeleteRegistryPolicy', {}), kept);
  await assert.rejects(call('GetRegistryPolicy', {}), missing);
  const bad = policy(allow(guest.account, 'ecr:ReplicateImage'));
  const message = /'Invalid registry policy provided' \(Policy statement must contain resources\.\)/;
  await assert.rejects(call('PutRegistryPolicy', { policyText: bad }), { code: 'InvalidParameterException', message });
});

test('a registry’s policy is for every action on its repositories, beside their own', async () => {
  const { call } = await create();
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, 'ecr:List*', everyRepository)) });
  assert.deepEqual((await call('ListImages', asked, guest)).imageIds, []);
  await call('SetRepositoryPolicy', { repositoryName, policyText: policy(deny({ AWS: guest.account }, 'ecr:*')) });
  await assert.rejects(call('ListImages', asked, guest), denied);
  await call('PutRegistryPolicy', { policyText: policy(deny('*', 'ecr:*', everyRepository)) });
  await assert.rejects(call('ListImages', { repositoryName }), denied);
  await call('SetRepositoryPolicy', { repositoryName, policyText: policy(allow(guest.account, 'ecr:*')) });
  await assert.rejects(call('ListImages', asked, guest), denied);
  await call('DeleteRegistryPolicy', {});
  assert.deepEqual((await call('ListImages', asked, guest)).imageIds, []);
});

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions-create-replication.html
test('replication from another account needs the registry’s permission, also to make the repository', async () => {
  const { call, store } = await create();
  const allows = (name: string, from = guest) =>
    store.read((reader) => allowsReplication(reader, from, { scope: home, repositoryName: name }));
  assert.equal(allows('app', { ...home, region: 'eu-west-1' }), true, 'within an account');
  assert.equal(allows('app'), false);
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, 'ecr:ReplicateImage', everyRepository)) });
  assert.equal(allows('app'), true);
  assert.equal(allows('new'), false);
  assert.equal(allows('app', { ...guest, account: '333333333333' }), false);
  const both = ['ecr:ReplicateImage', 'ecr:CreateRepository'];
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, both, everyRepository)) });
  assert.equal(allows('new'), true);
  const only = { Resource: `arn:aws:ecr:us-east-1:${home.account}:repository/mirror/*` };
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, both, only)) });
  assert.deepEqual([allows('new'), allows('mirror/new')], [false, true]);
});

test('a push through the API makes a repository only for one who may create it, whatever templates say', async () => {
  const { call } = await create();
  await call('CreateRepositoryCreationTemplate', { prefix: 'ROOT', appliedFor: ['CREATE_ON_PUSH'] });
  const pushing = ['ecr:InitiateLayerUpload', 'ecr:PutImage'];
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, pushing, everyRepository)) });
  const begin = (name: string, from = guest) =>
    call('InitiateLayerUpload', { registryId, repositoryName: name }, from).then(({ uploadId }) => typeof uploadId);
  const imageManifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
  const put = (name: string) => call('PutImage', { registryId, repositoryName: name, imageManifest }, guest);
  await assert.rejects(begin('new'), denied);
  await assert.rejects(put('new'), denied);
  await assert.rejects(call('ListImages', { repositoryName: 'new' }), { code: 'RepositoryNotFoundException' });
  assert.equal(await begin('app'), 'string', 'a repository that is there');
  assert.equal(await begin('own', home), 'string', 'the owner');
  const creating = [...pushing, 'ecr:CreateRepository'];
  await call('PutRegistryPolicy', { policyText: policy(allow(guest.account, creating, everyRepository)) });
  assert.equal(await begin('new'), 'string');
  assert.equal((await put('newer')).image?.repositoryName, 'newer');
});
