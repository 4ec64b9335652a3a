// Task definitions, as a client sees them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, home, plainDefinition, type Fixture } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
});
after(() => fixture.end());

const register = (family: string) => fixture.call('RegisterTaskDefinition', { ...plainDefinition, family });
const names = (arns: readonly string[] | undefined) => arns?.map((arn) => arn.split('/')[1]);

test('a definition is registered and described by family, revision and ARN', async () => {
  const tags = [{ key: 'team', value: 'blue' }];
  const registered = await fixture.call('RegisterTaskDefinition', { ...plainDefinition, tags });
  const { taskDefinition } = registered;
  assert.deepEqual(registered.tags, tags);
  assert.deepEqual(
    { ...taskDefinition, containerDefinitions: taskDefinition?.containerDefinitions?.length, requiresAttributes: [] },
    {
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:123456789012:task-definition/flask-api:1',
      containerDefinitions: 1,
      family: 'flask-api',
      revision: 1,
      volumes: [],
      status: 'ACTIVE',
      requiresAttributes: [],
      placementConstraints: [],
      compatibilities: ['EC2', 'FARGATE'],
      networkMode: 'awsvpc',
      runtimePlatform: undefined,
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      ephemeralStorage: undefined,
      registeredAt: fixture.clock.now(),
      registeredBy: 'arn:aws:iam::123456789012:root',
      deregisteredAt: undefined,
    },
  );
  for (const name of ['flask-api', 'flask-api:1', taskDefinition!.taskDefinitionArn!]) {
    const described = await fixture.call('DescribeTaskDefinition', { taskDefinition: name });
    assert.deepEqual(described, { taskDefinition });
  }
  const withTags = await fixture.call('DescribeTaskDefinition', { taskDefinition: 'flask-api', include: ['TAGS'] });
  assert.deepEqual(withTags.tags, tags);
});

test('what does not exist cannot be described', async () => {
  const message = 'Unable to describe task definition.';
  const elsewhere = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/flask-api:1';
  for (const taskDefinition of ['absent', 'flask-api:99', 'a:b:c', elsewhere]) {
    await assert.rejects(fixture.call('DescribeTaskDefinition', { taskDefinition }), {
      code: 'ClientException',
      message,
    });
  }
  await assert.rejects(fixture.call('DescribeTaskDefinition', { taskDefinition: 'flask-api:one' }), {
    code: 'InvalidParameterException',
    message: 'Invalid revision number. Number: one',
  });
});

test('a deregistered revision stays, is no longer the latest, and its number is not given again', async () => {
  await register('web');
  await register('web');
  const { taskDefinition } = await fixture.call('DeregisterTaskDefinition', { taskDefinition: 'web:2' });
  assert.deepEqual([taskDefinition?.status, taskDefinition?.deregisteredAt], ['INACTIVE', fixture.clock.now()]);
  assert.equal((await fixture.call('DescribeTaskDefinition', { taskDefinition: 'web' })).taskDefinition?.revision, 1);
  assert.equal(
    (await fixture.call('DescribeTaskDefinition', { taskDefinition: 'web:2' })).taskDefinition?.status,
    'INACTIVE',
  );
  assert.equal((await register('web')).taskDefinition?.revision, 3);
  await assert.rejects(fixture.call('DeregisterTaskDefinition', { taskDefinition: 'web' }), {
    message: 'Revision is missing.',
  });
});

test('definitions are listed by family, status and order, in pages', async () => {
  const scope = { ...home, region: 'us-west-2' };
  const inScope = (family: string) => fixture.call('RegisterTaskDefinition', { ...plainDefinition, family }, scope);
  for (let n = 0; n < 11; n += 1) await inScope('a');
  await inScope('a-b');
  await fixture.call('DeregisterTaskDefinition', { taskDefinition: 'a:1' }, scope);
  const list = (input: object) => fixture.call('ListTaskDefinitions', input, scope);
  assert.deepEqual(names((await list({ familyPrefix: 'a', maxResults: 3 })).taskDefinitionArns), ['a:2', 'a:3', 'a:4']);
  assert.deepEqual(names((await list({ status: 'INACTIVE' })).taskDefinitionArns), ['a:1']);
  const seen: (string | undefined)[] = [];
  for (let nextToken: string | undefined, page = 0; page === 0 || nextToken; page += 1) {
    const answer = await list({ sort: 'DESC', maxResults: 4, nextToken });
    seen.push(...(names(answer.taskDefinitionArns) ?? []));
    nextToken = answer.nextToken;
  }
  const ascending = names((await list({})).taskDefinitionArns)!;
  assert.deepEqual(seen, ascending.toReversed());
  assert.equal(seen.length, 11);
});

test('families are listed by prefix and by whether any revision is ACTIVE', async () => {
  const scope = { ...home, region: 'eu-west-1' };
  for (const family of ['api', 'api-admin', 'batch']) {
    await fixture.call('RegisterTaskDefinition', { ...plainDefinition, family }, scope);
  }
  await fixture.call('DeregisterTaskDefinition', { taskDefinition: 'api:1' }, scope);
  const list = async (input: object) => (await fixture.call('ListTaskDefinitionFamilies', input, scope)).families;
  assert.deepEqual(await list({}), ['api', 'api-admin', 'batch']);
  assert.deepEqual(await list({ familyPrefix: 'api', status: 'ACTIVE' }), ['api-admin']);
  assert.deepEqual(await list({ status: 'INACTIVE' }), ['api']);
});

test('revisions count on without a gap, however many there are', async () => {
  for (let revision = 1; revision <= 70; revision++) {
    const { taskDefinition } = await register('counted');
    assert.equal(taskDefinition?.revision, revision);
  }
});
