// Tests of S3's restXml: inputs from every part of a request, refusals, outputs over every part of a reply.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { decode, encode, loadModel, type Route } from './codec.ts';
import { route } from './route.ts';
import type { WireRequest } from './wire.ts';

before(() => loadModel('s3'));

function request(
  method: string,
  path: string,
  query: string,
  rest: { headers?: Record<string, string>; body?: string } = {},
): WireRequest {
  return { method, path, query, headers: rest.headers ?? {}, body: Buffer.from(rest.body ?? '') };
}

async function input(sent: WireRequest): Promise<Record<string, unknown>> {
  return decode(await route(sent, 's3'), sent);
}

const routeOf = (method: string, path: string, query = ''): Promise<Route> => route(request(method, path, query), 's3');

test('an input is gathered from path, query, headers and body', async () => {
  const sent = request('PUT', '/b/a%20b', 'x-id=PutObject', {
    headers: {
      'content-type': 'text/plain',
      'x-amz-meta-one': '1',
      'x-amz-object-lock-retain-until-date': '2026-01-01T00:00:00Z',
      expires: 'Wed, 21 Oct 2015 07:28:00 GMT',
    },
    body: 'hello',
  });
  const found = await input(sent);
  assert.deepEqual(found['Metadata'], { one: '1' });
  assert.deepEqual(
    [
      found['Bucket'],
      found['Key'],
      found['ContentType'],
      found['ObjectLockRetainUntilDate'],
      Buffer.from(found['Body'] as Uint8Array).toString(),
    ],
    ['b', 'a b', 'text/plain', new Date('2026-01-01T00:00:00Z'), 'hello'],
  );
});

test('a body of XML is read along its schema, flattened lists and attributes included', async () => {
  const body =
    '<?xml version="1.0"?><AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID></Owner><AccessControlList><Grant>' +
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>u</ID></Grantee><Permission>READ</Permission>' +
    '</Grant></AccessControlList></AccessControlPolicy>';
  assert.deepEqual(await input(request('PUT', '/b', 'acl', { body })), {
    Bucket: 'b',
    AccessControlPolicy: {
      Owner: { ID: 'o' },
      Grants: [{ Grantee: { ID: 'u', Type: 'CanonicalUser' }, Permission: 'READ' }],
    },
  });
  const remove =
    '<Delete><Object><Key>a</Key></Object><Object><Key> b</Key><Size>3</Size></Object><Quiet>true</Quiet></Delete>';
  assert.deepEqual((await input(request('POST', '/b', 'delete', { body: remove })))['Delete'], {
    Objects: [{ Key: 'a' }, { Key: ' b', Size: 3 }],
    Quiet: true,
  });
});

const malformedBodies = [
  'no xml',
  '<Delete>',
  '<Other><Object><Key>a</Key></Object></Other>',
  '<Delete><Quiet>perhaps</Quiet></Delete>',
  '<Delete><Quiet><x/></Quiet></Delete>',
  '<Delete><Quiet>true</Quiet><Quiet>true</Quiet></Delete>',
  '<Delete><Object><Size>many</Size></Object></Delete>',
  '<!DOCTYPE x [<!ENTITY a "b">]><Delete/>',
];

for (const body of malformedBodies) {
  test(`the body ${body} is refused as MalformedXML`, async () => {
    await assert.rejects(input(request('POST', '/b', 'delete', { body })), {
      name: 'AwsError',
      code: 'MalformedXML',
      status: 400,
    });
  });
}

test('bad parameters are refused as InvalidArgument, naming the argument', async () => {
  await assert.rejects(input(request('GET', '/b', 'max-keys=many')), {
    code: 'InvalidArgument',
    message: 'Provided max-keys not an integer or within integer range',
    members: { ArgumentName: 'max-keys', ArgumentValue: 'many' },
  });
  await assert.rejects(input(request('GET', '/b/k', '', { headers: { 'if-modified-since': 'yesterday' } })), {
    code: 'InvalidArgument',
  });
});

test('an output is spread over status, headers and body', async () => {
  const found = encode(
    await routeOf('GET', '/b/k'),
    { Body: Buffer.from('hi'), ETag: '"e"', LastModified: new Date(0), Metadata: { a: '1' }, ContentType: 'text/x' },
    'id',
  );
  assert.equal(found.status, 200);
  assert.deepEqual(
    [
      found.headers['etag'],
      found.headers['last-modified'],
      found.headers['x-amz-meta-a'],
      found.headers['content-type'],
      String(found.body),
    ],
    ['"e"', 'Thu, 01 Jan 1970 00:00:00 GMT', '1', 'text/x', 'hi'],
  );
  const removed = encode(await routeOf('DELETE', '/b/k'), {}, 'id');
  assert.deepEqual([removed.status, removed.body], [204, '']);
});

test('an output in the body stands in its root element', async () => {
  const found = encode(
    await routeOf('GET', '/'),
    { Buckets: [{ Name: 'a&b', CreationDate: new Date(0) }], Owner: { ID: 'o' } },
    'id',
  );
  assert.equal(found.headers['content-type'], 'application/xml');
  assert.equal(
    found.body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket><Name>a&amp;b</Name>' +
      '<CreationDate>1970-01-01T00:00:00Z</CreationDate></Bucket></Buckets><Owner><ID>o</ID></Owner></ListAllMyBucketsResult>',
  );
  const location = encode(await routeOf('GET', '/b', 'location'), { LocationConstraint: 'eu-west-1' }, 'id');
  assert.match(String(location.body), /\n<LocationConstraint xmlns="[^"]+">eu-west-1<\/LocationConstraint>$/);
});

test('lists in headers are split at commas outside of quotes', async () => {
  const list = async (value: string): Promise<unknown> =>
    (await input(request('GET', '/b/k', 'attributes', { headers: { 'x-amz-object-attributes': value } })))[
      'ObjectAttributes'
    ];
  assert.deepEqual(await list('ETag,Checksum , ObjectSize'), ['ETag', 'Checksum', 'ObjectSize']);
  assert.deepEqual(await list('"a, \\"b\\"", c'), ['a, "b"', 'c']);
  assert.deepEqual(await list('a,,'), ['a', '', '']);
});

test('headers that tell of aws-chunked framing tell of the object instead', async () => {
  const framed = { 'content-length': '999', 'content-encoding': 'aws-chunked' };
  const plain = await input(request('PUT', '/b/k', '', { headers: framed, body: 'hello' }));
  assert.deepEqual([plain['ContentLength'], plain['ContentEncoding']], [5, undefined]);
  const zipped = await input(
    request('PUT', '/b/k', '', { headers: { ...framed, 'content-encoding': 'gzip, aws-chunked' }, body: 'x' }),
  );
  assert.equal(zipped['ContentEncoding'], 'gzip');
});
