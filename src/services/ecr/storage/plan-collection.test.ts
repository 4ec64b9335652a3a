// What becomes of a layer, by what is known of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayerStatus } from '#services/ecr/kinds.ts';
import { layerGraceMs, planLayer, type LayerAction } from './plan-collection.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const rows: readonly (readonly [title: string, status: LayerStatus, needed: boolean, action: LayerAction])[] = [
  ['is needed', null, true, 'keep'],
  ['is needed again', { unusedSince: now - layerGraceMs }, true, 'note as used'],
  ['is found unused', null, false, 'note as unused'],
  ['was found unused not long ago', { unusedSince: now - layerGraceMs + 1 }, false, 'keep'],
  ['was found unused a day ago', { unusedSince: now - layerGraceMs }, false, 'remove'],
  ['was found unused by a clock that was ahead', { unusedSince: now + 1 }, false, 'keep'],
];
for (const [title, status, needed, action] of rows) {
  test(`a layer that ${title}: ${action}`, () => {
    const layer = { key: 'k', revision: 1, spec: { digest: 'sha256:0', size: 1, uploadedAt: 0 }, status };
    assert.equal(planLayer(layer, needed, now), action);
  });
}
