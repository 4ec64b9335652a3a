// Pulls and their failures, in AWS's words; digests and their references.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEngine, type FakeFault } from '#drivers/fake-engine.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import { AwsError } from '#kernel/error.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { digestOf, Images, TaskFailure, type RegistryLogin } from './images.ts';
import { containerOf } from './node.fixture.ts';
import { cannotPull } from './reasons.ts';

const failures: readonly [string, RuntimeError, number, string][] = [
  ['an image that is not there', new RuntimeError('not-found', 'manifest unknown'), 1, 'r/a:1: not found'],
  [
    'a registry that refuses',
    new RuntimeError(
      'denied',
      "pull access denied for r/a, repository does not exist or may require 'docker login': denied: no",
    ),
    1,
    'pull access denied, repository does not exist or may require authorization: server message: denied: no',
  ],
  ['a registry that is away', new RuntimeError('failed', 'dial tcp: i/o timeout'), 5, 'dial tcp: i/o timeout'],
];

for (const [name, thrown, tries, words] of failures) {
  test(`the reason names ${name}`, () => {
    const reason = cannotPull('r/a:1', thrown, tries);
    const head = `CannotPullContainerError: pull image manifest has been retried ${tries} time(s): failed to resolve ref r/a:1: `;
    assert.equal(reason, head + words);
  });
}

const digests: readonly [string, readonly string[], string | undefined][] = [
  ['localhost:4566/app:v1', ['localhost:4566/app@sha256:1'], 'sha256:1'],
  ['localhost:4566/app', ['other/app@sha256:2', 'localhost:4566/app@sha256:1'], 'sha256:1'],
  ['docker.io/library/python:3', ['python@sha256:3'], 'sha256:3'],
  ['app@sha256:4', ['app@sha256:4'], 'sha256:4'],
  ['made-here:1', [], undefined],
];

for (const [reference, repoDigests, digest] of digests) {
  test(`the digest of ${reference} is ${digest}`, () => {
    assert.equal(digestOf({ id: 'sha256:0', repoDigests, size: 1 }, reference), digest);
  });
}

const pinned = `app@sha256:${'1'.repeat(64)}`;
const refused: FakeFault = { call: 'pull', fails: { reason: 'unavailable', message: 'dial tcp: connection refused' } };
const ecr = { type: 'ecr' as const, ecrAuthData: ecrAuthDataOf('123456789012') };

function ecrAuthDataOf(registryId: string) {
  const endpoint = { endpointOverride: 'localhost:4566', useExecutionRole: false };
  return { registryId, region: 'us-east-1', repositoryName: 'app', account: registryId, ...endpoint };
}

/** Images of an engine that has `references`, with the logins that were asked for. */
function imagesOn(
  references: readonly string[],
  login: RegistryLogin = async () => ({ username: 'AWS', password: '' }),
) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const engine = new FakeEngine({ clock, random });
  for (const reference of references) engine.have(reference, { program: {} });
  const runtime = new FakeRuntime(engine);
  const images = new Images({ runtime, registryLogin: login, clock, random, log: silentLog });
  const { signal } = new AbortController();
  return {
    engine,
    clock,
    pull: (image: string, parts = {}) => images.pull(containerOf('app', { image, ...parts }), signal),
  };
}

test('what the engine has under a digest is not pulled', async () => {
  const { engine, pull } = imagesOn([pinned]);
  engine.inject({ call: 'pull', fails: { reason: 'failed', message: 'pulled' } });
  assert.deepEqual(await pull(pinned, { registryAuthentication: ecr }), engine.image(pinned));
});

test('what the engine has is not for those who may not pull it', async () => {
  const { pull } = imagesOn([pinned], () => Promise.reject(new Error('not yours')));
  await assert.rejects(pull(pinned, { registryAuthentication: ecr }), /not yours/);
});

test('an image that is not there is called as its task calls it', async () => {
  const { pull } = imagesOn([]);
  const imageInTask = '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1';
  await assert.rejects(pull('localhost:4566/app:v1', { imageInTask }), {
    message: cannotPull(imageInTask, new RuntimeError('not-found', 'no such image'), 1),
  });
});

test('what the engine has under a tag is pulled anew', async () => {
  const { engine, pull } = imagesOn(['app:1']);
  engine.publish('app:1', { program: {}, size: 77 });
  assert.equal((await pull('app:1')).size, 77);
});

test('where the registry of a tag is away, what the engine has is used', async () => {
  const { engine, pull } = imagesOn(['app:1']);
  engine.inject(refused);
  assert.deepEqual(await pull('app:1'), engine.image('app:1'));
});

test('what the engine has is no way around a registry that asks who pulls', async () => {
  const { engine, clock, pull } = imagesOn(['app:1']);
  engine.inject(refused);
  const refusal = assert.rejects(pull('app:1', { registryAuthentication: ecr }), TaskFailure);
  await clock.advance(60_000);
  await refusal;
});

test('what the registry’s policies refuse before a pull is told as a pull that was denied', async () => {
  const refusal = new AwsError('AccessDeniedException', 'User: a is not authorized to perform: ecr:BatchGetImage');
  const { pull } = imagesOn([pinned], () => Promise.reject(refusal));
  await assert.rejects(pull(pinned, { registryAuthentication: ecr, imageInTask: 'mine' }), {
    name: 'TaskFailure',
    message:
      'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref mine: ' +
      'pull access denied, repository does not exist or may require authorization: server message: ' +
      'User: a is not authorized to perform: ecr:BatchGetImage',
  });
});
