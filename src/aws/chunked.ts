// aws-chunked bodies: frames taken apart, their signatures, trailing checksum and length verified.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
import { hash, timingSafeEqual } from 'node:crypto';
import { AwsError } from '#kernel/error.ts';
import { checksum, isChecksumAlgorithm } from './checksums.ts';
import { refusal } from './signature-errors.ts';
import type { SigningKey } from './signing-key.ts';

/** What `x-amz-content-sha256` announces. */
export interface Framing {
  /** Every chunk carries a signature. */
  readonly signed: boolean;
  /** Headers follow the last chunk. */
  readonly trailer: boolean;
}

/** The framings that S3 takes, by the value of `x-amz-content-sha256`. */
export const framings: Readonly<Record<string, Framing>> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
};

/** Where the chain of chunk signatures starts. */
export interface ChunkSeed {
  readonly key: SigningKey;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly timestamp: string;
  /** `YYYYMMDD/region/service/aws4_request` */
  readonly scope: string;
  /** The request's own signature. */
  readonly signature: string;
}

/** A body without its frames. */
export interface Unframed {
  readonly body: Buffer;
  /** `x-amz-checksum-…`, verified; empty where none was announced. */
  readonly trailers: Readonly<Record<string, string>>;
}

interface Chunk {
  readonly data: Buffer;
  readonly signature: string | undefined;
}

interface Frames {
  readonly chunks: readonly Chunk[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** All chunks but the last must be at least this long. */
const smallestChunk = 8192;
const signatureTrailer = 'x-amz-trailer-signature';

/** The content of a framed body. Throws S3's errors where frames, signatures, checksum or length are wrong. */
export function unframe(
  framed: Buffer,
  framing: Framing,
  headers: Readonly<Record<string, string | undefined>>,
  seed: ChunkSeed,
): Unframed {
  const expected = decodedLength(headers);
  const frames = parseFrames(framed, framing);
  if (framing.signed) verifyChunks(frames, framing, seed);
  const body = Buffer.concat(frames.chunks.map((chunk) => chunk.data));
  if (body.length !== expected) {
    throw new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    );
  }
  const trailers = Object.fromEntries(frames.trailers.filter(([name]) => name !== signatureTrailer));
  verifyTrailers(trailers, body, framing, headers);
  return { body, trailers };
}

function decodedLength(headers: Readonly<Record<string, string | undefined>>): number {
  const text = headers['x-amz-decoded-content-length'] ?? '';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', { status: 411 });
}

const incomplete = () => new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
const malformedTrailer = () =>
  new AwsError(
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  );

/** `<hex size>[;chunk-signature=<64 hex>]\r\n<data>\r\n` … `0…\r\n[<name>:<value>\r\n]…\r\n` */
function parseFrames(framed: Buffer, framing: Framing): Frames {
  const chunks: Chunk[] = [];
  const head = framing.signed ? /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/ : /^([0-9a-fA-F]{1,8})$/;
  for (let at = 0; ;) {
    const end = framed.indexOf('\r\n', at, 'latin1');
    // A head is never longer than this; the limit keeps a hostile body from becoming one long string.
    const line = end < 0 || end - at > 128 ? null : head.exec(framed.toString('latin1', at, end));
    if (line === null) throw incomplete();
    const size = Number.parseInt(line[1]!, 16);
    const data = framed.subarray(end + 2, end + 2 + size);
    chunks.push({ data, signature: line[2] });
    if (size === 0) return { chunks, trailers: parseTrailers(framed, end + 2, framing) };
    at = end + 2 + size + 2;
    if (at > framed.length || framed[at - 2] !== 13 || framed[at - 1] !== 10) throw incomplete();
    const before = chunks.at(-2);
    if (before !== undefined && before.data.length < smallestChunk)
      throw chunkTooSmall(chunks.length - 1, before.data.length);
  }
}

function chunkTooSmall(number: number, size: number): AwsError {
  return new AwsError('InvalidChunkSizeError', 'Only the last chunk is allowed to have a size less than 8192 bytes', {
    status: 403,
    members: { Chunk: String(number), BadChunkSize: String(size) },
  });
}

/** Lines until the end. Blank ones are let pass: clients differ in how they end a body. */
function parseTrailers(framed: Buffer, start: number, framing: Framing): Frames['trailers'] {
  if (framed.length - start > 8192) throw malformedTrailer();
  const lines = framed
    .toString('latin1', start)
    .split('\r\n')
    .filter((line) => line !== '');
  if (lines.length > 0 && !framing.trailer) throw incomplete();
  return lines.map((line) => {
    const parts = /^([\w-]+):([\x20-\x7e]*)\n?$/.exec(line);
    if (parts === null) throw malformedTrailer();
    return [parts[1]!.toLowerCase(), parts[2]!.trim()] as const;
  });
}

const emptyHash = hash('sha256', '');

function verifyChunks(frames: Frames, framing: Framing, seed: ChunkSeed): void {
  let previous = seed.signature;
  const verify = (kind: string, what: string, given: string | undefined) => {
    const text = `AWS4-HMAC-SHA256-${kind}\n${seed.timestamp}\n${seed.scope}\n${previous}\n${what}`;
    const wanted = seed.key.sign(text);
    if (!equal(wanted, given)) throw refusal('s3', 'mismatch');
    previous = wanted;
  };
  for (const chunk of frames.chunks) verify('PAYLOAD', `${emptyHash}\n${hash('sha256', chunk.data)}`, chunk.signature);
  if (!framing.trailer) return;
  const signed = frames.trailers.filter(([name]) => name !== signatureTrailer);
  const given = frames.trailers.filter(([name]) => name === signatureTrailer);
  if (given.length !== 1) throw malformedTrailer();
  const text = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  verify('TRAILER', hash('sha256', Buffer.from(text, 'latin1')), given[0]![1]);
}

function equal(wanted: string, given: string | undefined): boolean {
  const a = Buffer.from(wanted, 'latin1');
  const b = Buffer.from(given ?? '', 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What follows must be what `x-amz-trailer` announced, and each checksum that of the body. */
function verifyTrailers(
  trailers: Readonly<Record<string, string>>,
  body: Buffer,
  framing: Framing,
  headers: Readonly<Record<string, string | undefined>>,
): void {
  const announced = (headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (!framing.trailer && announced.length > 0) throw malformedTrailer();
  const names = Object.keys(trailers);
  if (names.length !== announced.length || !names.every((name) => announced.includes(name))) throw malformedTrailer();
  for (const name of names) {
    const algorithm = name.startsWith('x-amz-checksum-') ? name.slice('x-amz-checksum-'.length) : '';
    if (!isChecksumAlgorithm(algorithm)) throw malformedTrailer();
    if (checksum(algorithm, body) === trailers[name]) continue;
    throw new AwsError(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
}
