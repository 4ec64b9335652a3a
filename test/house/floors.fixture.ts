// Who may import whom, crossed once per floor.
import { file, importing, importingType, type Planted } from './planted.fixture.ts';

const rule = 'eslint(no-restricted-imports)';
let count = 0;

/** A crossing of a floor, and imports that stay within it. */
function floor(folder: string, name: string, forbidden: string, ...allowed: readonly string[]): Planted {
  count += 1;
  return {
    rule,
    name,
    bad: { [`src/${folder}/planted-${count}.ts`]: importing(forbidden) },
    good: { [`src/${folder}/honest-${count}.ts`]: importing(...(allowed.length === 0 ? ['./beside.ts'] : allowed)) },
  };
}

const runtime = '#drivers/runtime.ts';
const service = '#aws/service.ts';

export const floors: readonly Planted[] = [
  floor('kernel', 'the kernel imports nothing of ours', '#aws/service.ts', './clock.ts', 'node:path'),
  floor('kernel', 'the kernel imports no file of the root', '#config.ts'),
  floor('kernel', 'the kernel knows no SDK', '@smithy/core/schema'),
  floor('drivers', 'drivers import the kernel only', '#aws/wire.ts', '#kernel/clock.ts'),
  floor('drivers/runtime-docker', 'a driver deep down imports no service', '#services/ecs/kinds.ts', runtime),
  floor('aws', 'the front door imports the kernel only', '#services/ecs/service.ts', '#kernel/arn.ts'),
  floor('aws', 'the front door asks no driver', runtime),
  floor('node', 'a node talks to no service', '#services/ecs/ports.ts', '#kernel/arn.ts', runtime, './messages.ts'),
  floor('node', 'a node knows no engine', '#drivers/runtime-docker/engine.ts', '#drivers/blobs.ts'),
  floor('node', 'a node knows no fake', '#drivers/runtime-fake.ts'),
  floor('services/ecs', 'a service asks neighbours by their ports', '#services/ecr/kinds.ts', '#services/ecr/ports.ts'),
  floor(
    'services/ecs',
    'a service knows no implementation',
    '#drivers/blobs-fs/fs-blobs.ts',
    runtime,
    '#drivers/blobs.ts',
  ),
  floor('services/ecs', 'a service knows no gateway', '#aws/gateway.ts', service, '#kernel/store.ts'),
  floor('services/ecs', 'ecs knows a node by its messages', '#node/agent.ts', '#node/messages.ts'),
  floor('services/ecr', 'only ecs knows the messages', '#node/messages.ts', service),
  floor('services/ecr', 'neighbours form no circle', '#services/ecs/ports.ts', '#services/ecr/names.ts'),
  floor(
    'services/ecr/registry',
    'a service deep down keeps to its floor',
    '#services/logs/ports.ts',
    '#services/ecr/names.ts',
  ),
  floor(
    'services/elb',
    'elb asks metrics and ec2',
    '#services/ecs/ports.ts',
    '#services/metrics/ports.ts',
    '#services/ec2/ports.ts',
  ),
  floor('services/autoscaling', 'autoscaling asks ecs and metrics', '#services/elb/ports.ts', '#services/ecs/ports.ts'),
  floor('services/unheard-of', 'a service that no map names has no neighbours', '#services/ecs/ports.ts', service),
  floor('services/logs', 'a type crosses no floor either', '#services/ecs/kinds.ts', '#kernel/store.ts'),
  {
    rule,
    name: 'a floor holds for types',
    bad: { 'src/kernel/planted-type.ts': importingType('#services/ecs/kinds.ts') },
    good: { 'src/kernel/honest-type.ts': importingType('./store.ts') },
  },
  {
    rule,
    name: 'a floor holds for what is handed on',
    bad: { 'src/drivers/planted-export.ts': file("export { value } from '#aws/wire.ts';", 'export const own = 1;') },
    good: { 'src/drivers/honest-export.ts': file('export const value = 1;') },
  },
  {
    rule,
    name: 'a floor holds for what is loaded later',
    bad: { 'src/node/planted-later.ts': file("export const load = () => import('#aws/wire.ts');") },
    good: { 'src/node/honest-later.ts': file("export const load = () => import('#kernel/arn.ts');") },
  },
  {
    rule,
    name: 'nobody climbs out of a folder',
    bad: { 'src/services/ecr/registry/planted-climb.ts': importing('../../../kernel/arn.ts') },
    good: { 'src/services/ecr/registry/honest-climb.ts': importing('#kernel/arn.ts', './beside.ts') },
  },
  {
    rule,
    name: 'nobody climbs one step either, at the root or in a test',
    bad: { 'test/aws/planted-climb.test.ts': importing('../beside.ts') },
    good: { 'test/aws/honest-climb.test.ts': importing('#app.ts', '#drivers/runtime-fake.ts', './beside.ts') },
  },
  {
    rule,
    name: 'a service uses the SDK for its types',
    bad: { 'src/services/ecs/planted-sdk.ts': importing('@aws-sdk/client-ecs') },
    good: { 'src/services/ecs/honest-sdk.ts': importingType('@aws-sdk/client-ecs') },
  },
  {
    rule,
    name: 'only models.ts and the command line load an SDK client',
    bad: { 'src/aws/planted-sdk.ts': file("export const load = () => import('@aws-sdk/client-ecs');") },
    good: {
      'src/aws/models.ts': file("export const load = () => import('@aws-sdk/client-ecs');"),
      'src/cli/honest-sdk.ts': importing('@aws-sdk/client-ecs'),
    },
  },
  {
    rule: 'import(no-cycle)',
    name: "files form no circle, seen through the package's imports",
    bad: {
      'src/services/ecr/planted-circle.ts': importing('#services/ecr/registry/planted-circle.ts').replaceAll(
        'value ',
        'values ',
      ),
      'src/services/ecr/registry/planted-circle.ts': importing('#services/ecr/planted-circle.ts').replaceAll(
        'value ',
        'values ',
      ),
    },
    good: { 'src/services/ecr/honest-circle.ts': importing('#services/ecr/registry/beside.ts') },
  },
  {
    rule: 'import(no-cycle)',
    name: 'types form no circle either',
    bad: {
      'src/drivers/planted-ring.ts': file("import type { B } from './planted-ring-end.ts';", 'export type A = B[];'),
      'src/drivers/planted-ring-end.ts': file("import type { A } from './planted-ring.ts';", 'export type B = A[];'),
    },
    good: { 'src/drivers/honest-ring.ts': importingType('./beside.ts') },
  },
];
