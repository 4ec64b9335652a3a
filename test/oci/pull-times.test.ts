// When images were last pulled, as DescribeImages tells it, and whose pulls do not count.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { silentLog } from '#kernel/log.ts';
import { until } from '#kernel/until.fixture.ts';
import { imageKind } from '#services/ecr/kinds.ts';
import { createPullTimes } from '#services/ecr/pulls/pull-times.ts';
import { pushImage, startRegistry, type RegistryServer } from './registry-server.ts';

const repositoryName = 'app';
const at = (time: string) => new Date(`2026-01-01T${time}:00Z`);

async function start(t: TestContext): Promise<RegistryServer> {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName });
  await pushImage(server, 'app', 'v1');
  return server;
}

async function pullTime(server: RegistryServer): Promise<Date | undefined> {
  const { imageDetails } = await server.call('DescribeImages', { repositoryName });
  return imageDetails![0]!.lastRecordedPullTime;
}

test('the time of a pull is noted, at most once an hour, and not for a look at the headers', async (t) => {
  const server = await start(t);
  const pull = async (time: string, method = 'GET') => {
    server.clock.set(at(time));
    assert.equal((await server.ask(method, '/v2/app/manifests/v1')).status, 200);
  };
  await pull('01:00', 'HEAD');
  assert.equal(await pullTime(server), undefined);
  await pull('02:00');
  await until('the first pull', async () => (await pullTime(server))?.getTime() === at('02:00').getTime());
  await pull('02:59');
  assert.deepEqual(await pullTime(server), at('02:00'));
  await pull('03:00');
  await until('the pull an hour later', async () => (await pullTime(server))?.getTime() === at('03:00').getTime());
  server.clock.set(at('05:00'));
  await server.call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  await until('the pull by the API', async () => (await pullTime(server))?.getTime() === at('05:00').getTime());
  // With the image goes what was noted.
  await server.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  await pushImage(server, 'app', 'v1');
  assert.equal(await pullTime(server), undefined);
});

test('pulls of excluded principals are not noted', async (t) => {
  const server = await start(t);
  const principalArn = 'arn:aws:iam::123456789012:user/scanner';
  const { createdAt } = await server.call('RegisterPullTimeUpdateExclusion', { principalArn });
  assert.deepEqual(createdAt, server.clock.now());
  const list = async () => (await server.call('ListPullTimeUpdateExclusions', {})).pullTimeUpdateExclusions;
  assert.deepEqual(await list(), [principalArn]);
  await assert.rejects(server.call('RegisterPullTimeUpdateExclusion', { principalArn }), {
    code: 'ExclusionAlreadyExistsException',
  });
  const principal = { account: '123456789012', arn: principalArn, userId: 'AIDA', accessKeyId: 'AKIA' };
  // Callers of this registry are all root, which AWS excludes from nothing.
  const pullTimes = createPullTimes({ ...server, log: silentLog });
  const image = server.store.read((reader) => reader.list(imageKind))[0]!;
  pullTimes.note(image, principal);
  await server.store.durable();
  assert.equal(await pullTime(server), undefined);
  await server.call('DeregisterPullTimeUpdateExclusion', { principalArn });
  assert.deepEqual(await list(), []);
  await assert.rejects(server.call('DeregisterPullTimeUpdateExclusion', { principalArn }), {
    code: 'ExclusionNotFoundException',
  });
  pullTimes.note(image, principal);
  await until('the pull to be noted', async () => (await pullTime(server)) !== undefined);
});
