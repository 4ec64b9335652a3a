// Masks refuse exactly what they do not name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsupportedMember } from './mask.ts';

const mask = { cluster: true, overrides: { containerOverrides: { name: true, command: true } } };

test('members that the mask names are accepted, whole or in part', () => {
  assert.equal(
    unsupportedMember(mask, { cluster: 'a', overrides: { containerOverrides: [{ name: 'x' }] } }),
    undefined,
  );
  assert.equal(unsupportedMember(true, { anything: { at: ['all'] } }), undefined);
});

test('the first member outside the mask is named with its path', () => {
  assert.equal(unsupportedMember(mask, { group: 'g' }), 'group');
  assert.equal(
    unsupportedMember(mask, { overrides: { containerOverrides: [{ name: 'x' }, { cpu: 1 }] } }),
    'overrides.containerOverrides[1].cpu',
  );
  assert.equal(unsupportedMember(mask, { overrides: { taskRoleArn: 'arn' } }), 'overrides.taskRoleArn');
});

test('what asks for nothing is passed over', () => {
  assert.equal(unsupportedMember(mask, { group: undefined, tags: [], networkConfiguration: {} }), undefined);
});

test('false and zero ask for something', () => {
  assert.equal(unsupportedMember(mask, { count: 0 }), 'count');
  assert.equal(unsupportedMember(mask, { flag: false }), 'flag');
});

test('members named like those of Object.prototype are not accepted by accident', () => {
  assert.equal(unsupportedMember(mask, { constructor: 'x' }), 'constructor');
});
