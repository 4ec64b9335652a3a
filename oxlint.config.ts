// The house's floors and limits as lint rules: who may import whom, how long things get, where time and chance come from.
import { defineConfig, type OxlintOverride } from 'oxlint';

type Rules = NonNullable<OxlintOverride['rules']>;
type Pattern = { group: string[]; message: string; allowTypeImports?: true };
type Path = { name: string; importNames?: string[]; message: string };

/** What each service may ask of its neighbours: an arrow per line of the house's map, and no circle. */
const neighbours: Readonly<Record<string, readonly string[]>> = {
  iam: [],
  logs: [],
  metrics: [],
  ecr: ['iam'],
  secrets: [],
  ssm: [],
  s3: [],
  ec2: [],
  discovery: [],
  elb: ['metrics', 'ec2'],
  ecs: ['iam', 'ecr', 'elb', 'logs', 'metrics', 'ec2', 'secrets', 'ssm', 'discovery'],
  autoscaling: ['ecs', 'metrics'],
  events: ['ecs'],
  cost: ['ecs'],
};

const driverInterfaces = [
  'drivers/runtime.ts',
  'drivers/blobs.ts',
  'drivers/journal.ts',
  'drivers/scanner.ts',
  'drivers/upstream-registry.ts',
  'drivers/proxy.ts',
];
const underServices = ['kernel/**', 'aws/service.ts', ...driverInterfaces];

const tests = ['**/*.test.ts', '**/*.suite.ts', '**/*.fixture.ts', '**/fixture.ts', 'test/**'];
const kernelOfTime = ['src/kernel/clock.ts', 'src/kernel/virtual-clock.ts'];
const kernelOfChance = ['src/kernel/random.ts', 'src/kernel/seeded-random.ts'];
const ground = ['src/main.ts', 'src/cli/**'];
const desk = ['script/**', 'bench/**', 'oxlint.config.ts'];

const noClimbing: Pattern = {
  group: ['../**', '..'],
  message: "Cross folders by '#folder/file.ts', so that every crossing shows.",
};
const noSdk: Pattern = { group: ['@aws-sdk/**', '@smithy/**'], message: 'Only src/aws knows the SDK.' };
const onlySdkTypes: Pattern = {
  group: ['@aws-sdk/client-*', '@aws-sdk/client-*/**'],
  allowTypeImports: true,
  message: 'An SDK client is for its types; src/aws/models.ts alone loads the packages.',
};
const noTimers: Path[] = ['node:timers', 'node:timers/promises', 'timers', 'timers/promises'].map((name) => ({
  name,
  message: 'Take time from a Clock (kernel/clock.ts); in a test, wait for a condition (kernel/until.fixture.ts).',
}));
const noDice: Path[] = ['node:crypto', 'crypto'].map((name) => ({
  name,
  importNames: [
    'randomBytes',
    'randomUUID',
    'randomInt',
    'randomFill',
    'randomFillSync',
    'getRandomValues',
    'webcrypto',
  ],
  message: 'Take chance from a Random (kernel/random.ts).',
}));

/** Everything of ours is closed but `open`. An override replaces these options whole, so each one carries all of them. */
function imports(
  open: readonly string[] | 'all',
  sdk?: Pattern,
  paths: readonly Path[] = [...noTimers, ...noDice],
): Rules {
  const floor: Pattern = {
    // In these patterns a line that begins with '#' is a comment.
    group: ['\\#*', '\\#*/**', ...(open === 'all' ? [] : open.map((path) => `!\\#${path}`))],
    message: `The floors: this folder may import ${open.length === 0 ? 'nothing of ours' : String(open)}.`,
  };
  const patterns = [...(open === 'all' ? [] : [floor]), noClimbing, ...(sdk === undefined ? [] : [sdk])];
  return { 'no-restricted-imports': ['error', { patterns, paths: [...paths] }] };
}

const folders: OxlintOverride[] = [
  { files: ['src/kernel/**'], rules: imports([], noSdk) },
  { files: ['src/drivers/**'], rules: imports(['kernel/**', 'drivers/**'], noSdk) },
  { files: ['src/node/**'], rules: imports(['kernel/**', ...driverInterfaces], noSdk) },
  { files: ['src/aws/**'], rules: imports(['kernel/**'], onlySdkTypes) },
  { files: ['src/aws/models.ts'], rules: imports(['kernel/**']) },
  { files: ['src/cli/**'], rules: imports('all') },
  // A service that the map does not name yet has no neighbours.
  { files: ['src/services/**'], rules: imports(underServices, onlySdkTypes) },
  ...Object.entries(neighbours).map(([name, others]) => {
    const ports = others.map((other) => `services/${other}/ports.ts`);
    const messages = name === 'ecs' ? ['node/messages.ts'] : [];
    return {
      files: [`src/services/${name}/**`],
      rules: imports([...underServices, `services/${name}/**`, ...ports, ...messages], onlySdkTypes),
    };
  }),
];

const time = ['setTimeout', 'setInterval'];
const timers = (message: string): Rules => ({
  'no-restricted-globals': ['error', { globals: time.map((name) => ({ name, message })), checkGlobalObject: true }],
});

const unpredictable = [
  { object: 'Date', property: 'now', message: 'Take the time from a Clock (kernel/clock.ts).' },
  { object: 'AbortSignal', property: 'timeout', message: 'Take the time from a Clock (kernel/clock.ts).' },
  { object: 'Math', property: 'random', message: 'Take chance from a Random (kernel/random.ts).' },
  { object: 'crypto', property: 'randomUUID', message: 'Take chance from a Random (kernel/random.ts).' },
  { object: 'crypto', property: 'getRandomValues', message: 'Take chance from a Random (kernel/random.ts).' },
];
const environment = { object: 'process', property: 'env', message: 'src/config.ts reads the environment, once.' };

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node'],
  jsPlugins: ['./script/lint-rules.ts'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  rules: {
    'house/first-line-comment': 'error',
    'house/honest-name': 'error',
    'house/no-own-time': 'error',
    ...imports('all', onlySdkTypes),
    ...timers('Take time from a Clock (kernel/clock.ts).'),
    'no-restricted-properties': ['error', ...unpredictable, environment],
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
    'max-params': ['error', { max: 4 }],
    'max-depth': ['error', 4],
    'no-console': 'error',
    'no-empty': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-param-reassign': 'error',
    'array-callback-return': 'error',
    'unicorn/prefer-node-protocol': 'error',
    'unicorn/error-message': 'error',
    'unicorn/throw-new-error': 'error',
    'unicorn/prefer-type-error': 'error',
    // Steps that depend on each other are awaited one after another; fast-check is used as `fc.`; a function stands
    // where it is read; a copy with one member changed says what it means; `_change` is a parameter that nobody reads.
    'no-await-in-loop': 'off',
    'import/no-named-as-default-member': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'oxc/no-map-spread': 'off',
    'no-underscore-dangle': 'off',
  },
  overrides: [
    ...folders,
    {
      files: kernelOfTime,
      rules: { ...imports([], noSdk, noDice), 'no-restricted-globals': 'off', 'house/no-own-time': 'off' },
    },
    { files: ['src/services/**'], rules: { 'house/errors-in-errors': 'error' } },
    { files: ['src/services/**/errors.ts'], rules: { 'house/errors-in-errors': 'off' } },
    { files: kernelOfChance, rules: imports([], noSdk, noTimers) },
    {
      files: ['src/config.ts', 'src/cli/**', 'src/main.ts'],
      rules: { 'no-restricted-properties': ['error', ...unpredictable] },
    },
    { files: ground, rules: { 'no-console': 'off', 'house/no-own-time': 'off', 'no-restricted-globals': 'off' } },
    {
      files: desk,
      rules: {
        'no-console': 'off',
        'house/no-own-time': 'off',
        'no-restricted-properties': 'off',
      },
    },
    // Read by tools that ask for a default export.
    { files: ['oxlint.config.ts', 'script/lint-rules.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: tests,
      rules: {
        ...imports('all', undefined, noTimers),
        ...timers('No sleeping in tests: wait for a condition (kernel/until.fixture.ts).'),
        'no-restricted-properties': [
          'error',
          { object: 'systemClock', property: 'sleep', message: 'No sleeping in tests.' },
        ],
        'house/no-own-time': 'off',
        'house/errors-in-errors': 'off',
        // A command's flags stand in pairs; the words of node:test are also ordinary ones.
        'unicorn/no-useless-spread': 'off',
        'no-shadow': ['error', { allow: ['before', 'after'] }],
        'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
        'max-lines-per-function': 'off',
        'no-console': 'off',
      },
    },
  ],
});
