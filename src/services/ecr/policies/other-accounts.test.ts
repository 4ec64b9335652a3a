// No operation may be called about another account's registry unless a policy says so: each one, also those yet to come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel } from '#aws/codec.ts';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, elsewhere, home } from '#services/ecr/fixture.ts';

const guest = { account: elsewhere.account, region: home.region };

test('every operation that names a registry refuses another account’s', async (t) => {
  const { call, ecr } = await createFixture({
    blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }),
  });
  await call('CreateRepository', { repositoryName: 'app' });
  const { operations } = await loadModel('ecr');
  const named = [...ecr.service.operations.keys()].filter((name) => {
    const { input } = operations.get(name)!;
    const isNamed = (member: string) =>
      input.kind === 'structure' && input.members.some(({ name: own }) => own === member);
    // PutReplicationConfiguration and its like are about one's own registry, and name none.
    return isNamed('registryId') || isNamed('resourceArn');
  });
  assert.ok(named.length > 15);
  for (const name of named) {
    await t.test(name, async () => {
      const resourceArn = `arn:aws:ecr:${home.region}:${home.account}:repository/app`;
      const input = {
        registryId: home.account,
        resourceArn,
        repositoryName: 'app',
        imageIds: [{ imageTag: 'v1' }],
        imageId: { imageTag: 'v1' },
        imageDigest: `sha256:${'0'.repeat(64)}`,
        layerDigest: `sha256:${'0'.repeat(64)}`,
        layerDigests: [`sha256:${'0'.repeat(64)}`],
        ecrRepositoryPrefix: 'app',
        upstreamRegistryUrl: 'public.ecr.aws',
        tags: [],
        tagKeys: [],
      };
      const { input: shape } = operations.get(name)!;
      const known = new Set(shape.kind === 'structure' ? shape.members.map((member) => member.name) : []);
      const given = Object.fromEntries(Object.entries(input).filter(([member]) => known.has(member)));
      await assert.rejects(call(name as 'DescribeImages', given as never, guest), { code: 'AccessDeniedException' });
      // An empty list is no way around the question either.
      const members = shape.kind === 'structure' ? shape.members : [];
      const lists = members.filter(({ shape: of }) => of.kind === 'list').map((member) => [member.name, []] as const);
      const emptied = { ...given, ...Object.fromEntries(lists) };
      await assert.rejects(call(name as 'DescribeImages', emptied as never, guest), { code: 'AccessDeniedException' });
    });
  }
});
