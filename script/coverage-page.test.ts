// The coverage page says exactly what a table accepts, and refuses a table that its model does not know.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModel, type Model } from '#aws/codec.ts';
import { defineService, type Operation, type Service } from '#aws/service.ts';
import { coveragePage } from './coverage-page.ts';

let ecs: Model;
before(async () => {
  ecs = await loadModel('ecs');
});

/** What a service that serves `name` with the mask `accepts` puts into the page. */
function rowOf(name: string, accepts: unknown): string | undefined {
  const operation = { accepts, read: () => ({}) } as Operation<unknown, unknown>;
  const service: Service = { model: 'ecs', operations: new Map([[name, operation]]) };
  return coveragePage([ecs], [service])
    .split('\n')
    .find((line) => line.startsWith(`| ${name} `));
}

test('a mask of true accepts every member', () => {
  assert.equal(rowOf('StopTask', true), '| StopTask | task, cluster, reason |  |');
});

test('a member that the mask leaves out is refused', () => {
  assert.equal(rowOf('StopTask', { task: true, cluster: true }), '| StopTask | task, cluster | reason |');
});

test('a mask goes through structures, lists and maps', () => {
  assert.equal(
    rowOf('DescribeTasks', { cluster: true, tasks: {} }),
    '| DescribeTasks | tasks, cluster | include |',
    'an element without members has none to refuse',
  );
  const row = rowOf('StartTask', {
    overrides: { cpu: true, containerOverrides: { name: true, environment: { name: true } } },
  });
  const [, , accepted, refused] = row!.split('|');
  assert.equal(accepted, ' overrides.{containerOverrides.{name, environment.name}, cpu} ');
  assert.match(refused!, /overrides\.\{containerOverrides\.\{command, environment\.value, .*memory/);
});

test('a structure whose members are all accepted is accepted whole', () => {
  const row = rowOf('TagResource', { resourceArn: true, tags: { key: true, value: true } });
  assert.equal(row, '| TagResource | resourceArn, tags |  |');
});

test('what no table serves is listed, and counted', () => {
  const page = coveragePage([ecs], [defineService('ecs', {})]);
  const count = ecs.operations.size;
  assert.match(page, new RegExp(`\\*\\*0 of ${count} operations\\*\\* of 1 services`));
  assert.match(page, new RegExp(`None of ${count} operations is served yet`));
  for (const name of ecs.operations.keys()) assert.match(page, new RegExp(`\\b${name}\\b`));
});

test('no line of a list is longer than a line of code', () => {
  const lines = coveragePage([ecs], []).split('\n');
  assert.ok(lines.filter((line) => !line.startsWith('|')).every((line) => line.length <= 120));
});

test('a table that names what the model does not know is a mistake', () => {
  assert.throws(() => rowOf('StopTusk', true), /ecs has no operation StopTusk/);
  assert.throws(() => rowOf('StopTask', { tusk: true }), /StopTask has no member tusk/);
  assert.throws(() => rowOf('StartTask', { overrides: { gpu: true } }), /StartTask.overrides has no member gpu/);
});
