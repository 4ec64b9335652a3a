// Holds the aws-chunked reader against bodies that the S3 client sends, and against broken framing.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AwsError } from '#kernel/error.ts';
import { checksum } from './checksums.ts';
import { framings, unframe } from './chunked.ts';
import { parseClaim } from './signed-claim.ts';
import { SigningKey } from './signing-key.ts';
import { SigningKeys } from './signing-keys.ts';
import { verify, type Verified } from './sigv4.ts';

const seed = { key: new SigningKey(Buffer.alloc(32)), timestamp: '', scope: '', signature: '' };
const unsigned = framings['STREAMING-UNSIGNED-PAYLOAD-TRAILER']!;
const sum = checksum('crc32', Buffer.from('hello'));

/** Takes `frames` apart under the headers of a five-byte upload with a CRC-32 behind it. */
function unframed(frames: string | Buffer, headers: Record<string, string | undefined> = {}) {
  const own = { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32', ...headers };
  return unframe(Buffer.from(frames), unsigned, own, seed);
}

test('frames are taken off, however the client ends them', () => {
  const head = `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${sum}`;
  for (const tail of ['', '\r\n', '\r\n\r\n', '\n\r\n\r\n\r\n']) {
    const { body, trailers } = unframed(head + tail);
    assert.equal(body.toString(), 'hello', JSON.stringify(tail));
    assert.deepEqual(trailers, { 'x-amz-checksum-crc32': sum });
  }
});

test('a body of no announced trailer needs none', () => {
  assert.equal(unframed('5\r\nhello\r\n0\r\n\r\n', { 'x-amz-trailer': undefined }).body.toString(), 'hello');
});

test('a trailer that is announced where none can follow is refused', () => {
  const signed = framings['STREAMING-AWS4-HMAC-SHA256-PAYLOAD']!;
  const mac = seed.key.sign(`AWS4-HMAC-SHA256-PAYLOAD\n\n\n\n${hash('sha256', '')}\n${hash('sha256', '')}`);
  const frames = Buffer.from(`0;chunk-signature=${mac}\r\n\r\n`);
  assert.equal(unframe(frames, signed, { 'x-amz-decoded-content-length': '0' }, seed).body.length, 0);
  const headers = { 'x-amz-decoded-content-length': '0', 'x-amz-trailer': 'x-amz-checksum-crc32' };
  assert.throws(() => unframe(frames, signed, headers, seed), { code: 'MalformedTrailerError' });
});

const last = `0\r\nx-amz-checksum-crc32:${sum}\r\n\r\n`;
const faults: [
  name: string,
  frames: string,
  code: string,
  status: number,
  headers?: Record<string, string | undefined>,
][] = [
  ['nothing', '', 'IncompleteBody', 400],
  ['no last chunk', '5\r\nhello\r\n', 'IncompleteBody', 400],
  ['a chunk cut off', '5\r\nhel', 'IncompleteBody', 400],
  ['a size that is none', `zz\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['a negative size', `-5\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['an enormous size', `ffffffff\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['a size of too many digits', `000000000000000005\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['a chunk longer than its size', `4\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['a signature where none belongs', `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n${last}`, 'IncompleteBody', 400],
  ['small chunks before the last', `2\r\nhe\r\n3\r\nllo\r\n${last}`, 'InvalidChunkSizeError', 403],
  ['a wrong checksum', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'BadDigest', 400],
  ['no trailer', '5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError', 400],
  ['another trailer', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n', 'MalformedTrailerError', 400],
  ['a trailer that is no header', '5\r\nhello\r\n0\r\nrubbish\r\n\r\n', 'MalformedTrailerError', 400],
  [
    'a trailer that is no checksum',
    '5\r\nhello\r\n0\r\nx-amz-acl:public-read\r\n\r\n',
    'MalformedTrailerError',
    400,
    { 'x-amz-trailer': 'x-amz-acl' },
  ],
  ['an endless trailer', `5\r\nhello\r\n0\r\na:${'b'.repeat(9000)}\r\n\r\n`, 'MalformedTrailerError', 400],
  ['another length', `5\r\nhello\r\n${last}`, 'IncompleteBody', 400, { 'x-amz-decoded-content-length': '6' }],
  ['no length', `5\r\nhello\r\n${last}`, 'MissingContentLength', 411, { 'x-amz-decoded-content-length': undefined }],
];

for (const [name, frames, code, status, headers] of faults) {
  test(`${name} is refused with ${code}`, () => {
    assert.throws(
      () => unframed(frames, headers),
      (error) => error instanceof AwsError && error.code === code && error.status === status,
    );
  });
}

test("what the SDK's S3 client streams over a socket is verified and unframed", async () => {
  const accessKeyId = 'AKIDEXAMPLE';
  const secretAccessKey = 'secret';
  const principal = { account: '1', arn: 'arn:aws:iam::1:root', userId: '1', accessKeyId };
  const outcomes: (Verified | Error)[] = [];
  const server = createServer((incoming, reply) => {
    void buffer(incoming).then((body) => {
      const [path = '', query = ''] = (incoming.url ?? '').split('?');
      const headers = incoming.headers as Record<string, string | undefined>;
      const request = { method: incoming.method ?? '', path, query, headers, body };
      try {
        assert.equal(headers['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
        const trust = { family: 's3', now: new Date(), keys: new SigningKeys() } as const;
        const credential = () => ({ principal, secretAccessKey });
        outcomes.push(verify(request, parseClaim(request, 's3')!, { ...trust, credential }));
      } catch (thrown) {
        outcomes.push(thrown as Error);
      }
      reply.end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new S3Client({
    endpoint,
    region: 'eu-west-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  });
  const content = Buffer.alloc(100_000, 'berth');
  try {
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      const Body = Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]);
      await client.send(
        new PutObjectCommand({ Bucket: 'b', Key: 'k é+(1)', Body, ContentLength: content.length, ChecksumAlgorithm }),
      );
      const outcome = outcomes.pop()!;
      if (outcome instanceof Error) throw outcome;
      assert.ok(outcome.body.equals(content));
      assert.deepEqual(Object.keys(outcome.trailers), [`x-amz-checksum-${ChecksumAlgorithm.toLowerCase()}`]);
    }
  } finally {
    client.destroy();
    server.close();
  }
});
