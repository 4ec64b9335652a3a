// A task's health in AWS's own examples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthStatus } from './shapes.ts';
import { taskHealth } from './task-health.ts';

const [well, ill, unknown] = ['HEALTHY', 'UNHEALTHY', 'UNKNOWN'] as const;

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html */
const examples: readonly (readonly [readonly HealthStatus[], HealthStatus])[] = [
  [[ill, unknown], ill],
  [[ill, well], ill],
  [[well, unknown], unknown],
  [[well, well], well],
  [[ill, unknown, unknown], ill],
  [[ill, unknown, well], ill],
  [[ill, well, well], ill],
  [[well, unknown, well], unknown],
  [[well, unknown, unknown], unknown],
  [[well, well, well], well],
];

for (const [healths, expected] of examples) {
  test(`a task of ${healths.join(', ')} is ${expected}`, () => {
    const observed = healths.map((healthStatus) => ({ healthStatus }));
    assert.equal(
      taskHealth(
        healths.map(() => ({})),
        observed,
      ),
      expected,
    );
  });
}

test('containers that are not essential have no part in it', () => {
  assert.equal(taskHealth([{}, { essential: false }], [{ healthStatus: well }, { healthStatus: ill }]), well);
  assert.equal(taskHealth([{}, { essential: false }], [{ healthStatus: well }, {}]), well);
});

test('an essential container without a health check leaves it unknown', () => {
  assert.equal(taskHealth([{}, {}], [{ healthStatus: well }, {}]), unknown);
});
