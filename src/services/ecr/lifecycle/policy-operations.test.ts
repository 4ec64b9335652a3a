// The operations on lifecycle policies and their previews, on the real store.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyText, repositoryName, digestOf, dayMs, startShelf } from './lifecycle.fixture.ts';

const lifecyclePolicyText = policyText({
  selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 },
});
const registryId = '123456789012';

test('a policy is put, got, replaced and deleted as it was written', async (t) => {
  const { call } = await startShelf(t);
  const head = { registryId, repositoryName };
  const missing = {
    code: 'LifecyclePolicyNotFoundException',
    message: `Lifecycle policy does not exist for the repository with name 'team/api' in the registry with id '123456789012'`,
  };
  await assert.rejects(() => call('GetLifecyclePolicy', { repositoryName }), missing);
  await assert.rejects(() => call('DeleteLifecyclePolicy', { repositoryName }), missing);
  await assert.rejects(() => call('StartLifecyclePolicyPreview', { repositoryName }), missing);
  const spaced = `  ${lifecyclePolicyText}\n`;
  assert.deepEqual(await call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: spaced }), {
    ...head,
    lifecyclePolicyText: spaced,
  });
  assert.deepEqual(await call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText }), {
    ...head,
    lifecyclePolicyText,
  });
  assert.deepEqual(await call('GetLifecyclePolicy', { repositoryName }), { ...head, lifecyclePolicyText });
  assert.deepEqual(await call('DeleteLifecyclePolicy', { repositoryName }), { ...head, lifecyclePolicyText });
  await assert.rejects(() => call('GetLifecyclePolicy', { repositoryName }), missing);
});

test('no policy is kept for a repository that is not there, and none that is malformed', async (t) => {
  const { call } = await startShelf(t);
  await assert.rejects(() => call('PutLifecyclePolicy', { repositoryName: 'other', lifecyclePolicyText }), {
    code: 'RepositoryNotFoundException',
  });
  await assert.rejects(
    () => call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: '{"rules": 7}'.padEnd(100) }),
    { code: 'InvalidParameterException', message: /Lifecycle policy validation failure: instance type \(integer\)/ },
  );
});

test('a preview tells what would go, page by page, and takes nothing', async (t) => {
  const { call, push, pass, step, left } = await startShelf(t);
  const asked = { repositoryName };
  await assert.rejects(() => call('GetLifecyclePolicyPreview', asked), {
    code: 'LifecyclePolicyPreviewNotFoundException',
  });
  for (const word of ['a', 'b', 'c']) {
    await push(word, word === 'b' ? {} : { tag: word });
    pass(dayMs);
  }
  const started = await call('StartLifecyclePolicyPreview', { repositoryName, lifecyclePolicyText });
  assert.deepEqual(started, { registryId, repositoryName, lifecyclePolicyText, status: 'IN_PROGRESS' });
  assert.deepEqual(await call('GetLifecyclePolicyPreview', asked), started);
  await assert.rejects(() => call('StartLifecyclePolicyPreview', { repositoryName, lifecyclePolicyText }), {
    code: 'LifecyclePolicyPreviewInProgressException',
  });
  await step('ecr/lifecycle-preview');
  const first = await call('GetLifecyclePolicyPreview', { ...asked, maxResults: 1 });
  assert.deepEqual(first, {
    registryId,
    repositoryName,
    lifecyclePolicyText,
    status: 'COMPLETE',
    nextToken: first.nextToken,
    previewResults: [
      {
        imageTags: ['a'],
        imageDigest: digestOf('a'),
        imagePushedAt: new Date('2026-01-01T00:00:00Z'),
        action: { type: 'EXPIRE' },
        appliedRulePriority: 1,
        storageClass: 'STANDARD',
      },
    ],
    summary: { expiringImageTotalCount: 2 },
  });
  const second = await call('GetLifecyclePolicyPreview', { ...asked, maxResults: 1, nextToken: first.nextToken });
  assert.deepEqual(
    second.previewResults?.map(({ imageDigest }) => imageDigest),
    [digestOf('b')],
  );
  assert.equal(second.nextToken, undefined);
  assert.equal(await left('a', 'b', 'c'), 'a b c');
  await call('StartLifecyclePolicyPreview', { repositoryName, lifecyclePolicyText });
});

test('a preview is narrowed by ids and by whether images have tags', async (t) => {
  const { call, push, step } = await startShelf(t);
  for (const word of ['a', 'b', 'c', 'd']) await push(word, word === 'b' ? {} : { tag: word });
  await call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText });
  await call('StartLifecyclePolicyPreview', { repositoryName });
  await step('ecr/lifecycle-preview');
  const found = async (asked: object) => {
    const { previewResults = [] } = await call('GetLifecyclePolicyPreview', { repositoryName, ...asked });
    return new Set(previewResults.map(({ imageDigest }) => imageDigest));
  };
  const all = await found({});
  assert.equal(all.size, 3);
  const untagged = await found({ filter: { tagStatus: 'UNTAGGED' } });
  const tagged = await found({ filter: { tagStatus: 'TAGGED' } });
  assert.deepEqual(untagged.union(tagged), all);
  assert.ok(untagged.isSubsetOf(new Set([digestOf('b')])));
  const [one] = [...tagged];
  assert.deepEqual(await found({ imageIds: [{ imageDigest: one }] }), new Set([one]));
  assert.deepEqual(await found({ imageIds: [{ imageTag: 'nothing' }, {}] }), new Set());
  await assert.rejects(() => found({ imageIds: [{ imageDigest: one }], maxResults: 5 }), {
    code: 'InvalidParameterException',
  });
  await assert.rejects(() => found({ maxResults: 101 }), { message: /less than or equal to 100/ });
});

test('a preview counts what would be archived', async (t) => {
  const { call, push, pass, step } = await startShelf(t);
  await push('a', { tag: 'a' });
  pass(31 * dayMs);
  const selection = { tagStatus: 'any', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 };
  const archiving = policyText({ selection, action: { type: 'transition', targetStorageClass: 'archive' } });
  await call('StartLifecyclePolicyPreview', { repositoryName, lifecyclePolicyText: archiving });
  await step('ecr/lifecycle-preview');
  const { previewResults, summary } = await call('GetLifecyclePolicyPreview', { repositoryName });
  assert.deepEqual(previewResults?.[0]?.action, { type: 'TRANSITION', targetStorageClass: 'ARCHIVE' });
  assert.deepEqual(summary, {
    expiringImageTotalCount: 0,
    transitioningImageTotalCounts: [{ targetStorageClass: 'ARCHIVE', imageTotalCount: 1 }],
  });
});

test('policies and previews go with their repository', async (t) => {
  const { call } = await startShelf(t);
  await call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText });
  await call('StartLifecyclePolicyPreview', { repositoryName });
  await call('DeleteRepository', { repositoryName });
  await call('CreateRepository', { repositoryName });
  await assert.rejects(() => call('GetLifecyclePolicy', { repositoryName }), {
    code: 'LifecyclePolicyNotFoundException',
  });
  await assert.rejects(() => call('GetLifecyclePolicyPreview', { repositoryName }), {
    code: 'LifecyclePolicyPreviewNotFoundException',
  });
});
