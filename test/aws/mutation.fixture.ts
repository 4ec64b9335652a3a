// For tests: valid requests of every protocol, and what chance makes of them.
import type { Chance } from './shape-values.fixture.ts';
import type { RawRequest } from './raw-request.fixture.ts';

const json = (service: string, target: string, operation: string, input: unknown): RawRequest => ({
  service,
  method: 'POST',
  path: '/',
  query: '',
  headers: [
    ['Host', '127.0.0.1'],
    ['Content-Type', service === 'monitoring' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1'],
    ['X-Amz-Target', `${target}.${operation}`],
    ['User-Agent', 'fuzz/1'],
  ],
  body: Buffer.from(JSON.stringify(input)),
});

const form = (service: string, text: string): RawRequest => ({
  service,
  method: 'POST',
  path: '/',
  query: '',
  headers: [
    ['Host', '127.0.0.1'],
    ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
  ],
  body: Buffer.from(text),
});

const plain = (service: string, method: string, target: string, body = ''): RawRequest => {
  const [path = '', query = ''] = target.split('?');
  return { service, method, path, query, headers: [['Host', '127.0.0.1']], body: Buffer.from(body) };
};

const ecs = (operation: string, input: unknown) => json('ecs', 'AmazonEC2ContainerServiceV20141113', operation, input);
const ecr = (operation: string, input: unknown) =>
  json('ecr', 'AmazonEC2ContainerRegistry_V20150921', operation, input);
const logs = (operation: string, input: unknown) => json('logs', 'Logs_20140328', operation, input);
const ec2 = (action: string, rest = '') => form('ec2', `Action=${action}&Version=2016-11-15${rest}`);

const taskDefinition = {
  family: 'flask-api',
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  containerDefinitions: [
    {
      name: 'app',
      image: 'localhost:4566/flask-api:v1',
      essential: true,
      portMappings: [{ containerPort: 3000, protocol: 'tcp' }],
      environment: [{ name: 'A', value: 'b' }],
      healthCheck: { command: ['CMD-SHELL', 'true'], interval: 30 },
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/a', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' },
      },
    },
  ],
  tags: [{ key: 'a', value: 'b' }],
};

const runTask = {
  cluster: 'demo',
  launchType: 'FARGATE',
  taskDefinition: 'flask-api',
  count: 1,
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], assignPublicIp: 'ENABLED' } },
  overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'X', value: 'y' }] }] },
};

const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  layers: [],
});
const cborEmpty = Buffer.from([0xbf, 0xff]);

/** A valid request each; what they name need not exist. */
export const valid: readonly RawRequest[] = [
  ecs('CreateCluster', { clusterName: 'demo', tags: [{ key: 'a', value: 'b' }] }),
  ecs('DescribeClusters', { clusters: ['demo', 'other'], include: ['TAGS', 'STATISTICS'] }),
  ecs('ListClusters', { maxResults: 2 }),
  ecs('DeleteCluster', { cluster: 'demo' }),
  ecs('RegisterTaskDefinition', taskDefinition),
  ecs('DescribeTaskDefinition', { taskDefinition: 'flask-api:1', include: ['TAGS'] }),
  ecs('ListTaskDefinitions', { familyPrefix: 'flask-api', sort: 'DESC', maxResults: 5 }),
  ecs('RunTask', runTask),
  ecs('ListTasks', { cluster: 'demo', desiredStatus: 'STOPPED', maxResults: 10 }),
  ecs('DescribeTasks', { cluster: 'demo', tasks: ['0123456789abcdef0123456789abcdef'], include: ['TAGS'] }),
  ecs('StopTask', { cluster: 'demo', task: '0123456789abcdef0123456789abcdef', reason: 'r' }),
  ecs('TagResource', {
    resourceArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
    tags: [{ key: 'k', value: 'v' }],
  }),
  ecs('ListTagsForResource', { resourceArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo' }),
  ecr('CreateRepository', {
    repositoryName: 'team/app',
    imageTagMutability: 'MUTABLE',
    tags: [{ Key: 'a', Value: 'b' }],
  }),
  ecr('DescribeRepositories', { repositoryNames: ['team/app'], maxResults: 3 }),
  ecr('BatchGetImage', { repositoryName: 'team/app', imageIds: [{ imageTag: 'v1' }] }),
  ecr('PutImage', { repositoryName: 'team/app', imageManifest: manifest, imageTag: 'v1' }),
  ecr('GetAuthorizationToken', {}),
  logs('CreateLogGroup', { logGroupName: '/ecs/a', tags: { a: 'b' } }),
  logs('DescribeLogGroups', { logGroupNamePrefix: '/ecs', limit: 5 }),
  logs('CreateLogStream', { logGroupName: '/ecs/a', logStreamName: 's' }),
  logs('PutLogEvents', {
    logGroupName: '/ecs/a',
    logStreamName: 's',
    logEvents: [{ timestamp: 1795508045000, message: 'm' }],
  }),
  logs('GetLogEvents', { logGroupName: '/ecs/a', logStreamName: 's', startFromHead: true, limit: 10 }),
  logs('FilterLogEvents', { logGroupName: '/ecs/a', filterPattern: '"a" -b', startTime: 0, limit: 10 }),
  ec2('DescribeVpcs', '&Filter.1.Name=isDefault&Filter.1.Value.1=true&MaxResults=5'),
  ec2('DescribeSubnets', '&SubnetId.1=subnet-0123456789abcdef0'),
  ec2('DescribeSecurityGroups', '&Filter.1.Name=group-name&Filter.1.Value.1=default'),
  ec2('DescribeAvailabilityZones'),
  form('sts', 'Action=GetCallerIdentity&Version=2011-06-15'),
  plain('sts', 'GET', '/?Action=GetCallerIdentity&Version=2011-06-15'),
  form('iam', 'Action=ListRoles&Version=2010-05-08'),
  form('elasticloadbalancing', 'Action=DescribeLoadBalancers&Version=2015-12-01&Names.member.1=a'),
  form('monitoring', 'Action=ListMetrics&Version=2010-08-01&Namespace=AWS%2FECS'),
  json('monitoring', 'GraniteServiceVersion20100801', 'ListMetrics', { Namespace: 'AWS/ECS' }),
  {
    service: 'monitoring',
    method: 'POST',
    path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
    query: '',
    headers: [
      ['Host', '127.0.0.1'],
      ['Smithy-Protocol', 'rpc-v2-cbor'],
      ['Content-Type', 'application/cbor'],
    ],
    body: cborEmpty,
  },
  plain('s3', 'GET', '/'),
  plain('s3', 'GET', '/bucket?list-type=2&prefix=a%2Fb'),
  plain('s3', 'PUT', '/bucket/key%20name', 'content'),
  plain('s3', 'HEAD', '/bucket/key'),
  plain('s3', 'POST', '/bucket?delete', '<Delete><Object><Key>a</Key></Object></Delete>'),
  plain('s3', 'GET', '/v2/_catalog'),
];

const oddTexts = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'NaN',
  '../../etc/passwd',
  'a'.repeat(5000),
  '\u0000',
  '\ud800',
  '😀'.repeat(300),
  '${jndi:x}',
  '%zz',
  '%00',
  '*',
  '-1',
  '1e400',
  'arn:aws:ecs:::',
  'arn:',
  ':',
  '/',
  "'; DROP TABLE x; --",
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  ']]>',
  '\r\nX-Injected: 1',
  '(((((((((((((((((((((((',
  '\u2028',
];
const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  2 ** 53,
  -(2 ** 31) - 1,
  0.1,
  [],
  {},
  [[]],
  [null],
  { __proto__x: 1 },
  ...oddTexts,
];
const rawNumbers = ['1e400', '-1e999', '00', '1e', '9'.repeat(400), '-', '0x10', 'NaN', 'Infinity', '-0', '1.', '.5'];

/** Puts something odd in the place of a random part of a JSON value, adds to it or takes from it. */
function oddJson(value: unknown, chance: Chance): unknown {
  if (chance.below(4) === 0 || typeof value !== 'object' || value === null) return chance.pick(oddValues);
  if (Array.isArray(value)) {
    if (value.length === 0 || chance.below(5) === 0)
      return Array.from({ length: chance.below(300) }, () => value[0] ?? 1);
    return value.with(chance.below(value.length), oddJson(value[chance.below(value.length)], chance));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || chance.below(6) === 0) entries.push([chance.pick(oddTexts), chance.pick(oddValues)]);
  else if (chance.below(8) === 0) entries.splice(chance.below(entries.length), 1);
  else {
    const at = chance.below(entries.length);
    entries[at] = [entries[at]![0], oddJson(entries[at]![1], chance)];
  }
  return Object.fromEntries(entries);
}

function deep(chance: Chance): string {
  const depth = 10 ** (1 + chance.below(5));
  const [open, close] = chance.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"containerDefinitions":[', ']}'],
  ] as const);
  return open.repeat(depth) + (chance.below(2) === 0 ? `1${close.repeat(depth)}` : '');
}

function oddBytes(body: Buffer, chance: Chance): Buffer {
  const changed = Buffer.from(body);
  if (changed.byteLength === 0) return Buffer.from([chance.below(256)]);
  for (let count = 1 + chance.below(4); count > 0; count -= 1)
    changed[chance.below(changed.byteLength)] = chance.below(256);
  return changed;
}

type Mutation = (request: RawRequest, chance: Chance) => Partial<RawRequest>;

const pickHeader = (request: RawRequest, chance: Chance) => chance.below(Math.max(1, request.headers.length));
const latin1 = (text: string) => text.replace(/[\r\n\0]/g, '').replace(/[^\x20-\x7e\xa0-\xff]/g, '?');

/** Changes that leave the request's framing alone: it has an answer of its own. */
const mutations: readonly Mutation[] = [
  ({ body }, chance) => ({ body: oddBytes(body, chance) }),
  ({ body }, chance) => ({ body: body.subarray(0, chance.below(body.byteLength + 1)) }),
  ({ body }, chance) => ({ body: Buffer.concat([body, body.subarray(chance.below(body.byteLength + 1))]) }),
  ({ body }) => ({ body: Buffer.concat([body, Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80])]) }),
  (_, chance) => ({ body: Buffer.from(deep(chance)) }),
  ({ body }, chance) => ({
    body: Buffer.from(body.toString('utf8').replace(/\d+|"[^"]*"(?=[,}\]])/, () => chance.pick(rawNumbers))),
  }),
  ({ body }, chance) => ({
    body: Buffer.from(body.toString('utf8').replace(/"[^"]*":/, () => `${JSON.stringify(chance.pick(oddTexts))}:`)),
  }),
  ({ body }, chance) => ({
    body: Buffer.from(
      body
        .toString('utf8')
        .replace(/=[^&]*/g, (v) =>
          chance.below(3) ? v : `=${encodeURIComponent(chance.pick(oddTexts).toWellFormed())}`,
        ),
    ),
  }),
  ({ body }, chance) => ({
    body: Buffer.from(`${body.toString('utf8')}&${'A.1.'.repeat(chance.below(90))}${chance.pick(oddTexts)}=1`),
  }),
  ({ headers }, chance) => ({ headers: headers.toSorted(() => chance.below(3) - 1) }),
  (request, chance) => ({ headers: [...request.headers, request.headers[pickHeader(request, chance)] ?? ['a', 'b']] }),
  (request, chance) => ({ headers: request.headers.toSpliced(pickHeader(request, chance), 1) }),
  (request, chance) => {
    if (request.headers.length === 0) return {};
    const at = pickHeader(request, chance);
    const [name, value] = request.headers[at]!;
    const cut = chance.below(value.length + 1);
    return {
      headers: request.headers.with(at, [
        name,
        latin1(value.slice(0, cut) + chance.pick(oddTexts) + value.slice(cut + 1)),
      ]),
    };
  },
  ({ headers }, chance) => ({
    headers: [
      ...headers,
      [
        chance.pick([
          '__proto__',
          'constructor',
          'x-amz-target',
          'x-amz-date',
          'origin',
          'content-encoding',
          'x-amz-security-token',
          'content-md5',
          'date',
          'expect',
          'upgrade',
          'x-amz-decoded-content-length',
        ]),
        latin1(chance.pick([...oddTexts, 'gzip', '100-continue', 'websocket', 'null'])),
      ],
    ],
  }),
  ({ headers }, chance) => ({
    headers: headers.map(([name, value]) =>
      /content-type/i.test(name)
        ? [
            name,
            chance.pick([
              'application/json',
              'text/xml',
              'application/cbor',
              'application/x-amz-json-1.0',
              'application/x-www-form-urlencoded',
              'multipart/form-data',
              ';',
              '',
            ]),
          ]
        : [name, value],
    ),
  }),
  ({ headers }, chance) => ({
    headers: headers.map(([name, value]) =>
      /x-amz-target/i.test(name)
        ? [name, `${value.slice(0, value.indexOf('.') + 1)}${latin1(chance.pick(oddTexts))}`]
        : [name, value],
    ),
  }),
  (_, chance) => ({
    path: `/${encodeURI(latin1(chance.pick(oddTexts)))}${chance.pick(['', '//', '/%zz', '/..%2f..', '/a?b', '/%ff%fe'])}`.replaceAll(
      ' ',
      '+',
    ),
  }),
  ({ query }, chance) => ({
    query: `${query}&${chance.pick(['x-id=%zz', 'uploads', 'acl', 'X-Amz-Signature=', 'X-Amz-Algorithm=AWS4-HMAC-SHA256', 'Action=RunTask', 'AWSAccessKeyId=a&Expires=1', '&&==&', '%00=%00', 'versionId=', 'partNumber=-1', 'max-keys=1e9'])}`,
  }),
  (_, chance) => ({
    method: chance.pick(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'POST']),
  }),
  (_, chance) => ({ service: chance.pick(['s3', 'ecs', 'ec2', 'sts', 'logs', 'monitoring', 'nosuch', 'sqs', 'a.b']) }),
];

function oddMembers(request: RawRequest, chance: Chance): Partial<RawRequest> {
  if (request.body[0] !== 0x7b) return {};
  let input: unknown = JSON.parse(request.body.toString('utf8'));
  for (let count = 1 + chance.below(3); count > 0; count -= 1) input = oddJson(input, chance);
  return { body: Buffer.from(JSON.stringify(input)) };
}

/** A random valid request, changed once to thrice; half of those in JSON keep their grammar. */
export function mutated(chance: Chance): RawRequest {
  let request = chance.pick(valid);
  if (chance.below(2) === 0) request = { ...request, ...oddMembers(request, chance) };
  else
    for (let count = 1 + chance.below(3); count > 0; count -= 1)
      request = { ...request, ...chance.pick(mutations)(request, chance) };
  return request;
}

/** What no client sends: bytes that break HTTP itself, alone or after a request. */
export function garbage(request: Buffer, chance: Chance): Buffer {
  const text = request.toString('latin1');
  const swap = (from: RegExp, to: string) =>
    Buffer.from(
      text.replace(from, () => to),
      'latin1',
    );
  switch (chance.below(9)) {
    case 0:
      return Buffer.from(Array.from({ length: chance.below(2000) }, () => chance.below(256)));
    case 1:
      return oddBytes(request, chance);
    case 2:
      return request.subarray(0, chance.below(request.byteLength));
    case 3:
      return swap(
        /Content-Length: \d+/,
        chance.pick([
          'Content-Length: -1',
          'Content-Length: 99999999999999999999',
          'Content-Length: 1\r\nContent-Length: 2',
          'Content-Length: 9999999',
          'Content-Length : 1',
          'Content-Length: 0x10',
        ]),
      );
    case 4:
      return swap(
        /Content-Length: \d+\r\n\r\n/,
        `Transfer-Encoding: chunked\r\n\r\n${chance.pick(['zz\r\n', 'ffffffffffffffff\r\n', '5\r\nab', '0\r\n\r\n', '1;a=b\r\nx\r\n0\r\n\r\n', '-1\r\n'])}`,
      );
    case 5:
      return swap(/\r\n/, `\r\n${'x-bomb: '.padEnd(chance.below(40_000), 'a')}\r\n`);
    case 6:
      return swap(/\r\n/, `\r\n${'a:b\r\n'.repeat(chance.below(5000))}`);
    case 7:
      return swap(
        /^\S+ \S+/,
        chance.pick([
          'CONNECT 127.0.0.1:1',
          'GET http://evil.example/',
          'GET *',
          'PRI *',
          'GET //',
          'GET http://127.0.0.1/v2/',
          'OPTIONS *',
          'GET ?',
          'GET \x00',
          'GET /\xff\xfe',
        ]),
      );
    default:
      return Buffer.concat([request, request, request.subarray(0, chance.below(60))]);
  }
}
