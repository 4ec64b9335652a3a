// The gateway's steps over a service made for the test: their order, what is durable when, and what faults of ours look like.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as ask, type IncomingHttpHeaders } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { systemClock } from '#kernel/clock.ts';
import { AwsError } from '#kernel/error.ts';
import { createLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import type { Kind } from '#kernel/store.ts';
import { until } from '#kernel/until.fixture.ts';
import type { AccessRecord } from './access-record.ts';
import { createGateway } from './gateway.ts';
import { PageTokens } from './page-token.ts';
import { receiveHead } from './receive.ts';
import { Sha256 } from './sdk-signer.fixture.ts';
import { defineService, type AccessRequest, type Context, type Operations } from './service.ts';

const keys = { accessKeyId: 'AKIAGATEWAYTEST00000', secretAccessKey: 'secret' };
const principal = {
  account: '123456789012',
  arn: 'arn:aws:iam::123456789012:root',
  userId: '123456789012',
  accessKeyId: keys.accessKeyId,
};
const kind: Kind<{ name: string }, Record<string, never>> = { name: 'test/thing', version: 1 };

interface Bench {
  readonly port: number;
  readonly disk: MemoryDisk;
  readonly records: AccessRecord[];
  readonly lines: string[];
  readonly asked: AccessRequest[];
  /** Calls an operation of ecs in JSON. */
  call(operation: string, input?: object): Promise<Reply>;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly __type?: string; readonly message?: string };
}

interface Options {
  readonly allow?: boolean;
}

async function build(t: TestContext, operations: Operations<'ecs'>, { allow = true }: Options = {}): Promise<Bench> {
  const records: AccessRecord[] = [];
  const lines: string[] = [];
  const asked: AccessRequest[] = [];
  const log = createLog(systemClock, 'warn', (line) => lines.push(line));
  const disk = createMemoryDisk(systemClock);
  const onFatal = (error: Error): void => void lines.push(error.message);
  const store = await createStore({ database: disk.open(), kinds: [kind], log, onFatal });
  const gateway = createGateway({
    services: [defineService('ecs', operations)],
    store,
    authorizer: {
      credential: (id) => (id === keys.accessKeyId ? { principal, secretAccessKey: keys.secretAccessKey } : undefined),
      authorize(request) {
        asked.push(request);
        if (!allow) throw new AwsError('AccessDeniedException', 'no');
      },
    },
    pageTokens: new PageTokens(Buffer.alloc(32)),
    clock: systemClock,
    random: seededRandom(1),
    log,
    recordAccess: (record) => records.push(record),
    maxBodyBytes: 1024,
  });
  const server = createServer((request, response) => void gateway(request, response, receiveHead(request))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await store.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, disk, records, lines, asked, call: (operation, input = {}) => callEcs(port, operation, input) };
}

async function signed(port: number, operation: string, body: string): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: 'ecs', region: 'eu-west-1', credentials: keys, sha256: Sha256 });
  const headers = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
  };
  const plan = { method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path: '/', query: {}, headers, body };
  return (await signer.sign(plan)).headers;
}

async function callEcs(port: number, operation: string, input: object): Promise<Reply> {
  const body = JSON.stringify(input);
  const headers = await signed(port, operation, body);
  return new Promise((resolve, reject) => {
    const sent = ask({ host: '127.0.0.1', port, method: 'POST', path: '/', headers }, (message) => {
      let text = '';
      message.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      message.once('end', () => {
        resolve({ status: message.statusCode!, headers: message.headers, body: JSON.parse(text) as Reply['body'] });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

const noClusters = { clusterArns: [] };

test('the handler learns who asks, where and when', async (t) => {
  let seen: Context | undefined;
  const { call } = await build(t, {
    ListClusters: {
      accepts: {},
      read(_input, _reader, context) {
        seen = context;
        return noClusters;
      },
    },
  });
  const { headers } = await call('ListClusters');
  const { account, region, requestId, sourceAddress, now } = seen!;
  assert.deepEqual(
    [account, region, sourceAddress, seen!.principal],
    ['123456789012', 'eu-west-1', '127.0.0.1', principal],
  );
  assert.equal(requestId, headers['x-amzn-requestid']);
  assert.ok(Math.abs(now.getTime() - Date.now()) < 60_000);
});

test('a request is decoded, validated and masked before it is authorised, and authorised before it runs', async (t) => {
  const ran: string[] = [];
  const { call, asked } = await build(
    t,
    {
      DeleteCluster: {
        accepts: { cluster: true },
        resource: ({ cluster }, { region }) => `arn:${region}:${cluster}`,
        run() {
          ran.push('DeleteCluster');
          return {};
        },
      },
      CreateCluster: { accepts: { clusterName: true }, action: 'ecs:Other', run: () => ({}) },
    },
    { allow: false },
  );
  assert.equal((await call('DeleteCluster', {})).body.__type, 'InvalidParameterException');
  assert.equal((await call('DeleteCluster', { cluster: 1 })).body.__type, 'SerializationException');
  assert.match((await call('CreateCluster', { tags: [{ key: 'a' }] })).body.message!, /the member 'tags'/);
  assert.deepEqual(asked, []);
  assert.equal((await call('DeleteCluster', { cluster: 'a' })).body.__type, 'AccessDeniedException');
  assert.equal((await call('CreateCluster', {})).body.__type, 'AccessDeniedException');
  assert.deepEqual(asked, [
    { principal, action: 'ecs:DeleteCluster', resources: ['arn:eu-west-1:a'] },
    { principal, action: 'ecs:Other', resources: ['*'] },
  ]);
  assert.deepEqual(ran, []);
});

test('no reply reveals what is not durable, neither of a writing nor of a reading that saw it', async (t) => {
  const { call, disk } = await build(t, {
    CreateCluster: {
      accepts: { clusterName: true },
      run({ clusterName = '' }, tx) {
        tx.put(kind, clusterName, { spec: { name: clusterName }, status: {} });
        return { cluster: { clusterName } };
      },
    },
    ListClusters: {
      accepts: {},
      read: (_input, reader) => ({ clusterArns: reader.list(kind).map(({ key }) => key) }),
    },
  });
  await call('ListClusters');
  disk.delay = () => 100;
  const landed: number[] = [];
  const note = () => landed.push(disk.commits);
  await Promise.all([call('CreateCluster', { clusterName: 'a' }).then(note), call('ListClusters').then(note)]);
  assert.equal(landed[0], 1, 'the first reply came after the commit');
  assert.deepEqual((await call('ListClusters')).body, { clusterArns: ['a'] });
});

test('a fault of ours is a 500 in the words of the protocol, without what it is about, which goes to the log', async (t) => {
  const { call, lines, records } = await build(t, {
    ListClusters: {
      accepts: {},
      read() {
        throw new TypeError('the inner secret');
      },
    },
    // Not of its shape.
    ListTasks: { accepts: {}, read: () => ({ taskArns: 5 }) as unknown as { taskArns: string[] } },
  });
  for (const operation of ['ListClusters', 'ListTasks']) {
    const { status, body, headers } = await call(operation);
    assert.deepEqual([status, body.__type], [500, 'InternalFailure']);
    assert.ok(!JSON.stringify(body).includes('secret'));
    const line = lines.at(-1)!;
    assert.ok(line.includes(headers['x-amzn-requestid'] as string) && line.includes(operation));
    assert.deepEqual([records.at(-1)!.status, records.at(-1)!.errorCode], [500, 'InternalFailure']);
  }
  assert.match(lines[0]!, /the inner secret/);
});

test('an operation under way is told when its client goes away', async (t) => {
  const begun = Promise.withResolvers<AbortSignal>();
  const { port, records, lines } = await build(t, {
    ListClusters: {
      accepts: {},
      perform: (_input, _context, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          begun.resolve(signal);
        }),
    },
  });
  const headers = { ...(await signed(port, 'ListClusters', '{}')), 'content-length': '2' };
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST / HTTP/1.1\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n{}`,
  );
  const signal = await begun.promise;
  assert.equal(signal.aborted, false);
  socket.destroy();
  const record = await until('the record', () => records[0]);
  assert.deepEqual([signal.aborted, record.status, record.errorCode], [true, 499, 'ClientClosedRequest']);
  assert.deepEqual(lines, []);
});

test('a body over the limit is refused', async (t) => {
  const { call } = await build(t, { ListClusters: { accepts: {}, read: () => noClusters } });
  assert.equal((await call('ListClusters', { other: 'a'.repeat(900) })).status, 200);
  const { status, body } = await call('ListClusters', { other: 'a'.repeat(1100) });
  assert.deepEqual([status, body.__type], [413, 'RequestEntityTooLarge']);
});
