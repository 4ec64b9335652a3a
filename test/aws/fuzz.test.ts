// Tens of thousands of broken requests, the same ones each time: none of them hurts the server or is answered with 5xx.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { exchange, openFrontDoor, sign, type FrontDoor, type Plan } from './front-door.fixture.ts';
import { garbage, mutated, valid } from './mutation.fixture.ts';
import { bytesOf, isFramed, RawConnection, signRaw, type Heard, type RawRequest } from './raw-request.fixture.ts';
import { Chance } from './shape-values.fixture.ts';

const total = Number(process.env.BERTH_FUZZ_REQUESTS ?? 30_000);
const seed = Number(process.env.BERTH_FUZZ_SEED ?? 1);
const connections = 16;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** One request of the fuzz: bytes, and how its answer is to be waited for. */
interface Shot {
  readonly bytes: Buffer;
  readonly method: string;
  /** It has one answer of its own; otherwise everything until the connection's end is heard. */
  readonly sound: boolean;
}

/** A reply to HEAD has no body, but who sends two requests in one cannot tell which reply is whose. */
const garbageOf = (request: RawRequest, chance: Chance): Shot => {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return { bytes: garbage(bytesOf({ ...request, method }), chance), method, sound: false };
};

const shotOf = (request: RawRequest): Shot => ({
  bytes: bytesOf(request),
  method: request.method,
  sound: !isFramed(request) && !/\s/.test(`${request.path}${request.query}`),
});

/** Fires `count` shots over several connections and gives what went wrong, with the bytes that did it. */
async function fire(
  door: FrontDoor,
  count: number,
  aim: (index: number) => Shot,
  judge: (heard: Heard) => string | undefined,
) {
  const faults: string[] = [];
  let next = 0;
  const gun = async (): Promise<void> => {
    const connection = new RawConnection(door.port);
    while (next < count && faults.length < 10) {
      const index = next++;
      const shot = aim(index);
      const fault = await hear(connection, shot, judge);
      if (fault !== undefined)
        faults.push(`#${index}: ${fault} to ${JSON.stringify(shot.bytes.toString('latin1').slice(0, 1500))}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, gun));
  return faults;
}

async function hear(
  connection: RawConnection,
  { bytes, method, sound }: Shot,
  judge: (heard: Heard) => string | undefined,
) {
  try {
    const heard = sound ? await connection.ask(bytes, method) : await connection.pour(bytes);
    if (sound && heard.answers.length === 0) return 'no answer';
    for (const { status, headers } of heard.answers) {
      if (status >= 500) return `status ${status}`;
      if (status >= 200 && !headers.has('x-amzn-requestid') && !headers.has('x-amz-request-id'))
        return `status ${status} without an id`;
    }
    return judge(heard);
  } catch (thrown) {
    connection.close();
    return (thrown as Error).message;
  }
}

const anything = () => undefined;

test(`${total} broken requests (seed ${seed})`, { timeout: 300_000 }, async (t) => {
  const door = await openFrontDoor();
  t.after(() => door.close());
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const warm = async () =>
    assert.equal(
      (await exchange(door.port, await sign(door.port, { service: 'sts', headers: formType, body: who }))).status,
      200,
    );
  const third = Math.ceil(total / 3);
  await warm();
  for (const request of valid) await new RawConnection(door.port).ask(bytesOf(signRaw(request)), request.method);
  delay.enable();

  await t.test('those of strangers change nothing and are all refused', async () => {
    const chance = new Chance(seed);
    const before = door.disk.commits;
    const stranger = { secretAccessKey: 'not-the-secret' };
    const faults = await fire(
      door,
      third,
      (index) => {
        const request = chance.below(3) === 0 ? mutated(chance) : signRaw(mutated(chance), stranger);
        if (index % 3 > 0) return shotOf(request);
        return garbageOf(signRaw(request, stranger), chance);
      },
      ({ answers }) =>
        answers.some(({ status, body }) => status >= 200 && status < 300 && !isGreeting(body)) ? 'served' : undefined,
    );
    assert.deepEqual(faults, []);
    assert.equal(door.disk.commits, before);
  });

  await t.test('those signed before they were broken', async () => {
    const chance = new Chance(seed + 1);
    const faults = await fire(
      door,
      third,
      () => {
        const request = signRaw(chance.pick(valid));
        const at = chance.below(request.headers.length);
        const [name, value] = request.headers[at]!;
        const cut = chance.below(value.length + 1);
        const headers = request.headers.with(at, [
          name,
          value.slice(0, cut) + chance.pick(['', ' ', ',', ';', '=', 'é', value]),
        ]);
        return chance.below(2) === 0 ? shotOf({ ...request, headers }) : garbageOf(request, chance);
      },
      anything,
    );
    assert.deepEqual(faults, []);
  });

  collectGarbage();
  const heap = process.memoryUsage().heapUsed;

  await t.test('those broken and then signed, which reach the handlers', async () => {
    const chance = new Chance(seed + 2);
    const subnet = await realSubnet(door);
    const from = door.records.length;
    const aim = (): Shot => {
      const request = mutated(chance);
      const body = Buffer.from(request.body.toString('latin1').replace('subnet-1', subnet), 'latin1');
      return shotOf(signRaw({ ...request, body }));
    };
    assert.deepEqual(await fire(door, third, aim, anything), []);
    const reached = door.records.slice(from).filter(({ principal, operation }) => principal && operation);
    const served = reached.filter(({ status }) => status === 200);
    t.diagnostic(`${reached.length} reached an operation, ${served.length} were served`);
    assert.ok(reached.length > third / 3 && served.length > third / 20, 'the fuzz gets past the door');
  });

  delay.disable();
  collectGarbage();
  const grown = (process.memoryUsage().heapUsed - heap) / 1024 / 1024;
  t.diagnostic(`longest turn ${Math.round(delay.max / 1e6)} ms, heap grown by ${Math.round(grown)} MiB`);
  assert.ok(delay.max < 1e9, `the event loop stood still for ${Math.round(delay.max / 1e6)} ms`);
  assert.ok(grown < 100, `the heap grew by ${Math.round(grown)} MiB`);
  assert.deepEqual(door.lines.filter((line) => line.includes('"level":"error"')).slice(0, 3), []);
  await warm();
});

/** A subnet of the default VPC, so that tasks are really run. */
async function realSubnet(door: FrontDoor): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const plan = { service: 'ec2', headers, body: 'Action=DescribeSubnets&Version=2016-11-15' };
  return /subnet-[0-9a-f]+/.exec((await exchange(door.port, await sign(door.port, plan))).text)![0];
}

/** What anybody may read: that Berth is there. */
const isGreeting = (body: Buffer): boolean => body.byteLength === 0 || body.toString().startsWith('Berth 0.0.0-test:');

const mebibyte = 1024 * 1024;
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const target = (name: string) => ({ 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': name });
const ecs = (operation: string, body: string | Buffer, more: object = {}): Plan => ({
  service: 'ecs',
  headers: { ...target(`AmazonEC2ContainerServiceV20141113.${operation}`), ...more },
  body,
});
const fill = (before: string, part: string, after: string, bytes = mebibyte): string =>
  before + part.repeat(Math.floor((bytes - before.length - after.length) / part.length)) + after;
const who = 'Action=GetCallerIdentity&Version=2011-06-15';

/** Made of as many parts as fit, by one who has a key. */
const heavy: Readonly<Record<string, Plan>> = {
  'a form of empty parameters': { service: 'sts', headers: formType, body: fill(who, '&a', '') },
  'a form as dense as is taken': { service: 'sts', headers: formType, body: fill(who, '&abc=1', '', 175_000) },
  'a form that unfolds': {
    service: 'sts',
    headers: { ...formType, 'content-encoding': 'gzip' },
    body: gzipSync(fill(who, '&a', '', 15 * mebibyte)),
  },
  'JSON that unfolds': ecs('DescribeClusters', gzipSync(fill('{"clusters":["a"', ',"a"', ']}', 15 * mebibyte)), {
    'content-encoding': 'gzip',
  }),
  'a list': ecs('DescribeClusters', fill('{"clusters":["a"', ',"a"', ']}')),
  structures: ecs('CreateCluster', fill('{"tags":[{}', ',{"key":"a"}', ']}')),
  'members that nobody knows': ecs('ListClusters', fill('{"x":[{}', ',{}', ']}')),
  'a pattern': {
    service: 'logs',
    headers: target('Logs_20140328.FilterLogEvents'),
    body: fill('{"logGroupName":"x","filterPattern":"', '?a ', '"}', 2 * mebibyte),
  },
  'events without end': {
    service: 'logs',
    headers: target('Logs_20140328.PutLogEvents'),
    body: fill('{"logGroupName":"x","logStreamName":"y","logEvents":[{}', ',{}', ']}', 8 * mebibyte),
  },
  'events as many as are taken': {
    service: 'logs',
    headers: target('Logs_20140328.PutLogEvents'),
    body: fill('{"logGroupName":"x","logStreamName":"y","logEvents":[{}', ',{}', ']}', 1.5 * mebibyte),
  },
  'an object': { service: 's3', method: 'PUT', path: '/b/k', body: Buffer.alloc(31 * mebibyte) },
};

test('no single request holds up the others for a second', async (t) => {
  const door = await openFrontDoor();
  t.after(() => door.close());
  const delay = monitorEventLoopDelay({ resolution: 10 });
  for (const [name, plan] of Object.entries(heavy)) {
    const signed = await sign(door.port, plan);
    collectGarbage();
    delay.reset();
    delay.enable();
    const { status, text } = await exchange(door.port, signed);
    delay.disable();
    assert.ok(status < 500, `${name}: ${text}`);
    t.diagnostic(`${name}: ${status}, ${Math.round(delay.max / 1e6)} ms`);
    assert.ok(delay.max < 1e9, `${name} held up the others for ${Math.round(delay.max / 1e6)} ms`);
  }
});
