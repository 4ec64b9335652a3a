// botocore client -> front door -> botocore client: every operation that botocore knows, random input and output, over a socket.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { serveProtocols } from './protocol-server.fixture.ts';

const runs = process.env['BERTH_PROPERTY_RUNS'] ?? '3';
const seed = process.env['BERTH_PROPERTY_SEED'] ?? '20260131';
const script = fileURLToPath(new URL('botocore_property.py', import.meta.url));

/** Two halves of about the same time, one for each core; CloudWatch in each of its protocols. */
const halves = [
  ['ec2'],
  [
    'ecs',
    'ecr',
    'logs',
    'elbv2',
    'iam',
    'sts',
    'cloudwatch',
    'cloudwatch+json',
    'cloudwatch+query',
    'application-autoscaling',
    'secretsmanager',
    'ssm',
    's3',
    'events',
    'servicediscovery',
    'cloudformation',
  ],
];

/** The environment without what would change botocore's mind about endpoints or regions. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !/_proxy$/i.test(name)),
);

function whyNoBotocore(): string | false {
  try {
    execFileSync('python3', ['-c', 'import botocore'], { stdio: 'ignore', env: environment });
    return false;
  } catch {
    return 'NOT TESTED: python3 with botocore (boto3) is not installed';
  }
}

/** Times and bytes, which JSON lacks, out of their tagged form. */
function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  const { $time, $bytes } = value as { $time?: number; $bytes?: string };
  if ($time !== undefined) return new Date($time);
  if ($bytes !== undefined) return new Uint8Array(Buffer.from($bytes, 'hex'));
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, untagged(v)]));
}

function tagged(value: unknown): unknown {
  if (value instanceof Date) return { $time: value.getTime() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, tagged(v)]));
}

test(
  'every operation that botocore knows carries random inputs and outputs unchanged',
  { skip: whyNoBotocore() },
  async () => {
    const server = await serveProtocols((route, input, request) => {
      const wanted = inflateSync(Buffer.from(request.headers['x-test-output'] ?? '', 'base64')).toString('utf8');
      const decoded = JSON.stringify({ operation: route.operation, input: tagged(input) });
      return {
        output: untagged(JSON.parse(wanted)),
        headers: { 'x-test-input': deflateSync(decoded).toString('base64') },
      };
    });
    try {
      const results = await Promise.all(
        halves.map((services) =>
          promisify(execFile)('python3', [script, server.url, seed, runs, ...services], {
            env: environment,
            maxBuffer: 2 ** 26,
          }),
        ),
      );
      const found = results.map(({ stdout }) => JSON.parse(stdout) as { exchanges: number; failures: string[] });
      const failures = found.flatMap((result) => result.failures);
      assert.equal(failures.length, 0, `${failures.length} operations fail:\n${failures.slice(0, 40).join('\n\n')}`);
      assert.ok(found.every(({ exchanges }) => exchanges > 500 * Number(runs)));
    } finally {
      await server.close();
    }
  },
);
