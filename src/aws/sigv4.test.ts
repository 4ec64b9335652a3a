// The verifier against an independent signer (the SDK's own), and that nothing else is let in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { authenticate, escape, keys, longTerm, secretAccessKey, sign, signedAt } from './sdk-signer.fixture.ts';
import type { Plan, Situation } from './sdk-signer.fixture.ts';
import type { Family } from './signature-errors.ts';
import { claimedService, parseClaim } from './signed-claim.ts';
import { canonicalPath, canonicalQuery, canonicalS3Path, foldWhitespace } from './sigv4-canonical.ts';
import { verify } from './sigv4.ts';
import type { WireRequest } from './wire.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((value) => value.isWellFormed());
const segment = fc.oneof(
  text.map(escape),
  fc
    .constantFrom('', '.', '..', 'a b', '%2F', '%25zz', '~user', 'x+y=(z)!')
    .map((s) => (s.includes(' ') ? escape(s) : s)),
);
const s3Segment = fc.oneof(text.map(escape), fc.constantFrom('', '.', '..'));
const path = (part: fc.Arbitrary<string>) => fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
const query = fc.dictionary(
  fc
    .oneof(text, fc.constantFrom('a', 'a-b', 'a b', 'A', 'Action'))
    .filter((key) => key !== '' && key !== '__proto__' && !/^x-amz/i.test(key)),
  fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
  { maxKeys: 5 },
);
const headerValue = fc.string({ unit: fc.constantFrom(...' \t,;"=a0~/:'), maxLength: 12 });
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'x-amz-target', 'x-amz-meta-note', 'my-header', 'amz-sdk-request'),
  headerValue,
);
const plan: fc.Arbitrary<Plan> = fc.constantFrom<Family>('json', 'query', 'ec2', 's3').chain((family) =>
  fc.record({
    family: fc.constant(family),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
    path: path(family === 's3' ? s3Segment : segment),
    query,
    headers,
    body: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    sessionToken: fc.option(fc.base64String({ minLength: 4, maxLength: 40 }), { nil: undefined }),
    expiresIn: fc.option(fc.integer({ min: 1, max: 604_800 }), { nil: undefined }),
  }),
);
const knownTo = ({ sessionToken }: Plan): Situation => ({ credential: { ...longTerm, sessionToken } });

test("whatever the SDK's signer signs, in header and in presigned form, is accepted", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (one) => {
      const request = await sign(one);
      const verified = authenticate(request, one.family, knownTo(one));
      assert.equal(verified.credential.secretAccessKey, secretAccessKey);
      assert.equal(verified.body, one.body);
      assert.equal(claimedService(request), one.family === 's3' ? 's3' : 'ecs');
    }),
    { numRuns: 500 },
  );
});

/** `text` with one character changed for another that HTTP could carry. */
const changed = (value: string, at: number, by: number): string => {
  const index = at % value.length;
  const code = 0x21 + ((value.charCodeAt(index) - 0x21 + 1 + (by % 93)) % 94);
  return value.slice(0, index) + String.fromCharCode(code) + value.slice(index + 1);
};

interface Change {
  readonly part: 'method' | 'path' | 'query' | 'header' | 'body';
  readonly at: number;
  readonly by: number;
}

/** A request with a single byte changed; undefined where that changes nothing that SigV4 (or AWS) tells apart. */
function tamper(request: WireRequest, family: Family, { part, at, by }: Change): WireRequest | undefined {
  if (part === 'body') {
    if (request.body.length === 0 || (request.query.includes('X-Amz-Signature') && family === 's3')) return undefined;
    const body = Buffer.from(request.body);
    body[at % body.length]! ^= 1 + (by % 255);
    return { ...request, body };
  }
  if (part === 'header') {
    const names = Object.keys(request.headers).filter((name) => request.headers[name] !== '');
    const name = names[at % names.length]!;
    const value = changed(request.headers[name]!, at, by);
    if (foldWhitespace(value) === foldWhitespace(request.headers[name]!)) return undefined;
    return { ...request, headers: { ...request.headers, [name]: value } };
  }
  if (request[part] === '') return undefined;
  const value = changed(request[part], at, by);
  const canonical = { method: String, path: family === 's3' ? canonicalS3Path : canonicalPath, query: canonicalQuery }[
    part
  ];
  return canonical(value) === canonical(request[part]) ? undefined : { ...request, [part]: value };
}

const change: fc.Arbitrary<Change> = fc.record({
  part: fc.constantFrom('method', 'path', 'query', 'header', 'body'),
  at: fc.nat(10_000),
  by: fc.nat(10_000),
});

test('any single byte changed in any part of a signed request refuses it', async () => {
  let tampered = 0;
  await fc.assert(
    fc.asyncProperty(plan, fc.array(change, { minLength: 10, maxLength: 10 }), async (one, changes) => {
      const request = await sign(one);
      for (const each of changes) {
        const other = tamper(request, one.family, each);
        if (other === undefined) continue;
        tampered++;
        assert.throws(
          () => {
            authenticate(other, one.family, knownTo(one));
          },
          AwsErrorOrNoClaim,
          JSON.stringify({ each, path: other.path, query: other.query, headers: other.headers }),
        );
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(tampered > 1000, `${tampered} changes were tried`);
});

function AwsErrorOrNoClaim(thrown: unknown): boolean {
  return (
    thrown instanceof AwsError ||
    (thrown instanceof assert.AssertionError && thrown.message.includes('carries a claim'))
  );
}

test('whatever is sent as Authorization or query, only an AwsError comes of it', () => {
  const mark = fc.constantFrom(
    'AWS4-HMAC-SHA256 ',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    ',',
    '/',
    '=',
    '%zz',
    '%',
    'AWS x:y',
    'aws4_request',
    'a/20260304/eu-west-1/ecs/aws4_request',
  );
  const parameter = fc.constantFrom(
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    'X-Amz-Credential=',
    'a%2F20260304%2Feu-west-1%2Fs3%2Faws4_request',
    '&',
    'X-Amz-Date=20260304T050607Z',
    'X-Amz-Expires=-1',
    '%e0%a4',
    'X-Amz-SignedHeaders=host',
    'X-Amz-Signature=00',
  );
  const words = (part: fc.Arbitrary<string>) =>
    fc.array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      words(mark),
      words(parameter),
      fc.boolean(),
      fc.constantFrom<Family>('json', 'query', 'ec2', 's3'),
      (authorization, sent, header, family) => {
        const own: Record<string, string> = header ? { authorization } : {};
        const request = {
          method: 'GET',
          path: '/%zz',
          query: sent,
          headers: { host: 'localhost', ...own },
          body: Buffer.alloc(0),
        };
        claimedService(request);
        try {
          const claim = parseClaim(request, family);
          if (claim) verify(request, claim, { family, now: signedAt, keys, credential: () => longTerm });
          assert.equal(claim, undefined, 'nothing of this was signed');
        } catch (thrown) {
          assert.ok(thrown instanceof AwsError, String(thrown));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
