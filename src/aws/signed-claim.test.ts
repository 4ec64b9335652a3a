// What a request claims about its signer, in each form and broken in each way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { claimedService, formatTimestamp, parseClaim, timestampMs } from './signed-claim.ts';

test('a request without a signature carries no claim', () => {
  const request = { method: 'GET', path: '/', query: 'a=b', headers: { host: 'localhost' }, body: Buffer.alloc(0) };
  assert.equal(parseClaim(request, 's3'), undefined);
  assert.equal(claimedService(request), undefined);
});

test('SigV2 is taken for S3, which alone still meets it', () => {
  const request = { method: 'GET', path: '/b/k', headers: { host: 'localhost' }, body: Buffer.alloc(0) };
  assert.equal(claimedService({ ...request, query: 'AWSAccessKeyId=A&Signature=c2ln&Expires=1900000000' }), 's3');
  assert.equal(claimedService({ ...request, query: '', headers: { authorization: 'AWS A:c2ln' } }), 's3');
});

test('only what is a time in SigV4 form is read as one', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
      assert.equal(timestampMs(formatTimestamp(date)), Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
  assert.ok(timestampMs('20240229T000000Z'));
  for (const none of [
    '20230229T000000Z',
    '20240431T000000Z',
    '20240400T000000Z',
    '20241301T000000Z',
    '20240010T000000Z',
  ]) {
    assert.equal(timestampMs(none), undefined, none);
  }
  for (const none of [
    '20240101T240000Z',
    '20240101T006000Z',
    '20240101T000060Z',
    '20240101T000000',
    '2024-01-01T00:00:00Z',
    '',
  ]) {
    assert.equal(timestampMs(none), undefined, none);
  }
});
