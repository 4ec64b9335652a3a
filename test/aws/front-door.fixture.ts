// For tests: the whole app behind its real port, on a store in memory and an engine that is played.
import { once } from 'node:events';
import { request as ask, type Agent, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessRecord } from '#aws/access-record.ts';
import { Sha256 } from '#aws/sdk-signer.fixture.ts';
import { FakeScanner } from '#drivers/scanner-fake.ts';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeEngine } from '#drivers/fake-engine.ts';
import { createFakeJournal } from '#drivers/journal-fake.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { systemClock, type Clock } from '#kernel/clock.ts';
import { createLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import { createApp, type App } from '#app.ts';
import { createHttpServer } from '#http-server.ts';

export const account = '123456789012';
export const region = 'us-east-1';
export const keys = { accessKeyId: 'AKIAFRONTDOORTEST000', secretAccessKey: 'front-door-secret/that+is=never-logged' };

export interface FrontDoor {
  readonly port: number;
  readonly url: string;
  readonly app: App;
  readonly disk: MemoryDisk;
  /** The access log so far. */
  readonly records: AccessRecord[];
  /** The control plane's log so far, a line each. */
  readonly lines: string[];
  close(): Promise<void>;
}

export interface FrontDoorOptions {
  readonly clock?: Clock;
  /** The rooms stay shut where it is false. */
  readonly ready?: boolean;
}

/** Serves on a free port. */
export async function openFrontDoor({ clock = systemClock, ready = true }: FrontDoorOptions = {}): Promise<FrontDoor> {
  const records: AccessRecord[] = [];
  const lines: string[] = [];
  const log = createLog(clock, 'warn', (line) => lines.push(line));
  const disk = createMemoryDisk(clock);
  const random = systemRandom;
  const rooms: { open?: App } = {};
  const server = createHttpServer({
    door: { hosts: new Set(['berth.example.com']), origins: new Set(['https://console.example.com']) },
    rooms: () => (ready ? rooms.open : undefined),
    recordAccess: (record) => records.push(record),
    clock,
    random,
    version: '0.0.0-test',
    log,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const app = await createApp(
    {
      home: { account, region },
      root: { account, ...keys },
      registryEndpoint: `localhost:${port}`,
      vpcCidr: '172.31.0.0/16',
      installation: 'front-door-test',
      pageTokenKey: Buffer.alloc(32, 1),
      registryTokenKey: Buffer.alloc(32, 2),
      accountKeysKey: Buffer.alloc(32, 3),
    },
    {
      clock,
      random,
      log,
      database: disk.open(),
      runtime: new FakeRuntime(new FakeEngine({ clock, random })),
      architecture: 'X86_64',
      scanner: new FakeScanner(),
      blobs: new FakeBlobs({ clock, random }),
      upstream: new FakeUpstream(),
      journal: createFakeJournal(),
      recordAccess: (record) => records.push(record),
      onFatal(error) {
        throw error;
      },
    },
  );
  rooms.open = app;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    app,
    disk,
    records,
    lines,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await app.close();
    },
  };
}

/** A request to be signed by the SDK's signer. */
export interface Plan {
  readonly service: string;
  readonly region?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly signedAt?: Date;
  /** Seconds; the query form where present. */
  readonly expiresIn?: number;
}

export interface Signed {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Signs a plan for a port. */
export async function sign(port: number, plan: Plan): Promise<Signed> {
  const s3 = plan.service === 's3';
  const body = Buffer.from(plan.body ?? '');
  const headers: Record<string, string> = { ...plan.headers, host: `127.0.0.1:${port}` };
  if (s3 && plan.expiresIn !== undefined) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  const signer = new SignatureV4({
    service: plan.service,
    region: plan.region ?? region,
    credentials: plan.credentials ?? keys,
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: s3,
  });
  const unsigned = {
    method: plan.method ?? 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    path: plan.path ?? '/',
    query: { ...plan.query },
    headers,
    body,
  };
  const signingDate = plan.signedAt ?? new Date();
  const signed =
    plan.expiresIn === undefined
      ? await signer.sign(unsigned, { signingDate })
      : await signer.presign(unsigned, { signingDate, expiresIn: plan.expiresIn });
  const pairs = Object.entries(signed.query ?? {}).map(([key, value]) => `${escape(key)}=${escape(String(value))}`);
  const path = pairs.length === 0 ? signed.path : `${signed.path}?${pairs.join('&')}`;
  return { method: signed.method, path, headers: signed.headers, body };
}

const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Sends a request as it is; resolves with the whole reply. */
export function exchange(port: number, { method, path, headers, body }: Signed, agent?: Agent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = ask({ host: '127.0.0.1', port, method, path, headers, agent }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.once('error', reject);
      message.once('end', () => {
        const whole = Buffer.concat(chunks);
        resolve({ status: message.statusCode!, headers: message.headers, body: whole, text: whole.toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The code of an error reply in any of the protocols but CBOR. */
export function errorCode({ text }: Reply): string | undefined {
  return /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type":"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1];
}
