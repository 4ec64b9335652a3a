// Tests of errors on the wire: one body for each protocol, byte for byte.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { cbor } from '@smithy/core/cbor';
import { AwsError } from '#kernel/error.ts';
import { loadModel, type Dialect } from './codec.ts';
import { encodeError } from './error-response.ts';

before(() => Promise.all((['ecs', 'iam', 'monitoring', 'secretsmanager', 's3', 'ec2'] as const).map(loadModel)));

const dialect = (protocol: Dialect['protocol'], model: Dialect['model'], rest: Partial<Dialect> = {}): Dialect => ({
  protocol,
  model,
  jsonVersion: '1.1',
  head: false,
  ...rest,
});

test('JSON: the type and the message under its modelled name', () => {
  const error = new AwsError('ClusterNotFoundException', 'Cluster not found.');
  assert.deepEqual(encodeError(dialect('json', 'ecs'), error, 'id'), {
    status: 400,
    headers: { 'x-amzn-requestid': 'id', 'content-type': 'application/x-amz-json-1.1' },
    body: '{"__type":"ClusterNotFoundException","message":"Cluster not found."}',
  });
  const secret = encodeError(
    dialect('json', 'secretsmanager'),
    new AwsError('ResourceNotFoundException', 'Gone'),
    'id',
  );
  assert.equal(secret.body, '{"__type":"ResourceNotFoundException","Message":"Gone"}');
});

test('JSON: a fault of the server has its status, modelled members come along, unmodelled codes as they are', () => {
  assert.equal(encodeError(dialect('json', 'ecs'), new AwsError('ServerException', 'Oops'), 'id').status, 500);
  const conflict = new AwsError('ConflictException', 'Busy', { members: { resourceIds: ['a'] } });
  assert.equal(
    encodeError(dialect('json', 'ecs'), conflict, 'id').body,
    '{"__type":"ConflictException","message":"Busy","resourceIds":["a"]}',
  );
  const unmodelled = encodeError(
    dialect('json', undefined, { jsonVersion: undefined }),
    new AwsError('InvalidSignatureException', 'No'),
    'id',
  );
  assert.equal(unmodelled.headers['x-amzn-errortype'], 'InvalidSignatureException');
  assert.equal(unmodelled.headers['content-type'], 'application/json');
});

test("query: the code of the query protocol and the error's own status", () => {
  for (const code of ['NoSuchEntity', 'NoSuchEntityException']) {
    assert.deepEqual(encodeError(dialect('query', 'iam'), new AwsError(code, 'No <user>'), 'id'), {
      status: 404,
      headers: { 'x-amzn-requestid': 'id', 'content-type': 'text/xml' },
      body:
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>' +
        '<Message>No &lt;user&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>',
    });
  }
});

test('EC2: its own envelope', () => {
  assert.deepEqual(encodeError(dialect('ec2Query', 'ec2'), new AwsError('InvalidVpcID.NotFound', 'No'), 'id'), {
    status: 400,
    headers: { 'x-amzn-requestid': 'id', 'content-type': 'text/xml;charset=UTF-8' },
    body:
      '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>No</Message></Error></Errors>' +
      '<RequestID>id</RequestID></Response>',
  });
});

test('S3: its own envelope with what was asked for, and no body for HEAD and 304', () => {
  const error = new AwsError('NoSuchKey', 'The specified key does not exist.', {
    status: 404,
    members: { Key: 'a&b' },
  });
  const { status, headers, body } = encodeError(dialect('restXml', 's3'), error, 'id');
  assert.deepEqual([status, headers['content-type'], headers['x-amz-request-id']], [404, 'application/xml', 'id']);
  assert.match(
    String(body),
    /^<\?xml [^>]*>\n<Error><Code>NoSuchKey<\/Code><Message>[^<]*<\/Message><Key>a&amp;b<\/Key><RequestId>id<\/RequestId><HostId>[^<]+<\/HostId><\/Error>$/,
  );
  assert.equal(encodeError(dialect('restXml', 's3', { head: true }), error, 'id').body, '');
  assert.equal(encodeError(dialect('restXml', 's3'), new AwsError('NotModified', '', { status: 304 }), 'id').body, '');
});

test('CloudWatch: the query code in a header, the shape in the body, for JSON and CBOR', () => {
  const error = new AwsError('MissingParameter', 'The parameter Namespace is required.');
  const json = encodeError(dialect('json', 'monitoring', { jsonVersion: '1.0' }), error, 'id');
  assert.equal(json.headers['x-amzn-query-error'], 'MissingParameter;Sender');
  assert.equal(
    json.body,
    '{"__type":"MissingRequiredParameterException","message":"The parameter Namespace is required."}',
  );
  const binary = encodeError(dialect('cbor', 'monitoring'), error, 'id');
  assert.equal(binary.headers['smithy-protocol'], 'rpc-v2-cbor');
  assert.deepEqual(cbor.deserialize(binary.body as Buffer), {
    __type: 'com.amazonaws.cloudwatch#MissingRequiredParameterException',
    message: 'The parameter Namespace is required.',
  });
});
