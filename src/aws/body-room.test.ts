// Room for long bodies is given out, comes back, and is never more than there is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyRoom } from './body-room.ts';

test('there is room until it is taken, and again once it is given back', () => {
  const room = new BodyRoom(10);
  const first = room.take(6)!;
  assert.equal(room.take(5), undefined);
  const second = room.take(4)!;
  assert.equal(room.take(1), undefined);
  first();
  assert.ok(room.take(6));
  second();
  assert.ok(room.take(4));
});

test('room that is given back twice comes back once', () => {
  const room = new BodyRoom(10);
  const give = room.take(10)!;
  give();
  give();
  assert.ok(room.take(10));
  assert.equal(room.take(1), undefined);
});
