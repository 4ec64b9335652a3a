// Tests of the text forms of simple values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBase64,
  formatIso,
  parseBase64,
  parseBoolean,
  parseDecimal,
  parseEpoch,
  parseHttpDate,
  parseIso,
} from './values.ts';

test('ISO 8601 in the forms that clients send is read', () => {
  const expected = Date.UTC(2026, 0, 31, 12, 0, 0);
  for (const text of [
    '2026-01-31T12:00:00Z',
    '2026-01-31T12:00:00.000Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00',
    '2026-01-31T12:00Z',
    '2026-01-31T14:00:00+02:00',
    '2026-01-31T14:00:00+0200',
    '2026-01-31T12:00:00.000000789Z',
  ]) {
    assert.equal(parseIso(text)?.getTime(), expected, text);
  }
  assert.equal(parseIso('2026-01-31')?.getTime(), Date.UTC(2026, 0, 31));
});

test('what is no timestamp is not read as one', () => {
  for (const text of [
    '',
    'now',
    '1700000000',
    '2026-13-01',
    '2026-01-31T25:00:00Z',
    '2026-01-31T12:00:00+',
    '31.1.2026',
  ]) {
    assert.equal(parseIso(text), undefined, text);
  }
  for (const text of ['', 'Sun, 6 Nov 1994', '1994-11-06T08:49:37Z'])
    assert.equal(parseHttpDate(text), undefined, text);
  for (const seconds of ['', 'x', 1e300, NaN]) assert.equal(parseEpoch(seconds), undefined);
});

test('numbers and booleans are read in their own forms only', () => {
  assert.deepEqual(['1', '-1.5', '+2', '.5', '1e3', 'NaN', '-Infinity'].map(parseDecimal), [
    1,
    -1.5,
    2,
    0.5,
    1000,
    NaN,
    -Infinity,
  ]);
  for (const text of ['', ' ', '0x10', '1_000', '1 2', 'infinity', '--1'])
    assert.equal(parseDecimal(text), undefined, text);
  assert.deepEqual(['true', '1', 'false', '0', 'yes', ''].map(parseBoolean), [
    true,
    true,
    false,
    false,
    undefined,
    undefined,
  ]);
});

test('dates and bytes survive being written and read', () => {
  const dates = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(dates, (date) => assert.deepEqual(parseIso(formatIso(date)), date)),
    { seed: 1 },
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(parseBase64(formatBase64(bytes)), bytes)),
    { seed: 1 },
  );
});
