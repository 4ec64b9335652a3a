// Backfills: what was pushed before its rule was put is replicated when that is asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, home } from '#services/ecr/fixture.ts';
import type { BackfillStatus } from './kinds.ts';
import { afterItem } from './backfill.ts';
import { europe, repositoryName, startReplicas, type Replicas } from './replication.fixture.ts';

const destination = { region: europe.region, registryId: europe.account };
const dayMs = 24 * 3_600_000;

async function begin({ call }: Replicas): Promise<string> {
  return (await call('StartReplicationBackfill', { destination })).replicationBackfillId!;
}

const describe = ({ call }: Replicas, replicationBackfillId: string) =>
  call('DescribeReplicationBackfillResults', { replicationBackfillId });

test('what was there before the rule is copied, each image under each of its tags', async (t) => {
  const ecr = await startReplicas(t);
  const [one, two] = [await ecr.push('one', 'v1'), await ecr.push('two', undefined)];
  await ecr.push('one', 'latest');
  const index = await ecr.pushIndex([one, two], 'all');
  await ecr.replicateTo(europe);
  const startedAt = ecr.clock.now();
  const started = await ecr.call('StartReplicationBackfill', { destination });
  const { replicationBackfillId: id, ...rest } = started;
  assert.deepEqual(rest, { registryId: home.account, destination, status: 'PREPARING', startedAt });
  assert.deepEqual((await describe(ecr, id!)).progress, undefined);
  await ecr.stepBackfills();
  const prepared = await describe(ecr, id!);
  assert.equal(prepared.status, 'IN_PROGRESS');
  const none = { totalReplicationCount: 4, completedReplicationCount: 0, failedReplicationCount: 0, failureCodes: [] };
  assert.deepEqual(prepared.progress, none);
  await ecr.stepBackfills();
  assert.equal((await describe(ecr, id!)).progress?.completedReplicationCount, 1);
  assert.deepEqual((await describe(ecr, id!)).results, []);
  for (let left = 3; left > 0; left -= 1) await ecr.stepBackfills();
  const { results = [], ...summary } = await describe(ecr, id!);
  const progress = { ...none, completedReplicationCount: 4 };
  const told = { replicationBackfillId: id, destination, status: 'COMPLETE', progress, startedAt, endedAt: startedAt };
  assert.deepEqual(summary, { registryId: home.account, ...told, nextToken: undefined });
  assert.deepEqual((await ecr.call('ListReplicationBackfills', {})).backfills, [told]);
  assert.deepEqual(
    results.map(({ imageId, status }) => `${imageId?.imageDigest} ${imageId?.imageTag} ${status}`).toSorted(),
    [`${one} latest COMPLETE`, `${one} v1 COMPLETE`, `${two} undefined COMPLETE`, `${index} all COMPLETE`].toSorted(),
  );
  assert.deepEqual(await Promise.all(['v1', 'latest', 'all'].map((tag) => ecr.tagAt(europe, tag))), [one, one, index]);
  assert.deepEqual(await ecr.statuses(one), ['eu-west-1 123456789012 COMPLETE']);
  ecr.clock.set(new Date(startedAt.getTime() + 89 * dayMs));
  await ecr.stepBackfills();
  assert.equal((await ecr.call('ListReplicationBackfills', {})).backfills?.length, 1);
  ecr.clock.set(new Date(startedAt.getTime() + 90 * dayMs));
  await ecr.stepBackfills();
  await assert.rejects(describe(ecr, id!), { code: 'ReplicationBackfillNotFoundException' });
});

test('what cannot be copied is told, and the rest goes on', async (t) => {
  const ecr = await startReplicas(t);
  const lost = await ecr.push('lost', 'v1');
  const kept = await ecr.push('kept', 'v2');
  await ecr.blobs.delete('123456789012.us-east-1', lost);
  await ecr.replicateTo(europe);
  const id = await begin(ecr);
  for (let steps = 3; steps > 0; steps -= 1) await ecr.stepBackfills();
  const { status, progress, results } = await describe(ecr, id);
  assert.equal(status, 'COMPLETE');
  assert.deepEqual(progress?.failureCodes, ['LayersNotFoundException']);
  const failed = results?.filter((each) => each.status === 'FAILED');
  const failure = { status: 'FAILED', failureCode: 'LayersNotFoundException' };
  assert.deepEqual(failed, [{ repositoryName, imageId: { imageDigest: lost, imageTag: 'v1' }, ...failure }]);
  const filtered = { replicationBackfillId: id, resultStatusFilter: 'COMPLETE' as const };
  const { results: complete } = await ecr.call('DescribeReplicationBackfillResults', filtered);
  assert.deepEqual(
    complete?.map(({ imageId }) => imageId?.imageDigest),
    [kept],
  );
});

test('a backfill that is stopped copies no more', async (t) => {
  const ecr = await startReplicas(t);
  for (const tag of ['v1', 'v2']) await ecr.push(tag, tag);
  await ecr.replicateTo(europe);
  const id = await begin(ecr);
  await ecr.stepBackfills();
  await ecr.stepBackfills();
  const stop = () => ecr.call('StopReplicationBackfill', { replicationBackfillId: id });
  assert.equal((await stop()).status, 'STOPPING');
  await assert.rejects(stop(), { code: 'ReplicationBackfillInvalidStatusException', message: /STOPPING/ });
  await ecr.stepBackfills();
  const { status, results } = await describe(ecr, id);
  assert.deepEqual([status, results?.length], ['STOPPED', 1]);
  await assert.rejects(stop(), { code: 'ReplicationBackfillInvalidStatusException', message: /STOPPED/ });
});

test('backfills that cannot be begun are refused', async (t) => {
  const ecr = await startReplicas(t);
  await assert.rejects(begin(ecr), { code: 'InvalidParameterException', message: /has no rule with the destination/ });
  await ecr.replicateTo(europe, elsewhere);
  await begin(ecr);
  await assert.rejects(begin(ecr), { code: 'ReplicationBackfillInProgressException' });
  const other = { destination: { region: elsewhere.region, registryId: elsewhere.account } };
  await assert.rejects(ecr.call('StartReplicationBackfill', other), { code: 'ReplicationBackfillInProgressException' });
  await ecr.stepBackfills();
  assert.equal((await ecr.call('ListReplicationBackfills', {})).backfills?.[0]?.status, 'COMPLETE');
  await begin(ecr);
  const regions = Array.from({ length: 10 }, (_, at) => ({ ...home, region: `eu-north-${at + 1}` }));
  await ecr.replicateTo(...regions);
  const started = regions.map(({ region }) =>
    ecr.call('StartReplicationBackfill', { destination: { region, registryId: home.account } }),
  );
  const outcomes = await Promise.allSettled(started);
  assert.deepEqual(outcomes.map(({ status }) => status).filter((status) => status === 'rejected').length, 1);
  await assert.rejects(started.at(-1)!, { code: 'LimitExceededException' });
  const id = 'no-such-backfill';
  await assert.rejects(describe(ecr, id), { code: 'ReplicationBackfillNotFoundException' });
  await assert.rejects(ecr.call('ListReplicationBackfills', { maxResults: 51 }), { code: 'InvalidParameterException' });
});

test('half of a hundred failures end a backfill, fewer do not', () => {
  const now = new Date(0);
  const at = (completed: number, failed: number): BackfillStatus => ({
    state: 'IN_PROGRESS',
    progress: { total: 1000, completed, failed, failureCodes: [] },
  });
  assert.equal(afterItem(at(0, 98), 'X', now).state, 'IN_PROGRESS');
  assert.equal(afterItem(at(0, 99), 'X', now).state, 'FAILED');
  assert.equal(afterItem(at(50, 49), 'X', now).state, 'FAILED');
  assert.equal(afterItem(at(50, 49), undefined, now).state, 'IN_PROGRESS');
  assert.equal(afterItem(at(999, 0), undefined, now).state, 'COMPLETE');
});
