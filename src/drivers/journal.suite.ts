// What every journal must do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal } from './journal.ts';

/** Runs the suite; `make` gives an empty journal, `reopen` another one over the same content. */
export function journalSuite(name: string, make: () => Promise<{ journal: Journal; reopen: () => Journal }>): void {
  test(`${name}: appends are kept in order and read back`, async () => {
    const { journal } = await make();
    const offsets = await Promise.all(['one', 'two', 'three'].map((text) => journal.append('a/b', Buffer.from(text))));
    assert.deepEqual(offsets, [0, 3, 6]);
    assert.equal((await journal.read('a/b', 3, 3)).toString(), 'two');
    assert.equal((await journal.read('a/b', 6, 100)).toString(), 'three');
    assert.equal(await journal.size('a/b'), 11);
    await journal.close();
  });

  test(`${name}: what was appended is there for the next one, which goes on at its end`, async () => {
    const { journal, reopen } = await make();
    await journal.append('x', Buffer.from('before'));
    await journal.close();
    const next = reopen();
    assert.equal(await next.append('x', Buffer.from(' after')), 6);
    assert.equal((await next.read('x', 0, 100)).toString(), 'before after');
    assert.deepEqual(await next.names(), ['x']);
    await next.close();
  });

  test(`${name}: a truncated journal goes on where it was cut`, async () => {
    const { journal } = await make();
    await journal.append('x', Buffer.from('whole\nhal'));
    await journal.truncate('x', 6);
    assert.equal(await journal.append('x', Buffer.from('next\n')), 6);
    assert.equal((await journal.read('x', 0, 100)).toString(), 'whole\nnext\n');
    await journal.close();
  });

  test(`${name}: a removed journal is empty, and a missing one too`, async () => {
    const { journal } = await make();
    await journal.append('x', Buffer.from('gone'));
    await journal.remove('x');
    await journal.remove('never');
    assert.equal(await journal.size('x'), 0);
    assert.equal((await journal.read('x', 0, 10)).byteLength, 0);
    assert.deepEqual(await journal.names(), []);
    await journal.close();
  });
}
