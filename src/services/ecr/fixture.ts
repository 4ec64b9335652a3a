// An ecr service on a store of its own, for tests: operations called as the gateway would, without a wire.
import { accessRequest } from '#aws/access-request.ts';
import type { Authorizer, Context, In, OperationName, Out, PageRequest, Principal } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import { FakeScanner } from '#drivers/scanner-fake.ts';
import type { Scanner } from '#drivers/scanner.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import type { UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Scope } from '#kernel/arn.ts';
import { systemClock, type Clock } from '#kernel/clock.ts';
import { AwsError } from '#kernel/error.ts';
import { silentLog, type Log } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import type { Store } from '#kernel/store.ts';
import { createAuthorizer } from '#services/iam/authorizer.ts';
import { ecrKinds } from './every-kind.ts';
import { createEcr, type Ecr } from './service.ts';

export const home: Scope = { account: '123456789012', region: 'us-east-1' };
export const elsewhere: Scope = { account: '210987654321', region: 'eu-west-1' };

/** A clock that shows what it is set to. */
export interface SetClock {
  now(): Date;
  set(at: Date): void;
  /** Real time: only refused bodies are waited for. */
  sleep: Clock['sleep'];
}

/** Decides as iam does, with one access key for the root of each account: `AKIA<account>`, unless it is in `revoked`. */
export interface RootAuthorizer extends Authorizer {
  readonly revoked: Set<string>;
  /** Actions that are refused to everyone. */
  readonly denied: Set<string>;
}

export interface Fixture {
  readonly ecr: Ecr;
  readonly store: Store;
  readonly disk: MemoryDisk;
  readonly clock: SetClock;
  readonly authorizer: RootAuthorizer;
  /** Runs an operation as the root of `scope`'s account. */
  call<N extends OperationName<'ecr'> & string>(name: N, input: In<'ecr', N>, scope?: Scope): Promise<Out<'ecr', N>>;
  /** The Authorization header of a token that GetAuthorizationToken gave to the root of an account. */
  authorization(account?: string): Promise<string>;
}

export function rootOf(account: string): Principal {
  return { account, arn: `arn:aws:iam::${account}:root`, userId: account, accessKeyId: `AKIA${account}` };
}

/** `disk`: what an earlier fixture left, to open it again as after a restart. */
export async function createFixture(options: {
  readonly blobs: Blobs;
  readonly endpoint?: string;
  readonly disk?: MemoryDisk;
  readonly upstream?: UpstreamRegistry;
  readonly scanner?: Scanner;
  readonly log?: Log;
}): Promise<Fixture> {
  const clock = createSetClock();
  const disk = options.disk ?? createMemoryDisk(clock);
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await createStore({ database: disk.open(), kinds: ecrKinds, log: silentLog, onFatal, strict: true });
  const authorizer = createRootAuthorizer();
  const { blobs, endpoint = 'localhost:4566', scanner = new FakeScanner(), log = silentLog } = options;
  const parts = { store, blobs, scanner, clock, random: systemRandom, log, authorizer };
  const upstream = options.upstream ?? new FakeUpstream();
  const ecr = createEcr({ ...parts, upstream, tokenKey: Buffer.alloc(32, 7), endpoint, home });
  const call: Fixture['call'] = async (name, input, scope = home) => {
    const operation = ecr.service.operations.get(name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    const context = contextOf(scope, clock.now());
    const asked = { operationName: name, operation, input, context, secure: false };
    authorizer.authorize(accessRequest(ecr.service, asked, store));
    if ('run' in operation) return (await store.write((tx) => operation.run(input, tx, context))) as never;
    if ('read' in operation) return store.read((reader) => operation.read(input, reader, context)) as never;
    return (await operation.perform(input, context, AbortSignal.timeout(10_000))) as never;
  };
  const authorization = async (account = home.account) => {
    const { authorizationData = [] } = await call('GetAuthorizationToken', {}, { ...home, account });
    return `Basic ${authorizationData[0]?.authorizationToken}`;
  };
  return { ecr, store, disk, clock, authorizer, call, authorization };
}

function contextOf(scope: Scope, now: Date): Context {
  return {
    ...scope,
    requestId: '00000000-0000-4000-8000-000000000000',
    principal: rootOf(scope.account),
    now,
    sourceAddress: '127.0.0.1',
    sealToken: (position) => position,
    openToken: (token) => token,
    page<T>(items: readonly T[], keyOf: (item: T) => string, { token, limit }: PageRequest) {
      const following = items.filter((item) => token === undefined || keyOf(item) > token);
      const page = following.slice(0, limit);
      return { items: page, ...(following.length > limit ? { nextToken: keyOf(page.at(-1)!) } : {}) };
    },
  };
}

function createSetClock(): SetClock {
  let at = new Date('2026-01-01T00:00:00Z');
  return { ...systemClock, now: () => at, set: (to) => (at = to) };
}

function createRootAuthorizer(): RootAuthorizer {
  const revoked = new Set<string>();
  const denied = new Set<string>();
  const keys = { account: home.account, accessKeyId: `AKIA${home.account}`, secretAccessKey: 'secret' };
  const iam = createAuthorizer(keys, Buffer.alloc(32, 8));
  return {
    revoked,
    denied,
    credential(accessKeyId) {
      const account = accessKeyId.slice('AKIA'.length);
      return revoked.has(account) ? undefined : { principal: rootOf(account), secretAccessKey: 'secret' };
    },
    authorize(request) {
      const { action } = request;
      if (denied.has(action)) throw new AwsError('AccessDeniedException', `${action} is refused`);
      iam.authorize(request);
    },
  };
}
