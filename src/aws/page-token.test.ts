// A page token opens only for what it was sealed for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PageTokens } from './page-token.ts';

const tokens = new PageTokens(Buffer.alloc(32, 7));
const anything = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => text.isWellFormed());

test('a token opens to the position that was sealed, for its purpose and key only', () => {
  fc.assert(
    fc.property(anything, anything, anything, (purpose, other, position) => {
      const token = tokens.seal(purpose, position);
      assert.match(token, /^[\w-]+$/);
      assert.equal(tokens.open(purpose, token), position);
      if (other !== purpose) assert.equal(tokens.open(other, token), undefined);
      assert.equal(new PageTokens(Buffer.alloc(32, 8)).open(purpose, token), undefined);
    }),
  );
});

test('a token with any character changed, added or taken away does not open', () => {
  const token = tokens.seal('ecs:ListTasks', 'arn:aws:ecs:eu-west-1:1:task/a');
  for (let at = 0; at < token.length; at++) {
    for (const character of 'Aa0_-=+ \u00e9') {
      if (character === token[at]) continue;
      assert.equal(tokens.open('ecs:ListTasks', token.slice(0, at) + character + token.slice(at + 1)), undefined);
      assert.equal(tokens.open('ecs:ListTasks', token.slice(0, at) + character + token.slice(at)), undefined);
    }
    assert.equal(tokens.open('ecs:ListTasks', token.slice(0, at) + token.slice(at + 1)), undefined);
  }
});

test('whatever else is sent as a token does not open', () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.base64String()), (text) => assert.equal(tokens.open('p', text), undefined)),
  );
  for (const text of ['', '!', 'A'.repeat(1_000_000)]) assert.equal(tokens.open('p', text), undefined);
});

test('the same position has the same token, and a token does not show its position', () => {
  const token = tokens.seal('p', 'secret-position');
  assert.equal(tokens.seal('p', 'secret-position'), token);
  assert.ok(!Buffer.from(token, 'base64url').includes('secret-position'));
});

test('a key of another length is refused', () => {
  assert.throws(() => new PageTokens(Buffer.alloc(16)), RangeError);
});
