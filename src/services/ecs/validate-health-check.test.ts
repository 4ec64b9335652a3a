// Health checks: AWS's ranges, defaults and words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthCheck } from './shapes.ts';
import { checkedHealthCheck } from './validate-health-check.ts';

const good: HealthCheck = { command: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'] };

test('what a health check leaves out is filled in as AWS fills it in', () => {
  assert.deepEqual(checkedHealthCheck(good), { ...good, interval: 30, timeout: 5, retries: 3 });
  const whole = { command: ['CMD', '/ok'], interval: 5, timeout: 60, retries: 10, startPeriod: 300 };
  assert.deepEqual(checkedHealthCheck(whole), whole);
});

const malformed: readonly (readonly [Partial<HealthCheck>, string])[] = [
  [{ command: [] }, 'Health check command cannot be empty.'],
  [{ command: ['curl localhost'] }, "Health check command must start with CMD or CMD-SHELL, not 'curl localhost'."],
  [{ command: ['NONE'] }, "Health check command must start with CMD or CMD-SHELL, not 'NONE'."],
  [{ command: ['CMD'] }, 'Health check command has nothing to run after CMD.'],
  [{ command: ['CMD-SHELL', ''] }, 'Health check command has nothing to run after CMD-SHELL.'],
  [{ command: ['CMD', 'a\0'] }, 'Health check command contains invalid characters.'],
  [{ interval: 4 }, 'Health check interval must be greater than or equal to the minimum allowed value 5'],
  [{ interval: 301 }, 'Health check interval must be less than or equal to the maximum allowed value 300'],
  [{ timeout: 1 }, 'Health check timeout must be greater than or equal to the minimum allowed value 2'],
  [{ timeout: 61 }, 'Health check timeout must be less than or equal to the maximum allowed value 60'],
  [{ retries: 0 }, 'Health check retries must be greater than or equal to the minimum allowed value 1'],
  [{ retries: 11 }, 'Health check retries must be less than or equal to the maximum allowed value 10'],
  [{ startPeriod: -1 }, 'Health check startPeriod must be greater than or equal to the minimum allowed value 0'],
  [{ startPeriod: 301 }, 'Health check startPeriod must be less than or equal to the maximum allowed value 300'],
];

for (const [change, message] of malformed) {
  test(`refused: ${message}`, () => {
    assert.throws(() => checkedHealthCheck({ ...good, ...change }), { code: 'ClientException', message });
  });
}
