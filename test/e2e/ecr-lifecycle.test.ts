// Lifecycle policies and the archive as their users meet them: the real aws CLI and docker client.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  DescribeImagesResponse,
  GetLifecyclePolicyPreviewResponse,
  GetLifecyclePolicyResponse,
  UpdateImageStorageClassResponse,
} from '@aws-sdk/client-ecr';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';

const repositoryName = 'team/api';
const repository = ['--repository-name', repositoryName];

let berth: Berth;

before(async () => {
  berth = await Berth.start();
  await berth.aws('ecr', 'create-repository', ...repository);
  await berth.login();
  // https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html, "Filtering on multiple rules"
  await pushImage('A', 'beta-1', 'prod-1');
  await pushImage('B', 'beta-2', 'prod-2');
  await pushImage('C', 'beta-3');
});

after(async () => {
  await berth.remove();
});

function referenceOf(tag: string): string {
  return `${berth.registry}/${repositoryName}:${tag}`;
}

/** Builds an image of one small file and pushes it under each tag. */
async function pushImage(word: string, ...tags: readonly string[]): Promise<void> {
  const folder = join(berth.data, `image-${word}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'word'), word);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY word /word\nCMD ["/word"]\n');
  for (const tag of tags) {
    await docker('build', '-q', '-t', referenceOf(tag), folder);
    await docker('push', '-q', referenceOf(tag));
  }
}

async function docker(...args: readonly string[]): Promise<void> {
  // The classic builder: BuildKit wants a plug-in that Debian does not have.
  const { code, stderr } = await berth.command('env', 'DOCKER_BUILDKIT=0', 'docker', ...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
}

function rule(rulePriority: number, pattern: string) {
  const selection = { tagStatus: 'tagged', tagPatternList: [pattern], countType: 'imageCountMoreThan', countNumber: 1 };
  return { rulePriority, description: `Rule ${rulePriority}`, selection, action: { type: 'expire' } };
}

/** Example A of the user guide: A is expired; B would be by the second rule, but the first one selects it. */
const exampleA = JSON.stringify({ rules: [rule(1, 'prod*'), rule(2, 'beta*')] });

async function tagsLeft(): Promise<string[]> {
  const { imageDetails = [] } = await berth.aws<DescribeImagesResponse>('ecr', 'describe-images', ...repository);
  return imageDetails.flatMap(({ imageTags = [] }) => imageTags).toSorted();
}

test('a malformed policy is refused in the words of AWS', async () => {
  const text = JSON.stringify({ rules: [{ ...rule(1, 'prod*'), action: { type: 'forget' } }] });
  const refused = await berth.command(
    'aws',
    'ecr',
    'put-lifecycle-policy',
    ...repository,
    '--lifecycle-policy-text',
    text,
  );
  assert.notEqual(refused.code, 0);
  assert.match(
    refused.stderr,
    /\(InvalidParameterException\).*Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: instance value \("forget"\) not found in enum \(possible values: \["expire","transition"\]\)'/,
  );
});

test('a preview tells what would expire, and takes nothing', async () => {
  const text = ['--lifecycle-policy-text', exampleA];
  await berth.aws('ecr', 'start-lifecycle-policy-preview', ...repository, ...text);
  await berth.aws('ecr', 'wait', 'lifecycle-policy-preview-complete', ...repository);
  const preview = await berth.aws<GetLifecyclePolicyPreviewResponse>(
    'ecr',
    'get-lifecycle-policy-preview',
    ...repository,
  );
  assert.deepEqual(
    preview.previewResults?.map(({ imageTags, appliedRulePriority, action }) => [
      imageTags,
      appliedRulePriority,
      action,
    ]),
    [[['beta-1', 'prod-1'], 1, { type: 'EXPIRE' }]],
  );
  assert.deepEqual(preview.summary, { expiringImageTotalCount: 1 });
  assert.deepEqual(await tagsLeft(), ['beta-1', 'beta-2', 'beta-3', 'prod-1', 'prod-2']);
});

test('the images that a policy means expire, now and after a later push', async () => {
  await berth.aws('ecr', 'put-lifecycle-policy', ...repository, '--lifecycle-policy-text', exampleA);
  await until('A to expire', async () => !(await tagsLeft()).includes('prod-1'));
  assert.deepEqual(await tagsLeft(), ['beta-2', 'beta-3', 'prod-2']);
  await assert.rejects(() => docker('pull', referenceOf('prod-1')), /manifest.*(unknown|not found)/i);
  await pushImage('D', 'prod-4');
  await until('B to expire', async () => !(await tagsLeft()).includes('prod-2'));
  assert.deepEqual(await tagsLeft(), ['beta-3', 'prod-4']);
  const policy = await berth.aws<GetLifecyclePolicyResponse>('ecr', 'get-lifecycle-policy', ...repository);
  assert.equal(policy.lifecyclePolicyText, exampleA);
  assert.ok(policy.lastEvaluatedAt !== undefined);
});

test('an archived image cannot be pulled until it is restored or pushed again', async () => {
  const move = async (targetStorageClass: string) => {
    const { imageStatus } = await berth.aws<UpdateImageStorageClassResponse>(
      ...['ecr', 'update-image-storage-class', ...repository, '--image-id', 'imageTag=beta-3'],
      ...['--target-storage-class', targetStorageClass],
    );
    return imageStatus;
  };
  const pull = () => docker('pull', '-q', referenceOf('beta-3'));
  await pull();
  assert.equal(await move('ARCHIVE'), 'ARCHIVED');
  await assert.rejects(pull, /manifest.*(unknown|not found)/i);
  assert.deepEqual(await tagsLeft(), ['prod-4']);
  const archived = ['--filter', 'imageStatus=ARCHIVED'];
  const { imageDetails } = await berth.aws<DescribeImagesResponse>(
    'ecr',
    'describe-images',
    ...repository,
    ...archived,
  );
  assert.deepEqual(
    imageDetails?.map(({ imageTags }) => imageTags),
    [['beta-3']],
  );
  assert.equal(await move('STANDARD'), 'ACTIVE');
  await pull();
  await move('ARCHIVE');
  await docker('push', '-q', referenceOf('beta-3'));
  await pull();
  assert.deepEqual(await tagsLeft(), ['beta-3', 'prod-4']);
});
