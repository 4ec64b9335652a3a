// Pull-through cache rules as the API keeps them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { AwsError } from '#kernel/error.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, elsewhere } from '#services/ecr/fixture.ts';

async function open() {
  const upstream = new FakeUpstream();
  const fixture = await createFixture({ blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }), upstream });
  return { ...fixture, upstream };
}

const hub = { ecrRepositoryPrefix: 'docker-hub', upstreamRegistryUrl: 'registry-1.docker.io' };

function code(expected: string, message?: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof AwsError, String(thrown));
    assert.equal(thrown.code, expected, thrown.message);
    if (message !== undefined) assert.match(thrown.message, message);
    return true;
  };
}

test('a rule is described as it was put, until it is deleted', async () => {
  const { call, clock } = await open();
  const createdAt = clock.now();
  const common = { ...hub, registryId: '123456789012' };
  assert.deepEqual(await call('CreatePullThroughCacheRule', hub), {
    ...common,
    upstreamRegistry: 'docker-hub',
    createdAt,
  });
  clock.set(new Date(createdAt.getTime() + 5000));
  const updatedAt = clock.now();
  assert.deepEqual(await call('UpdatePullThroughCacheRule', { ecrRepositoryPrefix: 'docker-hub' }), {
    ecrRepositoryPrefix: 'docker-hub',
    registryId: '123456789012',
    updatedAt,
  });
  const { pullThroughCacheRules } = await call('DescribePullThroughCacheRules', {});
  assert.deepEqual(pullThroughCacheRules, [{ ...common, upstreamRegistry: 'docker-hub', createdAt, updatedAt }]);
  assert.deepEqual((await call('DescribePullThroughCacheRules', {}, elsewhere)).pullThroughCacheRules, []);
  assert.deepEqual(await call('DeletePullThroughCacheRule', { ecrRepositoryPrefix: 'docker-hub' }), {
    ...common,
    createdAt,
  });
  assert.deepEqual((await call('DescribePullThroughCacheRules', {})).pullThroughCacheRules, []);
});

test('every upstream of AWS has its name, and any other host may be one, too', async () => {
  const { call } = await open();
  for (const [at, [url, name]] of [
    ['public.ecr.aws', 'ecr-public'],
    ['registry-1.docker.io', 'docker-hub'],
    ['registry.k8s.io', 'k8s'],
    ['quay.io', 'quay'],
    ['ghcr.io', 'github-container-registry'],
    ['registry.gitlab.com', 'gitlab-container-registry'],
    ['mine.azurecr.io', 'azure-container-registry'],
    ['cgr.dev', 'chainguard'],
    ['registry.example.com:5000', undefined],
    ['localhost:5000', undefined],
    ['127.0.0.1', undefined],
    ['[::1]:5000', undefined],
  ].entries()) {
    const rule = { ecrRepositoryPrefix: `p${at}x`, upstreamRegistryUrl: url! };
    const { upstreamRegistry } = await call('CreatePullThroughCacheRule', rule);
    assert.equal(upstreamRegistry, name, url);
  }
});

test('what is no upstream is refused', async () => {
  const { call } = await open();
  const create = (upstreamRegistryUrl: string, more = {}) =>
    call('CreatePullThroughCacheRule', { ecrRepositoryPrefix: 'up', upstreamRegistryUrl, ...more });
  for (const url of [
    'https://quay.io',
    'quay.io/library',
    'user@quay.io',
    '',
    'a b',
    'docker.io',
    '-x.org',
    'x:port',
  ]) {
    await assert.rejects(create(url), code('UnsupportedUpstreamRegistryException'), url);
  }
  const aws = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
  await assert.rejects(create(aws), code('UnsupportedUpstreamRegistryException', /registries of AWS accounts/));
  await assert.rejects(create('quay.io', { upstreamRegistry: 'k8s' }), code('InvalidParameterException'));
  await assert.rejects(create('quay.io', { upstreamRegistry: 'nobody' }), code('InvalidParameterException', /enum/));
});

test('prefixes have their form, and each is there once', async () => {
  const { call } = await open();
  const create = (ecrRepositoryPrefix: string, more = {}) =>
    call('CreatePullThroughCacheRule', { ecrRepositoryPrefix, upstreamRegistryUrl: 'quay.io', ...more });
  for (const prefix of ['a', 'A-b', 'x'.repeat(31), '-ab', 'a//b', '']) {
    await assert.rejects(create(prefix), code('InvalidParameterException'), prefix);
  }
  await create('team/quay/');
  await assert.rejects(create('team/quay'), code('PullThroughCacheRuleAlreadyExistsException'));
  for (const upstreamRepositoryPrefix of ['jetstack', 'ROOT']) {
    const created = await create(`team/${upstreamRepositoryPrefix.toLowerCase()}`, { upstreamRepositoryPrefix });
    assert.equal(created.upstreamRepositoryPrefix, upstreamRepositoryPrefix);
  }
  await create('ROOT');
  await assert.rejects(create('ROOT'), code('PullThroughCacheRuleAlreadyExistsException'));
  await call('DeletePullThroughCacheRule', { ecrRepositoryPrefix: 'ROOT' });
  await assert.rejects(create('ROOT', { upstreamRepositoryPrefix: 'x1' }), code('InvalidParameterException', /ROOT/));
  const prefixes = ['team/quay', 'nowhere'];
  const missing = code('PullThroughCacheRuleNotFoundException');
  await assert.rejects(call('DescribePullThroughCacheRules', { ecrRepositoryPrefixes: prefixes }), missing);
  await assert.rejects(call('DeletePullThroughCacheRule', { ecrRepositoryPrefix: 'nowhere' }), missing);
  await assert.rejects(call('UpdatePullThroughCacheRule', { ecrRepositoryPrefix: 'nowhere' }), missing);
  await assert.rejects(call('ValidatePullThroughCacheRule', { ecrRepositoryPrefix: 'nowhere' }), missing);
  const described = await call('DescribePullThroughCacheRules', { ecrRepositoryPrefixes: ['team/quay', 'team/quay'] });
  assert.deepEqual(
    described.pullThroughCacheRules?.map(({ ecrRepositoryPrefix }) => ecrRepositoryPrefix),
    ['team/quay/'],
  );
});

test('rules are paged, and a registry has 50 at most', async () => {
  const { call } = await open();
  for (let at = 10; at < 60; at++) {
    await call('CreatePullThroughCacheRule', { ecrRepositoryPrefix: `p${at}`, upstreamRegistryUrl: 'quay.io' });
  }
  await assert.rejects(
    call('CreatePullThroughCacheRule', { ecrRepositoryPrefix: 'p60', upstreamRegistryUrl: 'quay.io' }),
    code('LimitExceededException'),
  );
  const first = await call('DescribePullThroughCacheRules', { maxResults: 30 });
  const second = await call('DescribePullThroughCacheRules', { maxResults: 30, nextToken: first.nextToken });
  assert.equal(first.pullThroughCacheRules?.length, 30);
  assert.equal(second.pullThroughCacheRules?.length, 20);
  assert.equal(second.nextToken, undefined);
});

test('a rule is valid where its upstream answers', async () => {
  const { call, upstream } = await open();
  await call('CreatePullThroughCacheRule', hub);
  const validate = () => call('ValidatePullThroughCacheRule', { ecrRepositoryPrefix: 'docker-hub' });
  assert.deepEqual(await validate(), {
    ...hub,
    registryId: '123456789012',
    isValid: false,
    failure: 'registry-1.docker.io cannot be reached (ENOTFOUND).',
  });
  upstream.putBlob({ registry: 'registry-1.docker.io', repository: 'library/busybox' }, Buffer.from('x'));
  assert.equal((await validate()).isValid, true);
  upstream.failure = 'unauthorized';
  assert.deepEqual((await validate()).failure, 'registry-1.docker.io is unauthorized.');
});
