// Creation templates: as put and as told, and what comes about by them.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { ensureRepository } from '#services/ecr/create-repository.ts';
import { createFixture, elsewhere, home } from '#services/ecr/fixture.ts';
import type { CreationCause } from '#services/ecr/kinds.ts';

const lifecyclePolicy = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 5 },
      action: { type: 'expire' },
    },
  ],
});
const repositoryPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }],
});
const full = {
  prefix: 'prod/team',
  description: 'what runs for customers',
  encryptionConfiguration: { encryptionType: 'AES256' as const },
  resourceTags: [{ Key: 'cost', Value: 'prod' }],
  imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' as const,
  imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD' as const, filter: 'dev*' }],
  repositoryPolicy,
  lifecyclePolicy,
  appliedFor: ['CREATE_ON_PUSH' as const, 'REPLICATION' as const],
};
const code = (name: string) => ({ code: name });
const refused = (message: RegExp) => ({ code: 'InvalidParameterException', message });

async function start(t: TestContext) {
  const ecr = await createFixture({ blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }) });
  t.after(() => ecr.store.close());
  const ensure = (repositoryName: string, cause: CreationCause) =>
    ecr.store.write((tx) => ensureRepository(tx, { scope: home, repositoryName }, cause, ecr.clock.now()));
  return { ...ecr, ensure };
}

test('a template is told as it was put, changed in part, and deleted', async (t) => {
  const { call, clock } = await start(t);
  const [createdAt, updatedAt] = [clock.now(), new Date('2026-02-01T00:00:00Z')];
  const told = { ...full, createdAt, updatedAt: createdAt };
  const created = await call('CreateRepositoryCreationTemplate', full);
  assert.deepEqual(created, { registryId: home.account, repositoryCreationTemplate: told });
  assert.deepEqual((await call('DescribeRepositoryCreationTemplates', {})).repositoryCreationTemplates, [told]);
  await assert.rejects(call('CreateRepositoryCreationTemplate', full), code('TemplateAlreadyExistsException'));
  const slashed = { ...full, prefix: 'prod/team/' };
  await assert.rejects(call('CreateRepositoryCreationTemplate', slashed), code('TemplateAlreadyExistsException'));
  clock.set(updatedAt);
  const change = { prefix: 'prod/team', imageTagMutability: 'MUTABLE' as const, lifecyclePolicy: '' };
  const { repositoryCreationTemplate } = await call('UpdateRepositoryCreationTemplate', change);
  const { imageTagMutabilityExclusionFilters: _filters, lifecyclePolicy: _policy, ...rest } = told;
  assert.deepEqual(repositoryCreationTemplate, { ...rest, imageTagMutability: 'MUTABLE', updatedAt });
  const gone = await call('DeleteRepositoryCreationTemplate', { prefix: 'prod/team' });
  assert.deepEqual(gone, { registryId: home.account, repositoryCreationTemplate });
  assert.deepEqual((await call('DescribeRepositoryCreationTemplates', {})).repositoryCreationTemplates, []);
  await assert.rejects(call('DeleteRepositoryCreationTemplate', change), code('TemplateNotFoundException'));
  await assert.rejects(call('UpdateRepositoryCreationTemplate', change), code('TemplateNotFoundException'));
});

test('templates come by prefix or in pages, each registry’s own', async (t) => {
  const { call } = await start(t);
  for (const prefix of ['ROOT', 'bb/', 'aa']) {
    await call('CreateRepositoryCreationTemplate', { prefix, appliedFor: ['CREATE_ON_PUSH'] });
  }
  const describe = async (input: Parameters<typeof call<'DescribeRepositoryCreationTemplates'>>[1], scope = home) => {
    const { repositoryCreationTemplates = [], nextToken } = await call(
      'DescribeRepositoryCreationTemplates',
      input,
      scope,
    );
    return { prefixes: repositoryCreationTemplates.map(({ prefix }) => prefix), nextToken };
  };
  const first = await describe({ maxResults: 2 });
  const rest = await describe({ maxResults: 2, nextToken: first.nextToken });
  assert.deepEqual([...first.prefixes, ...rest.prefixes].toSorted(), ['ROOT', 'aa', 'bb/']);
  assert.equal(rest.nextToken, undefined);
  assert.deepEqual((await describe({ prefixes: ['bb', 'no'] })).prefixes, ['bb/']);
  assert.deepEqual((await describe({}, elsewhere)).prefixes, []);
  await assert.rejects(describe({ prefixes: [] }), refused(/prefixes/));
  await assert.rejects(describe({ prefixes: ['A'] }), refused(/prefix/));
});

test('templates that cannot be kept are refused', async (t) => {
  const { call } = await start(t);
  const create = (changed: object) => call('CreateRepositoryCreationTemplate', { ...full, ...changed });
  for (const prefix of ['', 'A', 'a//b', '/a', 'root/ROOT', 'a'.repeat(257)]) {
    await assert.rejects(create({ prefix }), refused(/at 'prefix'/), prefix);
  }
  await assert.rejects(create({ appliedFor: [] }), refused(/appliedFor/));
  await assert.rejects(create({ appliedFor: ['WHENEVER'] }), refused(/enum value set/));
  await assert.rejects(create({ encryptionConfiguration: { encryptionType: 'KMS' } }), refused(/no KMS here/));
  await assert.rejects(create({ description: 'x'.repeat(257) }), refused(/description/));
  await assert.rejects(create({ repositoryPolicy: '{}' }), refused(/./));
  await assert.rejects(create({ lifecyclePolicy: '{"rules":[]}' }), code('InvalidParameterException'));
  await assert.rejects(create({ resourceTags: [{ Key: 'aws:x', Value: '' }] }), code('InvalidTagParameterException'));
  await assert.rejects(create({ imageTagMutability: 'MUTABLE' }), refused(/imageTagMutabilityExclusionFilters/));
  assert.deepEqual((await call('DescribeRepositoryCreationTemplates', {})).repositoryCreationTemplates, []);
});

test('a repository comes about as the template of the longest prefix says that is for its cause', async (t) => {
  const { call, ensure } = await start(t);
  await call('CreateRepositoryCreationTemplate', full);
  const plain = { imageTagMutability: 'IMMUTABLE' as const, resourceTags: [{ Key: 'by', Value: 'prod' }] };
  await call('CreateRepositoryCreationTemplate', {
    ...plain,
    prefix: 'prod',
    appliedFor: ['PULL_THROUGH_CACHE', 'CREATE_ON_PUSH'],
  });
  const made = await ensure('prod/team/api', 'CREATE_ON_PUSH');
  assert.deepEqual(made.spec.tags, { cost: 'prod' });
  assert.deepEqual(made.spec.exclusionFilters, ['dev*']);
  const name = { repositoryName: 'prod/team/api' };
  assert.equal((await call('GetLifecyclePolicy', name)).lifecyclePolicyText, lifecyclePolicy);
  assert.equal((await call('GetRepositoryPolicy', name)).policyText, repositoryPolicy);
  assert.deepEqual((await ensure('prod/team/web', 'PULL_THROUGH_CACHE')).spec.tags, { by: 'prod' });
  assert.deepEqual((await ensure('prod/teams', 'CREATE_ON_PUSH')).spec.tags, { by: 'prod' });
  assert.equal((await ensure('other', 'REPLICATION')).spec.imageTagMutability, 'MUTABLE');
  await assert.rejects(ensure('another', 'CREATE_ON_PUSH'), code('RepositoryNotFoundException'));
  await call('CreateRepositoryCreationTemplate', { prefix: 'ROOT', appliedFor: ['CREATE_ON_PUSH'], ...plain });
  assert.equal((await ensure('another', 'CREATE_ON_PUSH')).spec.imageTagMutability, 'IMMUTABLE');
  await call('DeleteRepositoryCreationTemplate', { prefix: 'ROOT' });
  assert.equal(
    (await ensure('another', 'CREATE_ON_PUSH')).spec.imageTagMutability,
    'IMMUTABLE',
    'it stays as it was made',
  );
});
