// Names of cached repositories and what they stand for upstream, as AWS's page on prefixes has them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, elsewhere, home } from '#services/ecr/fixture.ts';
import { upstreamOf } from './match-rule.ts';

test('a name stands for the upstream repository that its longest prefix leads to', async () => {
  const { call, store } = await createFixture({ blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }) });
  const of = (repositoryName: string, scope = home) =>
    store.read((reader) => upstreamOf(reader, { scope, repositoryName }));
  assert.equal(of('anything'), undefined);
  for (const [ecrRepositoryPrefix, upstreamRegistryUrl, upstreamRepositoryPrefix] of [
    ['docker-hub', 'registry-1.docker.io', undefined],
    ['docker-hub/own', 'localhost:5000', undefined],
    ['team-a', 'quay.io', 'team-a'],
    ['my-app/', 'ghcr.io', 'upstream-app/'],
  ] as const) {
    await call('CreatePullThroughCacheRule', { ecrRepositoryPrefix, upstreamRegistryUrl, upstreamRepositoryPrefix });
  }
  for (const [name, registry, repository] of [
    ['docker-hub/library/busybox', 'registry-1.docker.io', 'library/busybox'],
    ['docker-hub/own/x', 'localhost:5000', 'x'],
    ['team-a/myapp/image1', 'quay.io', 'team-a/myapp/image1'],
    ['my-app/image1', 'ghcr.io', 'upstream-app/image1'],
  ] as const) {
    assert.deepEqual(of(name), { registry, repository }, name);
  }
  for (const name of ['docker-hub', 'docker-hubs/x', 'other/docker-hub/x', 'docker-hub/../etc', 'docker-hub/X']) {
    assert.equal(of(name), undefined, name);
  }
  assert.equal(of('docker-hub/library/busybox', elsewhere), undefined);
  await call('CreatePullThroughCacheRule', { ecrRepositoryPrefix: 'ROOT', upstreamRegistryUrl: 'cgr.dev' });
  assert.deepEqual(of('other/x'), { registry: 'cgr.dev', repository: 'other/x' });
  assert.deepEqual(of('docker-hub/own/x'), { registry: 'localhost:5000', repository: 'x' });
});
