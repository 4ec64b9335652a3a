// Where time, chance and the environment come from, each tapped behind the house's back.
import { file, type Planted } from './planted.fixture.ts';

let count = 0;

/** A source that src may not tap (an expression, then the imports that it needs), and one that it may. */
function source(rule: string, name: string, bad: string | readonly string[], good: string): Planted {
  count += 1;
  const [expression = '', ...imported] = [bad].flat();
  return {
    rule,
    name,
    bad: { [`src/services/ecs/planted-source-${count}.ts`]: file(...imported, `export const drawn = ${expression};`) },
    good: { [`src/services/ecs/honest-source-${count}.ts`]: file(`export const drawn = ${good};`) },
  };
}

/** A way to sleep in a test. */
function asleep(rule: string, name: string, bad: readonly string[]): Planted {
  count += 1;
  return {
    rule,
    name,
    bad: { [`test/e2e/planted-sleep-${count}.test.ts`]: file(...bad) },
    good: {
      [`test/e2e/honest-sleep-${count}.test.ts`]: file(
        "import { until } from '#kernel/until.fixture.ts';",
        "await until('a reason', () => Date.now() > 0);",
      ),
    },
  };
}

const globals = 'eslint(no-restricted-globals)';
const properties = 'eslint(no-restricted-properties)';
const imports = 'eslint(no-restricted-imports)';

export const sources: readonly Planted[] = [
  source('house(no-own-time)', 'the present is asked of a clock', 'new Date()', 'new Date(0)'),
  source('house(no-own-time)', 'the present has no other spelling', 'Date()', 'Date.UTC(2026, 1)'),
  source(properties, 'nor has it in milliseconds', 'Date.now()', "Date.parse('2026-01-01')"),
  source(properties, 'a limit of time is a clock’s', 'AbortSignal.timeout(5)', 'AbortSignal.abort()'),
  source(globals, 'nobody sets a timer', 'setTimeout(String, 5)', 'setImmediate(String)'),
  source(globals, 'nobody sets one that repeats', 'setInterval(String, 5)', 'queueMicrotask(String)'),
  source(globals, 'nor by a longer name', 'globalThis.setTimeout(String, 5)', 'globalThis.structuredClone(5)'),
  source(imports, 'nor by an import', ['sleep(5)', "import { setTimeout as sleep } from 'node:timers/promises';"], '5'),
  source(properties, 'chance is asked of a Random', 'Math.random()', 'Math.max(1, 2)'),
  source(properties, 'also where it is global', 'crypto.randomUUID()', 'crypto.subtle'),
  source(imports, 'also where it is imported', ['randomBytes(8)', "import { randomBytes } from 'node:crypto';"], '8'),
  source(imports, 'also under another name', ['c.randomInt(8)', "import * as c from 'node:crypto';"], '8'),
  source(properties, 'the environment is read by config.ts', 'process.env', 'process.pid'),
  {
    rule: properties,
    name: 'only the kernel’s own files know time and chance',
    bad: { 'src/kernel/planted-source.ts': file('export const now = Date.now();') },
    good: {
      'src/kernel/clock.ts': file(
        "import { setTimeout as sleep } from 'node:timers/promises';",
        'export const now = () => sleep(5).then(() => new Date());',
      ),
      'src/kernel/random.ts': file(
        "import { randomBytes } from 'node:crypto';",
        'export const bytes = randomBytes(8);',
      ),
      'src/config.ts': file('export const config = process.env;'),
    },
  },
  asleep(globals, 'no test sleeps', ['setTimeout(String, 5);']),
  asleep(globals, 'no test looks at intervals', ['setInterval(String, 5);']),
  asleep(imports, 'no test imports sleep', [
    "import { setTimeout } from 'node:timers/promises';",
    'await setTimeout(5);',
  ]),
  asleep(properties, 'no test borrows the clock to sleep', [
    "import { systemClock } from '#kernel/clock.ts';",
    'await systemClock.sleep(5);',
  ]),
];
