// The only wiring: every service, driver and reconciler is made here. Read this first.
import type { AccessRecord } from '#aws/access-record.ts';
import { createGateway, type Gateway } from '#aws/gateway.ts';
import { PageTokens } from '#aws/page-token.ts';
import type { Authorizer, Service } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Journal } from '#drivers/journal.ts';
import type { Runtime } from '#drivers/runtime.ts';
import type { Scanner } from '#drivers/scanner.ts';
import type { UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { startQueue, type Queue } from '#kernel/queue.ts';
import type { Random } from '#kernel/random.ts';
import { createStore } from '#kernel/store-create.ts';
import type { Database, Store } from '#kernel/store.ts';
import { createNode, type Node } from '#node/agent.ts';
import { ec2Kinds } from '#services/ec2/kinds.ts';
import { createEc2 } from '#services/ec2/service.ts';
import { ecrKinds } from '#services/ecr/every-kind.ts';
import { createEcr, type Ecr } from '#services/ecr/service.ts';
import { ecsKinds } from '#services/ecs/kinds.ts';
import { createEcs } from '#services/ecs/service.ts';
import { createAuthorizer, type RootKeys } from '#services/iam/authorizer.ts';
import { createSts } from '#services/iam/sts.ts';
import { logsKinds } from '#services/logs/kinds.ts';
import { createLogs } from '#services/logs/service.ts';

/** What an installation is. */
export interface Installation {
  /** The home account and region. */
  readonly home: Scope;
  readonly root: RootKeys;
  /** Where engines and clients reach the registry: `localhost:4566`. */
  readonly registryEndpoint: string;
  /** Address range of the first default VPC. */
  readonly vpcCidr: string;
  /** Tells this installation's containers from others' on the same engine. */
  readonly installation: string;
  /** 32 bytes each. */
  readonly pageTokenKey: Buffer;
  readonly registryTokenKey: Buffer;
  /** Root keys of other accounts are derived from it. */
  readonly accountKeysKey: Buffer;
}

/** All time, chance and I/O: real in main.ts, virtual in test/sim. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly database: Database;
  readonly runtime: Runtime;
  /** What the runtime's machine is. */
  readonly architecture: 'X86_64' | 'ARM64';
  readonly blobs: Blobs;
  /** Other registries, for pull-through caches. */
  readonly upstream: UpstreamRegistry;
  readonly scanner: Scanner;
  readonly journal: Journal;
  readonly recordAccess: (record: AccessRecord) => void;
  /** The store failed: end the process. */
  readonly onFatal: (error: Error) => void;
  /** Resolves at the end of the present turn; a virtual clock brings its own. */
  readonly turn?: () => Promise<void>;
}

/** A control plane with its node, at work. */
export interface App {
  readonly gateway: Gateway;
  readonly registry: Ecr['registry'];
  readonly services: readonly Service[];
  readonly store: Store;
  readonly queue: Queue;
  /** Asks every task to stop, and resolves once all have and nothing of them is left on the engine. */
  stopAllTasks(): Promise<void>;
  /** Stops the control plane; containers run on. */
  close(): Promise<void>;
}

const maxBodyBytes = 32 * 1024 * 1024;

/** Loads what is stored and sets everything to work. Rejects where the database cannot be used. */
export async function createApp(installation: Installation, world: World): Promise<App> {
  const { clock, random, log, database, journal } = world;
  const store = await createStore({
    database,
    kinds: [...ec2Kinds, ...ecrKinds, ...ecsKinds, ...logsKinds],
    log,
    onFatal: world.onFatal,
    turn: world.turn,
  });

  const authorizer = createAuthorizer(installation.root, installation.accountKeysKey);
  const parts = createServices(installation, world, store, authorizer);
  const { sts, ec2, logs, ecr, ecs } = parts;
  const node = createOwnNode(installation, world, parts);

  const services = [sts, ec2.service, ecr.service, ecs.service, logs.service];
  const gateway = createGateway({
    services,
    store,
    authorizer,
    pageTokens: new PageTokens(installation.pageTokenKey),
    clock,
    random,
    log,
    recordAccess: world.recordAccess,
    maxBodyBytes,
  });

  const stopping = new AbortController();
  const working = node.run(stopping.signal);
  await ecs.attach(node.session);
  const reconcilers = [...ecs.reconcilers, ...ecr.reconcilers, ...logs.reconcilers];
  const queue = startQueue({ store, reconcilers, clock, random, log, signal: stopping.signal });

  return {
    gateway,
    registry: ecr.registry,
    services,
    store,
    queue,
    async stopAllTasks() {
      await ecs.stopAllTasks('Berth was stopped with its tasks');
      await node.clear();
    },
    async close() {
      stopping.abort();
      await Promise.all([queue.stopped, working]);
      await store.close();
      await journal.close();
    },
  };
}

/** Every service, with what it may ask of its neighbours. */
function createServices(installation: Installation, world: World, store: Store, authorizer: Authorizer) {
  const { clock, random, log, blobs, journal } = world;
  const { home } = installation;
  const sts = createSts();
  const ec2 = createEc2({ vpcCidr: installation.vpcCidr, random });
  const logs = createLogs({ store, journal, clock, random, log });
  const ecr = createEcr({
    store,
    blobs,
    upstream: world.upstream,
    scanner: world.scanner,
    clock,
    random,
    log,
    authorizer,
    tokenKey: installation.registryTokenKey,
    endpoint: installation.registryEndpoint,
    home,
  });
  const ecs = createEcs({
    store,
    clock,
    random,
    log,
    images: ecr.images,
    networkInterfaces: ec2.networkInterfaces,
    home,
    architecture: world.architecture,
  });
  return { sts, ec2, logs, ecr, ecs };
}

/** The node of this very machine. */
function createOwnNode(
  { installation }: Installation,
  { runtime, clock, random, log }: World,
  { ecr, ecs, logs }: ReturnType<typeof createServices>,
): Node {
  return createNode({
    runtime,
    controlPlane: ecs.controlPlane,
    registryLogin: ({ registryId, region, repositoryName, account }) =>
      ecr.images.pullCredentials({ scope: { account: registryId, region }, repositoryName, account }),
    logSink: logs.containerLogs,
    clock,
    random,
    log,
    installation,
    containerInstanceArn: ecs.containerInstanceArn,
  });
}
