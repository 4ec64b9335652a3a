// What every blob store must do, run for the one on disk and the one in memory.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import type { Clock } from '#kernel/clock.ts';
import { BlobError } from './blobs.ts';
import type { BlobErrorReason, Blobs } from './blobs.ts';

/** A store, and a way to change a bit of one of its blobs behind its back. */
export interface Subject {
  readonly blobs: Blobs;
  damage(namespace: string, digest: string): Promise<void>;
}

/** Declares the suite's tests. `open` gives an empty store on the clock. */
export function blobsSuite(title: string, open: (clock: Clock) => Promise<Subject>): void {
  const openBlobs: Open = async (clock) => (await open(clock)).blobs;
  suite(title, () => {
    uploadTests(openBlobs);
    blobTests(openBlobs);
    removalTests(openBlobs);
    damageTests(open);
    nameTests(openBlobs);
  });
}

type Open = (clock: Clock) => Promise<Blobs>;

/** A clock that a test sets. */
class SetClock implements Clock {
  #now = new Date('2026-01-01T00:00:00Z');

  now(): Date {
    return this.#now;
  }

  set(text: string): void {
    this.#now = new Date(text);
  }

  async sleep(): Promise<void> {}
}

const space = '123456789012/us-east-1';

async function* chunks(...contents: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* contents;
}

function sha(content: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

function failsWith(reason: BlobErrorReason): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof BlobError && thrown.reason === reason;
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content));
}

function uploadTests(open: Open): void {
  test('an upload in pieces becomes a blob', async () => {
    const blobs = await open(new SetClock());
    const [one, two, three] = [randomBytes(100_000), randomBytes(1), randomBytes(70_000)];
    const { id, size } = await blobs.begin(space);
    assert.equal(size, 0);
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.deepEqual(await blobs.append(space, id, 0, chunks(one, two)), { id, size: 100_001 });
    assert.deepEqual(await blobs.upload(space, id), { id, size: 100_001 });
    assert.deepEqual(await blobs.append(space, id, 100_001, chunks(three)), { id, size: 170_001 });
    const whole = Buffer.concat([one, two, three]);
    assert.equal(await blobs.size(space, sha(whole)), undefined, 'invisible before its commit');
    assert.deepEqual(await blobs.commit(space, id, sha(whole)), { size: 170_001 });
    assert.equal(await blobs.upload(space, id), undefined);
    assert.equal(await blobs.size(space, sha(whole)), 170_001);
    assert.deepEqual(await bytesOf(blobs.read(space, sha(whole))), whole);
    await assert.rejects(blobs.append(space, id, 170_001, chunks(one)), failsWith('not-found'));
    await assert.rejects(blobs.commit(space, id, sha(whole)), failsWith('not-found'));
  });

  test('an append elsewhere than at the end is refused and changes nothing', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    await blobs.append(space, id, 0, chunks(Buffer.from('12345')));
    for (const offset of [0, 4, 6]) {
      await assert.rejects(blobs.append(space, id, offset, chunks(Buffer.from('x'))), failsWith('range'));
    }
    assert.equal((await blobs.commit(space, id, sha(Buffer.from('12345')))).size, 5);
  });

  test('a commit with another digest is refused, and the upload goes on', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    await blobs.append(space, id, 0, chunks(Buffer.from('ab')));
    await assert.rejects(blobs.commit(space, id, sha(Buffer.from('abc'))), failsWith('digest'));
    await blobs.append(space, id, 2, chunks(Buffer.from('c')));
    assert.equal((await blobs.commit(space, id, sha(Buffer.from('abc'), 'sha512'))).size, 3);
    assert.equal(await blobs.size(space, sha(Buffer.from('abc'))), undefined);
    assert.equal(await blobs.size(space, sha(Buffer.from('abc'), 'sha512')), 3);
  });

  test('a commit takes the last bytes with it', async () => {
    const blobs = await open(new SetClock());
    const text = Buffer.from('first and last');
    for (const algorithm of ['sha256', 'sha512']) {
      const { id } = await blobs.begin(space);
      await blobs.append(space, id, 0, chunks(text.subarray(0, 5)));
      const late = { offset: 6, content: chunks(text.subarray(6)) };
      await assert.rejects(blobs.commit(space, id, sha(text, algorithm), late), failsWith('range'));
      const last = { offset: 5, content: chunks(text.subarray(5, 9), text.subarray(9)) };
      assert.equal((await blobs.commit(space, id, sha(text, algorithm), last)).size, text.length);
      assert.deepEqual(await bytesOf(blobs.read(space, sha(text, algorithm))), text);
    }
    const { id } = await blobs.begin(space);
    const wrong = { offset: 0, content: chunks(text) };
    await assert.rejects(blobs.commit(space, id, sha(Buffer.from('other')), wrong), failsWith('digest'));
    assert.equal((await blobs.upload(space, id))?.size, text.length);
    assert.equal((await blobs.commit(space, id, sha(text))).size, text.length);
  });

  test('an append that breaks off keeps what came, and goes on from there', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    const breaking = async function* () {
      yield Buffer.from('first ');
      throw new Error('connection lost');
    };
    await assert.rejects(blobs.append(space, id, 0, breaking()), /connection lost/);
    const size = (await blobs.upload(space, id))?.size;
    assert.equal(size, 6);
    await blobs.append(space, id, size, chunks(Buffer.from('second')));
    await blobs.commit(space, id, sha(Buffer.from('first second')));
  });

  test('appends to one upload at the same time: one wins, the other is refused', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    const both = await Promise.allSettled(
      ['a', 'b'].map((text) => blobs.append(space, id, 0, chunks(Buffer.from(text)))),
    );
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await blobs.commit(space, id, sha(Buffer.from('a')));
  });

  test('an empty upload is an empty blob', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    await blobs.commit(space, id, sha(Buffer.alloc(0)));
    assert.equal(await blobs.size(space, sha(Buffer.alloc(0))), 0);
    assert.deepEqual(await bytesOf(blobs.read(space, sha(Buffer.alloc(0)))), Buffer.alloc(0));
  });

  test('a cancelled upload is gone, and nothing happens the second time', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    await blobs.cancel(space, id);
    await blobs.cancel(space, id);
    await blobs.cancel(space, '../../etc');
    assert.equal(await blobs.upload(space, id), undefined);
  });

  test('an upload belongs to its namespace', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    assert.equal(await blobs.upload('123456789012/eu-west-1', id), undefined);
    await assert.rejects(blobs.append('other', id, 0, chunks(Buffer.from('x'))), failsWith('not-found'));
  });

  test('uploads that nothing was appended to for long are forgotten', async () => {
    const blobs = await open(new SetClock());
    const { id } = await blobs.begin(space);
    assert.equal(await blobs.expire(new Date(0)), 0);
    assert.ok(await blobs.upload(space, id));
    assert.equal(await blobs.expire(new Date('2200-01-01')), 1);
    assert.equal(await blobs.upload(space, id), undefined);
  });
}

function blobTests(open: Open): void {
  test('the same content twice is fine, and counts as new', async () => {
    const clock = new SetClock();
    const blobs = await open(clock);
    const content = Buffer.from('twice');
    const modified = async () => (await Array.fromAsync(blobs.list(space)))[0]?.modifiedAt.toISOString();
    for (const year of ['2026', '2027']) {
      clock.set(`${year}-01-01T00:00:00Z`);
      const { id } = await blobs.begin(space);
      await blobs.append(space, id, 0, chunks(content));
      await blobs.commit(space, id, sha(content));
      assert.equal(await modified(), `${year}-01-01T00:00:00.000Z`);
    }
    clock.set('2028-01-01T00:00:00Z');
    assert.equal(await blobs.put(space, content), sha(content));
    assert.equal(await modified(), '2028-01-01T00:00:00.000Z');
    assert.deepEqual(await bytesOf(blobs.read(space, sha(content))), content);
  });

  test('put stores at once, under either algorithm', async () => {
    const blobs = await open(new SetClock());
    const content = Buffer.from('{"manifest":true}');
    assert.equal(await blobs.put(space, content), sha(content));
    assert.equal(await blobs.put(space, content, 'sha512'), sha(content, 'sha512'));
    assert.equal(await blobs.size(space, sha(content, 'sha512')), content.length);
  });

  test('ranges are inclusive, cut to the size, and refused past it', async () => {
    const blobs = await open(new SetClock());
    const digest = await blobs.put(space, Buffer.from('0123456789'));
    const part = async (start: number, end: number) =>
      (await bytesOf(blobs.read(space, digest, { start, end }))).toString();
    assert.equal(await part(0, 0), '0');
    assert.equal(await part(3, 5), '345');
    assert.equal(await part(8, 100), '89');
    for (const [start, end] of [
      [10, 10],
      [5, 4],
      [-1, 3],
      [0.5, 2],
    ] as const) {
      await assert.rejects(part(start, end), failsWith('range'));
    }
  });

  test('lent chunks are the same bytes, and so are parts of a large blob', async () => {
    const blobs = await open(new SetClock());
    const content = randomBytes(1_500_000);
    const digest = await blobs.put(space, content);
    for (const range of [undefined, { start: 1, end: 1_400_000 }]) {
      const got: Buffer[] = [];
      for await (const chunk of blobs.read(space, digest, range, 'lent')) got.push(Buffer.from(chunk));
      const wanted = range === undefined ? content : content.subarray(range.start, range.end + 1);
      assert.ok(Buffer.concat(got).equals(wanted), 'lent');
      assert.ok((await bytesOf(blobs.read(space, digest, range))).equals(wanted), 'kept');
    }
  });

  test('list gives every blob of its namespace alone; delete removes one', async () => {
    const blobs = await open(new SetClock());
    const texts = Array.from({ length: 20 }, (_, index) => Buffer.from(`blob ${index}`));
    for (const text of texts) await blobs.put(space, text);
    await blobs.put('123456789012', Buffer.from('above'));
    await blobs.put(`${space}/deeper`, Buffer.from('below'));
    const listed = async () => (await Array.fromAsync(blobs.list(space))).map(({ digest }) => digest).toSorted();
    assert.deepEqual(await listed(), texts.map((text) => sha(text)).toSorted());
    await blobs.delete(space, sha(texts[0]!));
    await blobs.delete(space, sha(texts[0]!));
    assert.equal((await listed()).length, 19);
    assert.deepEqual(await Array.fromAsync(blobs.list('empty')), []);
  });

  test('a link makes a blob visible in another namespace too, for as long as that one keeps it', async () => {
    const clock = new SetClock();
    const blobs = await open(clock);
    const content = Buffer.from('linked');
    const digest = await blobs.put(space, content);
    clock.set('2027-01-01T00:00:00Z');
    assert.equal(await blobs.link(space, digest, 'other'), true);
    assert.equal(await blobs.link(space, digest, 'other'), true, 'the second time, too');
    assert.deepEqual(await Array.fromAsync(blobs.list('other')), [
      { digest, size: content.length, modifiedAt: clock.now() },
    ]);
    await blobs.delete(space, digest);
    assert.equal(await blobs.size(space, digest), undefined);
    assert.deepEqual(await bytesOf(blobs.read('other', digest)), content);
    assert.equal(await blobs.link(space, digest, 'third'), false);
    assert.equal(await blobs.size('third', digest), undefined);
    assert.equal(await blobs.link('other', digest, 'other'), true, 'to itself');
    assert.equal(await blobs.link('third', digest, 'third'), false);
  });

  test('a blob that is not there is not found', async () => {
    const blobs = await open(new SetClock());
    const digest = sha(Buffer.from('absent'));
    assert.equal(await blobs.size(space, digest), undefined);
    await assert.rejects(bytesOf(blobs.read(space, digest)), failsWith('not-found'));
  });
}

function removalTests(open: Open): void {
  test('an unused blob goes only when it is old and nobody needs it', async () => {
    const clock = new SetClock();
    const blobs = await open(clock);
    const digest = await blobs.put(space, Buffer.from('unused'));
    const [then, later] = [clock.now(), new Date('2026-01-01T01:00:00Z')];
    const unused = async () => true;
    assert.equal(await blobs.deleteUnused(space, digest, then, () => assert.fail('it is too young to ask')), false);
    assert.equal(await blobs.deleteUnused(space, digest, later, async () => false), false);
    assert.deepEqual(await Array.fromAsync(blobs.digests(space)), [digest]);
    assert.equal(await blobs.deleteUnused(space, digest, later, unused), true);
    assert.equal(await blobs.deleteUnused(space, digest, later, unused), false);
    assert.deepEqual(await Array.fromAsync(blobs.digests(space)), []);
    assert.equal(await blobs.size(space, digest), undefined);
  });

  for (const way of ['put', 'commit', 'link'] as const) {
    test(`a ${way} of a blob that is being removed waits, and then it is there`, async () => {
      const clock = new SetClock();
      const blobs = await open(clock);
      const content = Buffer.from('wanted again');
      const digest = await blobs.put(space, content);
      await blobs.put('other', content);
      clock.set('2027-01-01T00:00:00Z');
      const { id } = await blobs.begin(space);
      await blobs.append(space, id, 0, chunks(content));
      const wait = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const removed = blobs.deleteUnused(space, digest, clock.now(), async () => {
        asked.resolve();
        await wait.promise;
        return true;
      });
      await asked.promise;
      const again = {
        put: () => blobs.put(space, content),
        commit: () => blobs.commit(space, id, digest),
        link: () => blobs.link('other', digest, space),
      }[way]();
      wait.resolve();
      assert.equal(await removed, true);
      await again;
      assert.deepEqual(await bytesOf(blobs.read(space, digest)), content);
      assert.equal(await blobs.deleteUnused(space, digest, clock.now(), async () => true), false, 'it is new');
    });
  }

  test('every namespace that has had a blob is known', async () => {
    const blobs = await open(new SetClock());
    assert.deepEqual(await Array.fromAsync(blobs.namespaces()), []);
    for (const namespace of ['a', 'a/b', 'c/d', space]) await blobs.put(namespace, Buffer.from('x'));
    assert.deepEqual((await Array.fromAsync(blobs.namespaces())).toSorted(), [space, 'a', 'a/b', 'c/d'].toSorted());
  });
}

function damageTests(open: (clock: Clock) => Promise<Subject>): void {
  const content = randomBytes(600_000);
  const digest = sha(content);

  async function damaged() {
    const clock = new SetClock();
    const { blobs, damage } = await open(clock);
    await blobs.put(space, content);
    await damage(space, digest);
    return { clock, blobs };
  }

  test('a damaged blob is never given whole, and is put aside when it is read', async () => {
    const { clock, blobs } = await damaged();
    assert.equal(await blobs.verify(space, digest), false);
    assert.equal(await blobs.size(space, digest), content.length, 'verifying changes nothing');
    let got = 0;
    await assert.rejects(async () => {
      for await (const chunk of blobs.read(space, digest)) got += chunk.length;
    }, failsWith('damaged'));
    assert.ok(got < content.length, `${got} bytes`);
    assert.equal(await blobs.size(space, digest), undefined);
    assert.equal(await blobs.verify(space, digest), undefined);
    await assert.rejects(bytesOf(blobs.read(space, digest)), failsWith('not-found'));
    const found = await Array.fromAsync(blobs.damaged(space));
    assert.deepEqual(found, [{ digest, size: content.length, foundAt: clock.now() }]);
    assert.deepEqual(await Array.fromAsync(blobs.list(space)), []);
    assert.deepEqual(await Array.fromAsync(blobs.damaged('other')), []);
    await blobs.forgetDamage(space, digest);
    await blobs.forgetDamage(space, digest);
    assert.deepEqual(await Array.fromAsync(blobs.damaged(space)), []);
  });

  for (const way of ['put', 'commit'] as const) {
    test(`a ${way} heals a damaged blob, also before anybody read it`, async () => {
      const { blobs } = await damaged();
      if (way === 'put') await blobs.put(space, content);
      else {
        const { id } = await blobs.begin(space);
        await blobs.commit(space, id, digest, { offset: 0, content: chunks(content) });
      }
      assert.equal(await blobs.verify(space, digest), true);
      assert.deepEqual(await bytesOf(blobs.read(space, digest)), content);
      assert.deepEqual(await Array.fromAsync(blobs.damaged(space)), []);
    });
  }

  test('a blob that was healed while its damage was being read stays', async () => {
    const { blobs } = await damaged();
    const reading = blobs.read(space, digest)[Symbol.asyncIterator]();
    const first = reading.next();
    await blobs.put(space, content);
    await assert.rejects(async () => {
      let step = await first;
      while (!step.done) step = await reading.next();
    }, failsWith('damaged'));
    assert.equal(await blobs.verify(space, digest), true);
  });
}

function nameTests(open: Open): void {
  test('what is no digest never reaches the store', async () => {
    const blobs = await open(new SetClock());
    const hex = 'a'.repeat(64);
    const bad = [
      '',
      'sha256:',
      `sha256:${hex.toUpperCase()}`,
      `sha256:${hex}0`,
      `md5:${hex}`,
      `sha256:../${hex.slice(3)}`,
    ];
    for (const digest of [...bad, `sha512:${hex}`, `sha256:${hex}\n`]) {
      await assert.rejects(blobs.size(space, digest), failsWith('invalid-digest'), digest);
      await assert.rejects(bytesOf(blobs.read(space, digest)), failsWith('invalid-digest'), digest);
      await assert.rejects(blobs.delete(space, digest), failsWith('invalid-digest'), digest);
      const { id } = await blobs.begin(space);
      await assert.rejects(blobs.commit(space, id, digest), failsWith('invalid-digest'), digest);
    }
  });

  test('what is no namespace never reaches the store', async () => {
    const blobs = await open(new SetClock());
    const bad = [
      '',
      '.',
      '..',
      '../x',
      'a/../b',
      'a//b',
      '/a',
      'a/',
      'A',
      'a b',
      'uploads',
      'damaged/a',
      'a/sha256/ab',
      '.hidden',
      'a\0',
    ];
    for (const namespace of bad) {
      await assert.rejects(blobs.begin(namespace), failsWith('invalid-namespace'), namespace);
      await assert.rejects(blobs.put(namespace, Buffer.from('x')), failsWith('invalid-namespace'), namespace);
      await assert.rejects(Array.fromAsync(blobs.list(namespace)), failsWith('invalid-namespace'), namespace);
    }
  });

  test('what is no upload’s id is no upload', async () => {
    const blobs = await open(new SetClock());
    for (const id of ['', '..', '../x', 'a'.repeat(31), `${'a'.repeat(31)}/`]) {
      assert.equal(await blobs.upload(space, id), undefined);
      await assert.rejects(blobs.append(space, id, 0, chunks()), failsWith('not-found'));
      await assert.rejects(blobs.commit(space, id, sha(Buffer.from(''))), failsWith('not-found'));
    }
  });
}
