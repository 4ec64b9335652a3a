// Which items the filters of a Describe call let through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterBy, type FilterFields } from './filters.ts';

interface Item {
  readonly id: string;
  readonly groups: readonly string[];
}

const items: readonly Item[] = [
  { id: 'a.1', groups: ['x'] },
  { id: 'a-2', groups: ['x', 'y'] },
];
const fields: FilterFields<Item> = { id: (item) => item.id, group: (item) => item.groups };
const ids = (...filters: { Name?: string; Values?: string[] }[]) =>
  filterBy(items, filters, fields).map(({ id }) => id);

test('every filter must match, by any of its values; * and ? stand for anything, and nothing else does', () => {
  assert.deepEqual(ids(), ['a.1', 'a-2']);
  assert.deepEqual(ids({ Name: 'group', Values: ['y', 'z'] }), ['a-2']);
  assert.deepEqual(ids({ Name: 'id', Values: ['a?1', 'b'] }), ['a.1']);
  assert.deepEqual(ids({ Name: 'id', Values: ['a*'] }, { Name: 'group', Values: ['y'] }), ['a-2']);
  assert.deepEqual(ids({ Name: 'id', Values: ['a.2'] }), []);
  assert.deepEqual(ids({ Name: 'id', Values: [] }), []);
});

test('a filter by tags matches nothing where nothing is tagged; one that does not exist is refused', () => {
  for (const Name of ['tag:Name', 'tag-key', 'tag-value']) assert.deepEqual(ids({ Name, Values: ['*'] }), []);
  for (const Name of ['colour', 'tag:', 'toString', undefined]) {
    assert.throws(() => ids({ ...(Name && { Name }), Values: ['x'] }), {
      code: 'InvalidParameterValue',
      message: `The filter '${Name ?? ''}' is invalid`,
    });
  }
});
