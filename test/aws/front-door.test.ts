// The front door as real clients and strangers meet it: who gets in, what the others read, and what the log keeps of it.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateClusterCommand, DescribeClustersCommand, ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { until } from '#kernel/until.fixture.ts';
import { account, errorCode, exchange, keys, openFrontDoor, region, sign } from './front-door.fixture.ts';
import type { FrontDoor, Plan, Reply, Signed } from './front-door.fixture.ts';

const run = promisify(execFile);
const formType = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const target = (name: string) => ({ 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': name });
const graniteTarget = {
  ...target('GraniteServiceVersion20100801.ListMetrics'),
  'content-type': 'application/x-amz-json-1.0',
};

/** A valid request in each protocol. */
const plans = {
  'ecs (JSON)': { service: 'ecs', headers: target('AmazonEC2ContainerServiceV20141113.ListClusters'), body: '{}' },
  'sts (query)': { service: 'sts', headers: formType, body: 'Action=GetCallerIdentity&Version=2011-06-15' },
  'ec2 (ec2Query)': { service: 'ec2', headers: formType, body: 'Action=DescribeVpcs&Version=2016-11-15' },
  's3 (REST-XML)': { service: 's3', method: 'GET', path: '/bucket/key' },
  'monitoring (JSON)': { service: 'monitoring', headers: graniteTarget, body: '{}' },
  'monitoring (query)': { service: 'monitoring', headers: formType, body: 'Action=ListMetrics&Version=2010-08-01' },
  'monitoring (CBOR)': {
    service: 'monitoring',
    path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
    headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
    body: Buffer.from('bfff', 'hex'),
  },
} as const satisfies Record<string, Plan>;
type Protocol = keyof typeof plans;
const protocols = Object.keys(plans) as Protocol[];

let door: FrontDoor;
before(async () => {
  door = await openFrontDoor();
});
after(() => door.close());

const send = async (plan: Plan): Promise<Reply> => exchange(door.port, await sign(door.port, plan));
const minutes = (count: number) => new Date(Date.now() + count * 60_000);

/** The code, from the text of any protocol: CBOR's strings stand plainly in its bytes. */
const codeOf = (reply: Reply): string | undefined =>
  errorCode(reply) ?? /([A-Z][A-Za-z]+(?:Exception|Operation|Large))/.exec(reply.body.toString('latin1'))?.[1];

function expectRefusal(reply: Reply, [status, code]: readonly [number, string]): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(codeOf(reply), code, reply.text);
  const id = reply.headers['x-amzn-requestid'] ?? reply.headers['x-amz-request-id'];
  assert.match(String(id), /^[0-9A-Za-z-]{16,}$/);
}

const wrongId = { ...keys, accessKeyId: 'AKIAOTHER00000000000' };
const wrongSecret = { ...keys, secretAccessKey: 'another' };
const withToken = { ...keys, sessionToken: 'token' };

/** Status and code by family: JSON and CBOR, query, EC2, S3. */
const situations: readonly { name: string; change: Partial<Plan>; words: readonly (readonly [number, string])[] }[] = [
  {
    name: 'an access key that nobody has',
    change: { credentials: wrongId },
    words: [
      [400, 'UnrecognizedClientException'],
      [403, 'InvalidClientTokenId'],
      [401, 'AuthFailure'],
      [403, 'InvalidAccessKeyId'],
    ],
  },
  {
    name: 'another secret',
    change: { credentials: wrongSecret },
    words: [
      [400, 'InvalidSignatureException'],
      [403, 'SignatureDoesNotMatch'],
      [401, 'AuthFailure'],
      [403, 'SignatureDoesNotMatch'],
    ],
  },
  {
    name: 'a session token with keys that have none',
    change: { credentials: withToken },
    words: [
      [400, 'UnrecognizedClientException'],
      [403, 'InvalidClientTokenId'],
      [401, 'AuthFailure'],
      [400, 'InvalidToken'],
    ],
  },
  {
    name: 'a clock that is 20 minutes slow',
    change: { signedAt: minutes(-20) },
    words: [
      [400, 'InvalidSignatureException'],
      [403, 'SignatureDoesNotMatch'],
      [400, 'RequestExpired'],
      [403, 'RequestTimeTooSkewed'],
    ],
  },
  {
    name: 'a clock that is 20 minutes fast',
    change: { signedAt: minutes(20) },
    words: [
      [400, 'InvalidSignatureException'],
      [403, 'SignatureDoesNotMatch'],
      [401, 'AuthFailure'],
      [403, 'RequestTimeTooSkewed'],
    ],
  },
];

const familyOf = (protocol: Protocol): number =>
  protocol.startsWith('s3') ? 3 : protocol.startsWith('ec2') ? 2 : protocol.endsWith('(query)') ? 1 : 0;

describe('who is turned away, in the words of each protocol', () => {
  for (const protocol of protocols) {
    for (const { name, change, words } of situations) {
      test(`${protocol}: ${name}`, async () => {
        expectRefusal(await send({ ...plans[protocol], ...change }), words[familyOf(protocol)]!);
      });
    }

    test(`${protocol}: no signature at all`, async () => {
      const plan: Plan = plans[protocol];
      const unsigned = await exchange(door.port, {
        method: plan.method ?? 'POST',
        path: plan.path ?? '/',
        headers: { ...plan.headers, host: `127.0.0.1:${door.port}` },
        body: Buffer.from(plan.body ?? ''),
      });
      const words = [
        [400, 'MissingAuthenticationTokenException'],
        [403, 'MissingAuthenticationToken'],
        [400, 'MissingParameter'],
        [403, 'AccessDenied'],
      ] as const;
      // Without a signature S3 is not told from others by a path alone; nobody gets in all the same.
      if (protocol.startsWith('s3')) assert.ok(unsigned.status >= 400 && unsigned.status < 500);
      else expectRefusal(unsigned, words[familyOf(protocol)]!);
    });

    test(`${protocol}: a body or path that was changed on the way`, async () => {
      const signed = await sign(door.port, plans[protocol]);
      const changed = protocol.startsWith('s3')
        ? { path: '/bucket/other' }
        : { body: Buffer.concat([signed.body, Buffer.from(' ')]) };
      const words = [
        [400, 'InvalidSignatureException'],
        [403, 'SignatureDoesNotMatch'],
        [401, 'AuthFailure'],
        [403, 'SignatureDoesNotMatch'],
      ] as const;
      expectRefusal(await exchange(door.port, { ...signed, ...changed }), words[familyOf(protocol)]!);
    });
  }

  test('a request signed for another service than the one it speaks to', async () => {
    const reply = await send({ ...plans['ecs (JSON)'], service: 'ecr' });
    expectRefusal(reply, [400, 'InvalidSignatureException']);
  });

  test('strangers do not learn which operations there are', async () => {
    for (const name of ['ListClusters', 'UpdateCluster', 'NoSuchThing']) {
      const headers = target(`AmazonEC2ContainerServiceV20141113.${name}`);
      const reply = await send({ service: 'ecs', headers, body: '{"x":', credentials: wrongSecret });
      expectRefusal(reply, [400, 'InvalidSignatureException']);
    }
  });
});

describe('what those read who are let in but ask for what is not there', () => {
  const ecs = (name: string, body: string): Plan => ({
    service: 'ecs',
    headers: target(`AmazonEC2ContainerServiceV20141113.${name}`),
    body,
  });

  test('an operation that AWS does not have either', async () => {
    expectRefusal(await send(ecs('NoSuchThing', '{}')), [400, 'UnknownOperationException']);
    expectRefusal(await send({ ...plans['sts (query)'], body: 'Action=No&Version=2011-06-15' }), [
      400,
      'InvalidAction',
    ]);
    expectRefusal(await send({ ...plans['ec2 (ec2Query)'], body: 'Action=No&Version=2016-11-15' }), [
      400,
      'InvalidAction',
    ]);
    const path = '/service/GraniteServiceVersion20100801/operation/No';
    expectRefusal(await send({ ...plans['monitoring (CBOR)'], path }), [404, 'UnknownOperationException']);
    expectRefusal(await send({ ...plans['s3 (REST-XML)'], method: 'PATCH' }), [405, 'MethodNotAllowed']);
    expectRefusal(await send({ service: 'nosuchservice', headers: target('No.Such'), body: '{}' }), [
      400,
      'UnknownOperationException',
    ]);
  });

  test('an operation that Berth does not support is named, and no client tries again', async () => {
    for (const protocol of ['s3 (REST-XML)', 'monitoring (JSON)', 'monitoring (query)', 'monitoring (CBOR)'] as const) {
      const reply = await send(plans[protocol]);
      expectRefusal(reply, [400, 'UnsupportedOperation']);
      assert.match(reply.text, /Berth does not support the operation (s3:GetObject|monitoring:ListMetrics) yet/);
    }
  });

  test('a member that Berth does not support is named with its path', async () => {
    const reply = await send(ecs('CreateCluster', '{"clusterName":"m","serviceConnectDefaults":{"namespace":"n"}}'));
    expectRefusal(reply, [400, 'InvalidParameterException']);
    assert.match(reply.text, /does not support the member 'serviceConnectDefaults' of CreateCluster/);
  });

  test('a body that is malformed', async () => {
    for (const body of ['{', '[]', '"x"', '{"maxResults":"x"}', '{"a":1}}', '\xff']) {
      expectRefusal(await send(ecs('ListClusters', body)), [400, 'SerializationException']);
    }
    expectRefusal(await send({ ...plans['sts (query)'], body: 'Action=%zz&Version=2011-06-15' }), [
      404,
      'MalformedQueryString',
    ]);
  });

  test('a body that is too large is answered before it is read, and the connection closed after', async () => {
    const signed = await sign(door.port, plans['sts (query)']);
    const reply = await exchange(door.port, { ...signed, body: Buffer.alloc(3 * 1024 * 1024) });
    expectRefusal(reply, [413, 'RequestEntityTooLarge']);
    assert.equal(reply.headers.connection, 'close');
    const endless = { ...signed.headers, 'transfer-encoding': 'chunked' };
    expectRefusal(await exchange(door.port, { ...signed, headers: endless, body: Buffer.alloc(3 * 1024 * 1024) }), [
      413,
      'RequestEntityTooLarge',
    ]);
    const object = await sign(door.port, { service: 's3', method: 'PUT', path: '/b/k' });
    const announced = { ...object.headers, 'content-length': String(33 * 1024 * 1024), expect: '100-continue' };
    expectRefusal(
      await exchange(door.port, { ...object, headers: announced, body: Buffer.alloc(0) }).catch(() => assert.fail()),
      [400, 'EntityTooLarge'],
    );
  });

  test('bodies that are held back take only so much memory together, whoever claims a key', async (t) => {
    const { headers, path } = await sign(door.port, { service: 's3', method: 'PUT', path: '/b/k' });
    const bytes = 32 * 1024 * 1024;
    const lines = Object.entries({ ...headers, 'content-length': String(bytes) }).map(
      ([key, value]) => `${key}: ${value}`,
    );
    const begin = () => {
      const socket = connect(door.port, '127.0.0.1', () => {
        socket.write(`PUT ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\nbegun`);
      });
      t.after(() => socket.destroy());
      return socket;
    };
    const held = Array.from({ length: 9 }, begin);
    const replies = held.map(
      (socket) => new Promise<string>((told) => socket.once('data', (data) => told(String(data)))),
    );
    assert.match(await Promise.race(replies), /^HTTP\/1.1 503 [^]*SlowDown/);
    for (const socket of held) socket.destroy();
    const small = { ...headers, 'content-length': String(2 * 1024 * 1024) };
    const again = () =>
      exchange(door.port, { method: 'PUT', path, headers: small, body: Buffer.alloc(2 * 1024 * 1024) });
    await until('there is room again', async () => errorCode(await again()) !== 'SlowDown');
  });

  test('a connection goes on after an error', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const bad = await sign(door.port, { ...plans['ecs (JSON)'], credentials: wrongSecret });
    const good = await sign(door.port, plans['ecs (JSON)']);
    for (const [signed, status] of [
      [bad, 400],
      [good, 200],
      [bad, 400],
      [good, 200],
    ] as const) {
      const reply = await exchange(door.port, signed, agent);
      assert.equal(reply.status, status);
      assert.equal(reply.headers.connection, 'keep-alive');
    }
    agent.destroy();
  });
});

describe('presigned requests', () => {
  const who = { service: 'sts', method: 'GET', query: { Action: 'GetCallerIdentity', Version: '2011-06-15' } };

  test('GetCallerIdentity by a URL, until its time is over and not by another', async () => {
    const good = await send({ ...who, expiresIn: 60 });
    assert.equal(good.status, 200, good.text);
    assert.match(good.text, new RegExp(`<Arn>arn:aws:iam::${account}:root</Arn>`));
    expectRefusal(await send({ ...who, expiresIn: 60, signedAt: minutes(-2) }), [403, 'SignatureDoesNotMatch']);
    expectRefusal(await send({ ...who, expiresIn: 60, credentials: wrongSecret }), [403, 'SignatureDoesNotMatch']);
    const signed = await sign(door.port, { ...who, expiresIn: 60 });
    const changed = { ...signed, path: signed.path.replace('GetCallerIdentity', 'GetSessionToken') };
    expectRefusal(await exchange(door.port, changed), [403, 'SignatureDoesNotMatch']);
  });

  test('an object by a URL gets as far as the operation, one whose time is over does not', async () => {
    const object: Plan = { service: 's3', method: 'GET', path: '/v2/key' };
    expectRefusal(await send({ ...object, expiresIn: 60 }), [400, 'UnsupportedOperation']);
    const late = await send({ ...object, expiresIn: 60, signedAt: minutes(-5) });
    expectRefusal(late, [403, 'AccessDenied']);
    assert.match(late.text, /Request has expired/);
  });
});

const configuration = (more: object = {}) => ({
  endpoint: door.url,
  region,
  credentials: keys,
  maxAttempts: 1,
  ...more,
});
const clusters = (more: object = {}) => new ECSClient(configuration(more));

describe('the JavaScript SDK', () => {
  test('speaks to each protocol as it is', async () => {
    const identity = await new STSClient(configuration()).send(new GetCallerIdentityCommand({}));
    assert.equal(identity.Account, account);
    assert.match(identity.$metadata.requestId!, /^[0-9a-f-]{36}$/);
    const { Vpcs } = await new EC2Client(configuration()).send(new DescribeVpcsCommand({}));
    assert.equal(Vpcs?.length, 1);
    const { clusters: found } = await clusters().send(new DescribeClustersCommand({ clusters: ['none'] }));
    assert.deepEqual(found, []);
  });

  test('throws the error that it knows, by name and with the request id', async () => {
    const failing = [
      [() => clusters({ credentials: wrongSecret }).send(new ListClustersCommand({})), 'InvalidSignatureException'],
      [() => new STSClient(configuration()).send(new GetSessionTokenCommand({})), 'UnsupportedOperation'],
      [
        () => new S3Client(configuration({ forcePathStyle: true })).send(new ListBucketsCommand({})),
        'UnsupportedOperation',
      ],
      [() => new CloudWatchClient(configuration()).send(new ListMetricsCommand({})), 'UnsupportedOperation'],
      [() => new EC2Client(configuration({ credentials: wrongId })).send(new DescribeVpcsCommand({})), 'AuthFailure'],
    ] as const;
    for (const [call, name] of failing) {
      await assert.rejects(call, (error: Error & { $metadata?: { requestId?: string } }) => {
        assert.equal(error.name, name);
        assert.ok(error.$metadata?.requestId, `${name} carries its request id`);
        return true;
      });
    }
  });

  test('sees every region, and each by itself', async () => {
    await clusters({ region: 'eu-west-1' }).send(new CreateClusterCommand({ clusterName: 'west' }));
    const west = await clusters({ region: 'eu-west-1' }).send(new ListClustersCommand({}));
    assert.deepEqual(west.clusterArns, [`arn:aws:ecs:eu-west-1:${account}:cluster/west`]);
    const south = await clusters({ region: 'ap-south-1' }).send(new ListClustersCommand({}));
    assert.deepEqual(south.clusterArns, []);
    const logsOf = (name: string) => new CloudWatchLogsClient(configuration({ region: name }));
    await logsOf('eu-west-1').send(new CreateLogGroupCommand({ logGroupName: '/west' }));
    assert.equal((await logsOf('ap-south-1').send(new DescribeLogGroupsCommand({}))).logGroups?.length, 0);
  });

  test('pages with opaque tokens that are good for nothing else', async () => {
    const paged = clusters({ region: 'eu-north-1' });
    const names = ['a', 'b', 'c'];
    for (const clusterName of names) await paged.send(new CreateClusterCommand({ clusterName }));
    const first = await paged.send(new ListClustersCommand({ maxResults: 2 }));
    const nextToken = first.nextToken!;
    assert.equal(first.clusterArns?.length, 2);
    assert.ok(!Buffer.from(nextToken, 'base64url').toString('latin1').includes('eu-north-1'));
    const second = await paged.send(new ListClustersCommand({ maxResults: 2, nextToken }));
    assert.deepEqual(second.clusterArns, [`arn:aws:ecs:eu-north-1:${account}:cluster/c`]);
    assert.equal(second.nextToken, undefined);
    const flipped = (nextToken.startsWith('A') ? 'B' : 'A') + nextToken.slice(1);
    const refused = { name: 'InvalidParameterException', message: 'Invalid token.' };
    for (const bad of [flipped, nextToken.slice(1), `${nextToken}=`, 'x', '']) {
      await assert.rejects(paged.send(new ListClustersCommand({ nextToken: bad })), refused, bad);
    }
    await assert.rejects(clusters({ region: 'eu-west-2' }).send(new ListClustersCommand({ nextToken })), refused);
  });
});

describe('web pages', () => {
  const from = async (headers: Record<string, string>): Promise<Reply> => {
    const signed = await sign(door.port, plans['ecs (JSON)']);
    return exchange(door.port, { ...signed, headers: { ...signed.headers, ...headers } });
  };

  test('neither reach Berth by a name of their own nor call it from their origin, however well they sign', async () => {
    for (const headers of [
      { host: 'evil.example' } as Record<string, string>,
      { host: '127.0.0.1.evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const reply = await from(headers);
      assert.equal(reply.status, 403, JSON.stringify(headers));
      assert.match(String(reply.headers['x-amzn-requestid']), /^[0-9a-f-]{36}$/);
      assert.equal(reply.headers['access-control-allow-origin'], undefined);
    }
  });

  test('of Berth itself may', async () => {
    assert.equal((await from({ origin: door.url })).status, 200);
    assert.equal((await from({ origin: 'https://console.example.com' })).status, 200);
  });
});

describe('the access log', () => {
  const last = async (act: () => Promise<unknown>) => {
    const from = door.records.length;
    await act();
    return until('the record', () => door.records[from]);
  };

  test('has a line for each request: who, what, where, how it ended', async () => {
    const served = await last(() => send(plans['ecs (JSON)']));
    const { time, requestId, durationMs, ...rest } = served;
    assert.ok(Date.parse(time) > 0 && requestId.length === 36 && durationMs > 0);
    assert.deepEqual(rest, {
      sourceAddress: '127.0.0.1',
      method: 'POST',
      path: '/',
      service: 'ecs',
      operation: 'ListClusters',
      region,
      principal: `arn:aws:iam::${account}:root`,
      status: 200,
      errorCode: undefined,
      userAgent: undefined,
    });
    const refused = await last(() => send({ ...plans['ecs (JSON)'], credentials: wrongSecret }));
    assert.deepEqual(
      [refused.status, refused.errorCode, refused.principal],
      [400, 'InvalidSignatureException', undefined],
    );
    const turnedAway = await last(() =>
      exchange(door.port, { method: 'GET', path: '/x', headers: { host: 'evil.example' }, body: Buffer.alloc(0) }),
    );
    assert.deepEqual([turnedAway.status, turnedAway.path], [403, '/x']);
    const registry = await last(() =>
      exchange(door.port, { method: 'GET', path: '/v2/', headers: { host: 'localhost' }, body: Buffer.alloc(0) }),
    );
    assert.deepEqual([registry.service, registry.status, registry.path], ['registry', 401, '/v2/']);
  });

  test('has one for a client that left before it was answered', async () => {
    const { headers } = await sign(door.port, plans['ecs (JSON)']);
    const left = await last(async () => {
      const socket = connect(door.port, '127.0.0.1');
      const lines = Object.entries({ ...headers, 'content-length': '9' }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      socket.write(`POST / HTTP/1.1\r\n${lines.join('')}\r\n{`, () => socket.destroy());
    });
    assert.deepEqual([left.status, left.errorCode], [499, 'ClientClosedRequest']);
  });

  test('the id of a reply is the id of its line', async () => {
    const reply = await send(plans['sts (query)']);
    assert.ok(door.records.some(({ requestId }) => requestId === reply.headers['x-amzn-requestid']));
  });

  test('keeps no secret, signature, token or query', async () => {
    const presigned = await sign(door.port, {
      ...plans['s3 (REST-XML)'],
      expiresIn: 60,
      credentials: { ...keys, sessionToken: 'session-token-value' },
    });
    await exchange(door.port, presigned);
    await exchange(door.port, { ...presigned, path: `${door.url}${presigned.path}` });
    await exchange(door.port, { ...presigned, path: `/v2/${presigned.path}` });
    const signed = await sign(door.port, { ...plans['ecs (JSON)'], credentials: withToken });
    await exchange(door.port, signed);
    const signature = /Signature=([0-9a-f]{64})/;
    const written = JSON.stringify(door.records) + door.lines.join('');
    for (const text of [
      keys.secretAccessKey,
      'session-token-value',
      'X-Amz-',
      'Signature=',
      signature.exec(presigned.path)![1]!,
      signature.exec(signed.headers['authorization']!)![1]!,
    ]) {
      assert.ok(!written.includes(text), `the log contains ${text}`);
    }
    assert.deepEqual(
      door.lines.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
});

/** The environment of a client, without what would change its mind. */
const environment = (more: Record<string, string> = {}) => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !/_proxy$/i.test(name)),
  ),
  AWS_ENDPOINT_URL: door.url,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_MAX_ATTEMPTS: '1',
  ...more,
});

function missing(program: string, ...args: string[]): string | false {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `NOT TESTED: ${program} ${args.join(' ')} does not run`;
  }
}

describe('the aws CLI', { skip: missing('aws', '--version') }, () => {
  const aws = (args: string, more?: Record<string, string>) => run('aws', args.split(' '), { env: environment(more) });

  test('is told who it is', async () => {
    const { stdout } = await aws('sts get-caller-identity');
    assert.deepEqual(JSON.parse(stdout), { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });
  });

  test('shows why it was refused', async () => {
    await assert.rejects(aws('ecs list-clusters', { AWS_SECRET_ACCESS_KEY: 'wrong' }), /\(InvalidSignatureException\)/);
    await assert.rejects(aws('ec2 describe-vpcs', { AWS_ACCESS_KEY_ID: 'AKIAWRONG00000000000' }), /\(AuthFailure\)/);
    await assert.rejects(aws('s3api list-buckets'), /\(UnsupportedOperation\).*s3:ListBuckets/);
    await assert.rejects(aws('ecs list-clusters --starting-token x'), /\(InvalidParameterException\).*Invalid token/);
  });
});

const python = `
import os, boto3, urllib.request
from botocore.config import Config
from botocore.exceptions import ClientError
def code(call):
    try: call()
    except ClientError as error:
        assert error.response['ResponseMetadata'].get('RequestId'), error.response
        return error.response['Error']['Code']
    return 'served'
v4 = Config(signature_version='s3v4', retries={'total_max_attempts': 1})
wrong = dict(aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'], aws_secret_access_key='wrong')
print(boto3.client('sts').get_caller_identity()['Account'])
for name, call in [('sts', 'get_caller_identity'), ('ec2', 'describe_vpcs'), ('logs', 'describe_log_groups'), ('ecr', 'describe_repositories'), ('s3', 'list_buckets'), ('cloudwatch', 'list_metrics')]:
    print(name, code(getattr(boto3.client(name), call)), code(getattr(boto3.client(name, **wrong), call)))
url = boto3.client('sts').generate_presigned_url('get_caller_identity', HttpMethod='GET')
print(urllib.request.urlopen(url).status)
def fetch(url):
    try: return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error: return error.read().decode().split('<Code>')[1].split('<')[0]
parameters = dict(Bucket='bucket', Key='a b/c+d')
print(fetch(boto3.client('s3', config=v4).generate_presigned_url('get_object', Params=parameters)))
print(fetch(boto3.client('s3', config=v4, **wrong).generate_presigned_url('get_object', Params=parameters)))
print(fetch(boto3.client('s3').generate_presigned_url('get_object', Params=parameters)))
`;

test(
  'boto3 is served, refused and presigns as on AWS',
  { skip: missing('python3', '-c', 'import boto3') },
  async () => {
    const { stdout } = await run('python3', ['-c', python], { env: environment() });
    assert.deepEqual(stdout.trim().split('\n'), [
      account,
      'sts served SignatureDoesNotMatch',
      'ec2 served AuthFailure',
      'logs served InvalidSignatureException',
      'ecr served InvalidSignatureException',
      's3 UnsupportedOperation SignatureDoesNotMatch',
      'cloudwatch UnsupportedOperation InvalidSignatureException',
      '200',
      'UnsupportedOperation',
      'SignatureDoesNotMatch',
      'InvalidRequest',
    ]);
  },
);

test('while Berth starts everything but its health waits', async (t) => {
  const starting = await openFrontDoor({ ready: false });
  t.after(() => starting.close());
  const ask = async (signed: Signed) => exchange(starting.port, signed);
  const reply = await ask(await sign(starting.port, plans['ecs (JSON)']));
  assert.deepEqual([reply.status, reply.text], [503, 'Berth is starting.\n']);
  const health = await ask({
    method: 'GET',
    path: '/_berth/health',
    headers: { host: 'localhost' },
    body: Buffer.alloc(0),
  });
  assert.deepEqual([health.status, JSON.parse(health.text).status], [503, 'starting']);
});

test('long bodies are taken only of those who have a key', async () => {
  const put: Plan = { service: 's3', method: 'PUT', path: '/bucket/key', body: Buffer.alloc(2 * 1024 * 1024) };
  expectRefusal(await send(put), [400, 'UnsupportedOperation']);
  expectRefusal(await send({ ...put, credentials: wrongId }), [400, 'EntityTooLarge']);
});
