// Decides what becomes of a layer that is or is not needed.
import type { Layer } from '#services/ecr/kinds.ts';

/**
 * How long a layer that no image needs stays, from when that was first seen or a client was last told that the layer is
 * here. A push may begin with layers and come to its manifest much later; AWS, too, keeps them for about a day.
 */
export const layerGraceMs = 24 * 3_600_000;

/** How long bytes that no record names stay, from their last commit, put or link: their records come right after. */
export const bytesGraceMs = 3_600_000;

/** How long a damaged blob that was pushed again, or is needed no more, stays put aside: somebody may want to look at it. */
export const damageGraceMs = 7 * 24 * 3_600_000;

export type LayerAction = 'keep' | 'note as unused' | 'note as used' | 'remove';

/** `now`: milliseconds since the epoch. */
export function planLayer({ status }: Layer, needed: boolean, now: number): LayerAction {
  if (needed) return status === null ? 'keep' : 'note as used';
  if (status === null) return 'note as unused';
  return now - status.unusedSince >= layerGraceMs ? 'remove' : 'keep';
}
