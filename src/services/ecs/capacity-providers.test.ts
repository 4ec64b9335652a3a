// Capacity providers of clusters, and those that there are.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
});
after(() => fixture.end());

const strategyItem = (capacityProvider: string, weight = 0, base = 0) => ({ capacityProvider, weight, base });
const both = ['FARGATE', 'FARGATE_SPOT'];

test('capacity providers are put on a cluster, replaced, and taken away', async () => {
  await fixture.call('CreateCluster', { clusterName: 'putting' });
  const put = (capacityProviders: string[], defaultCapacityProviderStrategy: ReturnType<typeof strategyItem>[]) =>
    fixture.call('PutClusterCapacityProviders', {
      cluster: 'putting',
      capacityProviders,
      defaultCapacityProviderStrategy,
    });
  const strategy = [strategyItem('FARGATE', 1, 2), strategyItem('FARGATE_SPOT', 4)];
  const { cluster } = await put(both, strategy);
  assert.deepEqual(cluster?.capacityProviders, both);
  assert.deepEqual(cluster?.defaultCapacityProviderStrategy, strategy);
  await assert.rejects(put(['FARGATE'], strategy), { message: /not associated with the cluster/ });
  const less = await put([], []);
  assert.deepEqual([less.cluster?.capacityProviders, less.cluster?.defaultCapacityProviderStrategy], [[], []]);
  await fixture.call('DeleteCluster', { cluster: 'putting' });
  await assert.rejects(put(both, []), { code: 'ClientException', message: 'Cluster was not ACTIVE' });
});

test("Fargate's capacity providers are described by name, by ARN, and of a cluster", async () => {
  const arn = (name: string) => `arn:aws:ecs:us-east-1:123456789012:capacity-provider/${name}`;
  const described = (name: 'FARGATE' | 'FARGATE_SPOT') => ({
    capacityProviderArn: arn(name),
    name,
    status: 'ACTIVE',
    type: name,
    tags: [],
  });
  const all = await fixture.call('DescribeCapacityProviders', { include: ['TAGS'] });
  assert.deepEqual([all.capacityProviders, all.failures], [[described('FARGATE'), described('FARGATE_SPOT')], []]);
  const capacityProviders = [arn('FARGATE_SPOT'), 'mine'];
  const some = await fixture.call('DescribeCapacityProviders', { capacityProviders });
  assert.deepEqual(some.capacityProviders, [described('FARGATE_SPOT')]);
  assert.deepEqual(some.failures, [{ arn: arn('mine'), reason: 'MISSING' }]);
  const first = await fixture.call('DescribeCapacityProviders', { maxResults: 1 });
  const second = await fixture.call('DescribeCapacityProviders', { maxResults: 1, nextToken: first.nextToken });
  assert.deepEqual(
    [first, second].map((page) => page.capacityProviders![0]!.name),
    both,
  );
  await fixture.call('CreateCluster', { clusterName: 'spot', capacityProviders: ['FARGATE_SPOT'] });
  const ofCluster = await fixture.call('DescribeCapacityProviders', { cluster: 'spot' });
  assert.deepEqual(ofCluster.capacityProviders, [described('FARGATE_SPOT')]);
});
