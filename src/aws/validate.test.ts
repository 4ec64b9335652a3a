// Tests of validation: who misses what, in the words of each service.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel, type Route } from './codec.ts';
import { catalog, type ModelName } from './models.ts';
import { validate } from './validate.ts';

async function routeOf(model: ModelName, operation: string): Promise<Route> {
  const operationModel = (await loadModel(model)).operations.get(operation)!;
  const { protocols, jsonVersion } = catalog[model];
  return { model, operation, operationModel, protocol: protocols[0]!, jsonVersion, head: false, labels: {} };
}

const refused: [ModelName, string, object, string, string][] = [
  [
    'ecr',
    'CreateRepository',
    {},
    'InvalidParameterException',
    "1 validation error detected: Value null at 'repositoryName' failed to satisfy constraint: Member must not be null",
  ],
  [
    'ecr',
    'CreateRepository',
    { tags: [{ Key: 'a', Value: 'b' }, {}] },
    'InvalidParameterException',
    "3 validation errors detected: Value null at 'repositoryName' failed to satisfy constraint: Member must not be null; Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null; Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null",
  ],
  [
    'logs',
    'PutLogEvents',
    { logGroupName: 'g', logStreamName: 's', logEvents: [null] },
    'InvalidParameterException',
    "1 validation error detected: Value null at 'logEvents.1.member' failed to satisfy constraint: Member must not be null",
  ],
  [
    'iam',
    'CreateUser',
    {},
    'ValidationError',
    "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
  ],
  [
    'ssm',
    'GetParameter',
    {},
    'ValidationException',
    "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
  ],
  ['ecs', 'RunTask', {}, 'InvalidParameterException', 'TaskDefinition can not be blank.'],
  ['ecs', 'DescribeServices', {}, 'InvalidParameterException', 'Services can not be empty.'],
  ['monitoring', 'PutMetricAlarm', {}, 'MissingParameter', 'The parameter AlarmName is required.'],
  ['ec2', 'CreateSubnet', {}, 'MissingParameter', 'The request must contain the parameter VpcId'],
  [
    's3',
    'CopyObject',
    { Bucket: 'b', Key: 'k' },
    'InvalidRequest',
    'Missing required header for this request: x-amz-copy-source',
  ],
  ['s3', 'DeleteObjects', { Bucket: 'b' }, 'MissingRequestBodyError', 'Request Body is empty'],
];

for (const [model, operation, input, code, message] of refused) {
  test(`${model} refuses ${operation} of ${JSON.stringify(input)} with ${code}`, async () => {
    const route = await routeOf(model, operation);
    assert.throws(() => validate(route, input), { name: 'AwsError', code, message, status: 400 });
  });
}

test('complete inputs pass', async () => {
  validate(await routeOf('ecr', 'CreateRepository'), { repositoryName: 'r', tags: [{ Key: 'a', Value: 'b' }] });
  validate(await routeOf('ecs', 'RunTask'), { taskDefinition: 'x', overrides: {} });
  validate(await routeOf('ecs', 'ListClusters'), {});
});

test('a great many faults make a message of bounded length', async () => {
  const route = await routeOf('ecr', 'CreateRepository');
  const input = { repositoryName: 'r', tags: Array.from({ length: 100_000 }, () => null) };
  assert.throws(
    () => validate(route, input),
    (error: Error) => error.message.length < 5000,
  );
});
