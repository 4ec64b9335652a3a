// What the simulated shop runs: images with their programs, and task definitions of each way to live and to end.
import type { In } from '#aws/service.ts';
import type { FakeEngine } from '#drivers/fake-engine.ts';
import type { FakeImage, FakeOutput } from '#drivers/fake-image.ts';
import { fraction, type Random } from '#kernel/random.ts';
import { home } from './home.ts';

type Definition = In<'ecs', 'RegisterTaskDefinition'>;
type Container = NonNullable<Definition['containerDefinitions']>[number];

export const sharedGroup = '/shop/shared';
/** Made by awslogs-create-group. */
export const ownGroup = '/shop/own';

function between(random: Random, from: number, to: number): number {
  return from + Math.floor(fraction(random) * (to - from));
}

function talk(lines: number, everyMs: number): FakeOutput[] {
  return Array.from({ length: lines }, (_, at) => ({ text: `line ${at}`, afterMs: Math.floor(at * everyMs) }));
}

const images: Readonly<Record<string, FakeImage>> = {
  'shop/job:1': {
    program: (_spec, random) => ({
      runsForMs: between(random, 0, 9_000),
      exitCode: Math.floor(between(random, 0, 3)),
      output: talk(6, 200),
      termExitCode: 9,
    }),
  },
  'shop/blink:1': { program: { runsForMs: 0, output: [{ text: 'blink' }] } },
  'shop/web:1': { program: { output: talk(15, 900), stopsInMs: 300, termExitCode: 0 }, pullMs: 400 },
  'shop/stubborn:1': { program: { output: talk(4, 50), ignoresTerm: true } },
  'shop/broken:1': { program: { failsToStart: 'exec: "nope": executable file not found in $PATH: unknown' } },
  'shop/greedy:1': { program: { memoryBytes: 2 ** 40, output: talk(5, 300) } },
  'shop/heavy:1': { program: { output: talk(5, 400) }, pullMs: 12_000 },
  'shop/denied:1': { program: {}, pullFails: { reason: 'denied', message: 'requested access is denied' } },
  // Well from its second or third check on.
  'shop/db:1': {
    program: (_spec, random) => ({
      checks: [false, ...(fraction(random) < 0.5 ? [false] : []), true],
      stopsInMs: 100,
      termExitCode: 0,
    }),
  },
  'shop/init:1': {
    program: (_spec, random) => ({
      runsForMs: between(random, 100, 3_000),
      exitCode: fraction(random) < 0.3 ? 1 : 0,
      output: talk(3, 20),
    }),
  },
  'localhost:4566/shop:v1': { program: { output: talk(8, 500) }, pullMs: 100 },
};

export function publishImages(engine: FakeEngine): void {
  for (const [reference, image] of Object.entries(images)) engine.publish(reference, image);
}

function logged(name: string, image: string, more: Partial<Container> = {}): Container {
  const options = { 'awslogs-group': sharedGroup, 'awslogs-region': home.region, 'awslogs-stream-prefix': 'shop' };
  return { name, image, stopTimeout: 2, logConfiguration: { logDriver: 'awslogs', options }, ...more };
}

const intoOwnGroup: Partial<Container> = {
  logConfiguration: {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': ownGroup,
      'awslogs-region': home.region,
      'awslogs-stream-prefix': 'own',
      'awslogs-create-group': 'true',
    },
  },
};

/** What becomes of a task that nobody stops and nothing happens to. */
export type Fate = 'runs on' | 'exits' | 'never starts';

interface Ware {
  readonly containers: Container[];
  readonly volumes?: Definition['volumes'];
  readonly fate: Fate;
}

const scratch: Partial<Container> = { mountPoints: [{ sourceVolume: 'scratch', containerPath: '/scratch' }] };

export const wares: Readonly<Record<string, Ware>> = {
  job: { fate: 'exits', containers: [logged('app', 'shop/job:1')] },
  blink: { fate: 'exits', containers: [logged('app', 'shop/blink:1')] },
  web: { fate: 'runs on', containers: [logged('app', 'shop/web:1')] },
  stubborn: { fate: 'runs on', containers: [logged('app', 'shop/stubborn:1')] },
  silent: { fate: 'runs on', containers: [{ name: 'app', image: 'shop/web:1' }] },
  own: { fate: 'runs on', containers: [logged('app', 'localhost:4566/shop:v1', intoOwnGroup)] },
  broken: { fate: 'never starts', containers: [logged('app', 'shop/broken:1')] },
  greedy: { fate: 'exits', containers: [logged('app', 'shop/greedy:1')] },
  heavy: { fate: 'runs on', containers: [logged('app', 'shop/heavy:1')] },
  missing: { fate: 'never starts', containers: [logged('app', 'shop/missing:1')] },
  denied: { fate: 'never starts', containers: [logged('app', 'shop/denied:1')] },
  // Its init container fails now and then: then the app never starts.
  pair: {
    fate: 'runs on',
    volumes: [{ name: 'scratch' }],
    containers: [
      logged('app', 'shop/web:1', {
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        volumesFrom: [{ sourceContainer: 'init', readOnly: true }],
      }),
      logged('init', 'shop/init:1', { essential: false, ...scratch }),
    ],
  },
  // The app waits for the health of the other.
  healthy: {
    fate: 'runs on',
    containers: [
      logged('app', 'shop/web:1', { dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] }),
      logged('db', 'shop/db:1', { healthCheck: { command: ['CMD', 'ok'], interval: 5 } }),
    ],
  },
  sidecar: {
    fate: 'runs on',
    volumes: [{ name: 'scratch' }, { name: 'unused', host: {} }],
    containers: [
      logged('app', 'shop/web:1', scratch),
      logged('side', 'shop/job:1', {
        ...scratch,
        essential: false,
        dependsOn: [{ containerName: 'app', condition: 'START' }],
      }),
    ],
  },
};

export function definitionOf(family: string): Definition {
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: wares[family]!.containers,
    volumes: wares[family]!.volumes,
    tags: [{ key: 'ware', value: family }],
  };
}
