// AWS's own registry names: what a certificate says of them, whom the second door serves, and what it says when it cannot.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { AccessRecord } from '#aws/access-record.ts';
import { systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { until } from '#kernel/until.fixture.ts';
import { openAwsDoor } from './aws-door.ts';
import { endsSoon, listenRefusal, readAwsHostnames } from './aws-hostnames.ts';
import { createRegistryServer, type HttpServerParts, type Rooms } from './http-server.ts';

const name = '777700001234.dkr.ecr.eu-west-3.amazonaws.com';
const address = '127.77.4.9';

/** A folder as script/setup --aws-hostnames leaves it; gone with the test. */
function setUp(t: TestContext, days = 825, names = `DNS:${name},DNS:other.example,IP:${address}`): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-names-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', String(days), ...subject, ...files], { stdio: 'ignore' });
  return folder;
}

function partsFor(records: AccessRecord[], rooms: Rooms | undefined): HttpServerParts {
  return {
    door: { hosts: new Set([name]), origins: new Set(), only: true },
    rooms: () => rooms,
    recordAccess: (record) => records.push(record),
    clock: systemClock,
    random: seededRandom(1),
    version: '1.2.3',
    log: silentLog,
  };
}

const standing: Rooms = {
  gateway: () => Promise.reject(new Error('the gateway was asked')),
  registry: async (asked, response) => void response.end(`registry ${asked.url}`),
};

test('a certificate says which names lead where, and until when', (t) => {
  const folder = setUp(t);
  const known = readAwsHostnames(folder)!;
  assert.deepEqual([known.names, known.address], [[name, 'other.example'], address]);
  const dayMs = 24 * 60 * 60 * 1000;
  assert.equal(endsSoon(known, new Date()), false);
  assert.equal(endsSoon(known, new Date(known.validTo.getTime() - 59 * dayMs)), true);
});

test('where nothing is set up, or it is not wanted, there is nothing to serve', (t) => {
  assert.equal(readAwsHostnames('/nonexistent'), undefined);
  assert.equal(readAwsHostnames('none'), undefined);
  assert.throws(() => readAwsHostnames(setUp(t, 825, `DNS:${name}`)), /names no host, or no address/);
});

const refusals: readonly (readonly [code: string, why: RegExp, remedy: RegExp])[] = [
  ['EADDRINUSE', /127\.77\.4\.9:443 is taken/, /Another Berth/],
  ['EACCES', /for root alone/, /CAP_NET_BIND_SERVICE/],
  ['EADDRNOTAVAIL', /cannot listen on 127\.77\.4\.9:443 \(no\)/, /script\/setup/],
];
for (const [code, why, remedy] of refusals) {
  test(`${code} is said with what to do`, () => {
    const refusal = listenRefusal(Object.assign(new Error('no'), { code }), address);
    assert.match(refusal.why, why);
    assert.match(refusal.remedy, remedy);
  });
}

test('a door that cannot be opened is done without, and says why', async (t) => {
  const parts = partsFor([], standing);
  assert.deepEqual(await openAwsDoor('/nonexistent', parts), { names: [] });
  const broken = setUp(t);
  writeFileSync(join(broken, 'certificate.pem'), 'not a certificate');
  assert.match((await openAwsDoor(broken, parts)).warning ?? '', /^AWS's registry names are not served: /);
  const keyless = setUp(t);
  rmSync(join(keyless, 'key.pem'));
  const door = await openAwsDoor(keyless, parts);
  assert.deepEqual([door.names, door.server], [[], undefined]);
  assert.match(door.warning ?? '', /ENOENT.*key\.pem.*script\/setup --aws-hostnames again, by sudo as this user$/);
});

test('a port that is taken is done without; one that is free is served, with a word where the end is near', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('PORT 443 IS FOR ROOT ALONE: run as root');
  const parts = partsFor([], standing);
  const folder = setUp(t, 30);
  const rival = createServer();
  rival.listen(443, address);
  await once(rival, 'listening');
  assert.match((await openAwsDoor(folder, parts)).warning ?? '', /127\.77\.4\.9:443 is taken/);
  rival.close();
  await once(rival, 'close');
  const door = await openAwsDoor(folder, parts);
  t.after(() => door.server?.close());
  assert.deepEqual(door.names, [name, 'other.example']);
  assert.match(door.warning ?? '', /ends on \d{4}-\d\d-\d\d: run script\/setup --aws-hostnames again$/);
});

/** A listening second door, on a port of its own. */
async function open(t: TestContext, parts: HttpServerParts): Promise<{ port: number; certificate: string }> {
  const folder = setUp(t);
  const certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8');
  const key = readFileSync(join(folder, 'key.pem'), 'utf8');
  const server: Server = await createRegistryServer(parts, { certificate, key });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, certificate };
}

test('only the registry is behind the second door, and only under its names', async (t) => {
  const records: AccessRecord[] = [];
  const { port, certificate } = await open(t, partsFor(records, standing));
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const asked = request({ host: '127.0.0.1', port, path, ca: certificate, servername: name, headers });
    asked.end();
    const [response] = await once(asked, 'response');
    return [response.statusCode, (await text(response)).trim()];
  };
  const host = name;
  assert.deepEqual(await ask('/v2/app/tags/list?n=1', { host }), [200, 'registry /v2/app/tags/list?n=1']);
  assert.deepEqual(await ask('/v2/', { host: `${name}:443` }), [200, 'registry /v2/']);
  const signed = { host, authorization: 'AWS4-HMAC-SHA256 Credential=x' };
  for (const [path, headers] of [
    ['/', { host }],
    ['/_berth/health', { host }],
    ['/v2/', signed],
    ['/', signed],
  ] as const) {
    assert.deepEqual(await ask(path, headers), [404, 'Only the image registry has this name.'], path);
  }
  for (const foreign of ['localhost', '127.0.0.1', '123456789012.dkr.ecr.us-east-1.amazonaws.com']) {
    assert.equal((await ask('/v2/', { host: foreign }))[0], 403, foreign);
  }
  assert.equal((await ask('/v2/', { host, origin: 'https://evil.example' }))[0], 403);
  await until('every request has its record', () => records.length === 10);
});

test('until everything serves the second door says so, and who speaks no TLS harms nobody', async (t) => {
  const parts = partsFor([], undefined);
  const { port, certificate } = await open(t, parts);
  for (const words of ['GET /v2/ HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x02\x01\x00', '']) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume().end(words);
    await once(socket, 'close');
  }
  const asked = request({ host: '127.0.0.1', port, path: '/v2/', ca: certificate, servername: name });
  asked.setHeader('host', name).end();
  const [response] = await once(asked, 'response');
  assert.equal(response.statusCode, 503);
  response.resume();
});
