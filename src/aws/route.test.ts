// Tests of routing: the protocol, model and operation of requests as real clients send them, and of those that mean nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dialectOf, route } from './route.ts';
import type { WireRequest } from './wire.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const json = (target: string): Record<string, string> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': target,
});

function request(headers: Record<string, string>, body = '', rest: Partial<WireRequest> = {}): WireRequest {
  return { method: 'POST', path: '/', query: '', headers, body: Buffer.from(body), ...rest };
}

const known: [string, WireRequest, string | undefined, string][] = [
  ['a target', request(json('AmazonEC2ContainerServiceV20141113.ListClusters'), '{}'), 'ecs', 'json ecs ListClusters'],
  [
    'a target of JSON 1.0',
    request({ ...json('GraniteServiceVersion20100801.ListMetrics'), 'content-type': 'application/x-amz-json-1.0' }),
    'monitoring',
    'json monitoring ListMetrics',
  ],
  [
    'a CBOR path',
    request({ 'smithy-protocol': 'rpc-v2-cbor' }, '', {
      path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
    }),
    'monitoring',
    'cbor monitoring ListMetrics',
  ],
  ['a form', request(form, 'Action=ListMetrics&Version=2010-08-01'), 'monitoring', 'query monitoring ListMetrics'],
  ['a form of EC2', request(form, 'Action=DescribeVpcs&Version=2016-11-15'), 'ec2', 'ec2Query ec2 DescribeVpcs'],
  [
    'a query string',
    request({}, '', { method: 'GET', query: 'Action=ListUsers&Version=2010-05-08' }),
    'iam',
    'query iam ListUsers',
  ],
  [
    'an unsigned form',
    request(form, 'Action=AssumeRoleWithWebIdentity&Version=2011-06-15'),
    undefined,
    'query sts AssumeRoleWithWebIdentity',
  ],
  [
    'S3 despite its content type',
    request(json('x.y'), '', { method: 'PUT', path: '/b/k' }),
    's3',
    'restXml s3 PutObject',
  ],
  ['no signature at all', request({}, '', { method: 'GET', path: '/b/k' }), undefined, 'restXml s3 GetObject'],
];

for (const [what, sent, signed, expected] of known) {
  test(`${what} is routed to ${expected}`, async () => {
    const found = await route(sent, signed);
    assert.equal(`${found.protocol} ${found.model} ${found.operation}`, expected);
  });
}

test('a compressed form is routed by what it holds', async () => {
  const sent = {
    ...request({ ...form, 'content-encoding': 'gzip' }),
    body: gzipSync('Action=PutMetricData&Version=2010-08-01'),
  };
  assert.equal((await route(sent, 'monitoring')).operation, 'PutMetricData');
  const broken = { ...sent, body: Buffer.from('no gzip') };
  await assert.rejects(route(broken, 'monitoring'), { name: 'AwsError', code: 'SerializationException' });
});

const s3: [string, string, string, Record<string, string>, string][] = [
  ['GET', '/', '', {}, 'ListBuckets'],
  ['PUT', '/b', '', {}, 'CreateBucket'],
  ['PUT', '/b/', '', {}, 'CreateBucket'],
  ['HEAD', '/b', '', {}, 'HeadBucket'],
  ['GET', '/b', '', {}, 'ListObjects'],
  ['GET', '/b', 'list-type=2&prefix=x', {}, 'ListObjectsV2'],
  ['GET', '/b', 'location', {}, 'GetBucketLocation'],
  ['GET', '/b', 'analytics', {}, 'ListBucketAnalyticsConfigurations'],
  ['GET', '/b', 'analytics&id=1', {}, 'GetBucketAnalyticsConfiguration'],
  ['POST', '/b', 'delete', {}, 'DeleteObjects'],
  ['PUT', '/b/k', '', { 'x-amz-copy-source': 'a/b' }, 'CopyObject'],
  ['PUT', '/b/k', 'partNumber=1&uploadId=u', {}, 'UploadPart'],
  ['PUT', '/b/k', 'partNumber=1&uploadId=u', { 'x-amz-copy-source': 'a/b' }, 'UploadPartCopy'],
  ['POST', '/b/k', 'uploads', {}, 'CreateMultipartUpload'],
  ['POST', '/b/k', 'uploadId=u', {}, 'CompleteMultipartUpload'],
  ['DELETE', '/b/k', 'uploadId=u', {}, 'AbortMultipartUpload'],
  ['DELETE', '/b/k', 'versionId=u', {}, 'DeleteObject'],
  ['GET', '/b/k', 'uploadId=u', {}, 'ListParts'],
  ['GET', '/b/k', 'attributes', {}, 'GetObjectAttributes'],
  ['GET', '/b/k', 'X-Amz-Signature=x&x-id=GetObject', {}, 'GetObject'],
];

for (const [method, path, query, headers, operation] of s3) {
  test(`S3: ${method} ${path}?${query} ${Object.keys(headers).join()} is ${operation}`, async () => {
    assert.equal((await route(request(headers, '', { method, path, query }), 's3')).operation, operation);
  });
}

test('a key keeps its slashes, spaces and plus signs', async () => {
  const found = await route(request({}, '', { method: 'GET', path: '/b/a//b%20c+d/%E6%97%A5/' }), 's3');
  assert.deepEqual(found.labels, { Bucket: 'b', Key: 'a//b c+d/日/' });
});

const unknown: [string, WireRequest, string | undefined, string, RegExp, number][] = [
  [
    'a target of no operation',
    request(json('AmazonEC2ContainerServiceV20141113.Explode')),
    'ecs',
    'UnknownOperationException',
    /Explode/,
    400,
  ],
  [
    'a target of no service',
    request(json('AmazonSQS.CreateQueue')),
    'sqs',
    'UnknownOperationException',
    /support the service sqs \(CreateQueue\)/,
    400,
  ],
  [
    'a JSON body without a target',
    request({ 'content-type': 'application/x-amz-json-1.1' }),
    'ecs',
    'UnknownOperationException',
    /Unknown operation/,
    400,
  ],
  [
    'a path of restJson',
    request({ 'content-type': 'application/json' }, '', { path: '/functions' }),
    'lambda',
    'UnknownOperationException',
    /support the service lambda\. docs/,
    400,
  ],
  [
    'a target of a service that speaks query',
    request(json('IAM.ListUsers')),
    'iam',
    'UnknownOperationException',
    /ListUsers/,
    400,
  ],
  [
    'CBOR of no operation',
    request({ 'smithy-protocol': 'rpc-v2-cbor' }, '', {
      path: '/service/GraniteServiceVersion20100801/operation/Explode',
    }),
    'monitoring',
    'UnknownOperationException',
    /Explode/,
    404,
  ],
  [
    'an action of no operation',
    request(form, 'Action=Explode&Version=2010-05-08'),
    'iam',
    'InvalidAction',
    /Could not find operation Explode for version 2010-05-08/,
    400,
  ],
  [
    'an action of another API version',
    request(form, 'Action=DescribeLoadBalancers&Version=2012-06-01'),
    'elasticloadbalancing',
    'InvalidAction',
    /for version 2012-06-01/,
    400,
  ],
  [
    'an action of EC2',
    request(form, 'Action=Explode&Version=2016-11-15'),
    'ec2',
    'InvalidAction',
    /The action Explode is not valid for this web service\./,
    400,
  ],
  [
    'an action of no service',
    request(form, 'Action=X&Version=1999-01-01'),
    undefined,
    'InvalidAction',
    /Could not find operation X/,
    400,
  ],
  ['a form without an action', request(form, 'Version=2010-05-08'), 'iam', 'MissingAction', /missing an action/, 400],
  ['a form without a version', request(form, 'Action=ListUsers'), 'iam', 'MissingParameter', /Version/, 400],
  ['a form that is malformed', request(form, 'Action=%zz'), 'iam', 'MalformedQueryString', /syntax/, 404],
  [
    'an S3 path that is malformed',
    request({}, '', { method: 'GET', path: '/b/%zz' }),
    's3',
    'InvalidURI',
    /parse/,
    400,
  ],
  [
    'an S3 method that there is not',
    request({}, '', { method: 'PATCH', path: '/b/k' }),
    's3',
    'MethodNotAllowed',
    /not allowed/,
    405,
  ],
];

for (const [what, sent, signed, code, message, status] of unknown) {
  test(`${what} is refused with ${code}`, async () => {
    await assert.rejects(route(sent, signed), { name: 'AwsError', code, message, status });
  });
}

test('the dialect of what cannot be routed is that of the client', () => {
  const spoken = (sent: WireRequest, signed?: string): string => {
    const { protocol, jsonVersion, model } = dialectOf(sent, signed);
    return `${protocol} ${jsonVersion} ${model}`;
  };
  assert.equal(
    spoken(
      request({ ...json('DynamoDB_20120810.ListTables'), 'content-type': 'application/x-amz-json-1.0' }),
      'dynamodb',
    ),
    'json 1.0 undefined',
  );
  assert.equal(spoken(request(form, 'Action=X&Version=2010-03-31'), 'sns'), 'query undefined undefined');
  assert.equal(spoken(request(form, 'Action=%zz')), 'query undefined undefined');
  assert.equal(spoken(request({}, '', { path: '/schedules' }), 'scheduler'), 'json undefined undefined');
  assert.equal(spoken(request({}, '', { method: 'GET', path: '/b' })), 'restXml undefined s3');
});
