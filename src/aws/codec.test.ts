// Tests of the codec as a whole: mutated requests are decoded or refused with an AwsError, whatever they hold.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { decode, loadModel } from './codec.ts';
import { encodeError } from './error-response.ts';
import type { ModelName } from './models.ts';
import { dialectOf, route } from './route.ts';
import { validate } from './validate.ts';
import type { WireRequest } from './wire.ts';

interface Sample {
  readonly signed: ModelName;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
  readonly path?: string;
  readonly query?: string;
  readonly method?: string;
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

const samples: Sample[] = [
  {
    signed: 'ecs',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition',
    },
    body: '{"family":"f","containerDefinitions":[{"name":"n","image":"i","cpu":1,"essential":true,"dockerLabels":{"a":"b"},"environment":[{"name":"a","value":"\\u0041"}]}],"volumes":[]}',
  },
  {
    signed: 'elasticloadbalancing',
    headers: form,
    body: 'Action=CreateListener&Version=2015-12-01&LoadBalancerArn=a&Port=80&DefaultActions.member.1.Type=forward&DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.Weight=2',
  },
  {
    signed: 'ec2',
    headers: form,
    body: 'Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=a&Filter.1.Value.1=b&MaxResults=5&DryRun=true',
  },
  {
    signed: 'monitoring',
    headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
    path: '/service/GraniteServiceVersion20100801/operation/PutMetricData',
    body: Buffer.from(
      'a2694e616d657370616365616e6a4d65747269634461746181a26a4d65747269634e616d65616d6556616c7565fb3ff8000000000000',
      'hex',
    ),
  },
  {
    signed: 's3',
    method: 'PUT',
    path: '/bucket/key',
    query: 'tagging&versionId=1',
    headers: {},
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>b &amp; c</Value></Tag></TagSet></Tagging>',
  },
];

before(() => Promise.all(samples.map(({ signed }) => loadModel(signed))));

/** Replaces, drops or repeats some bytes. */
const mutations = fc.array(fc.record({ at: fc.nat(), drop: fc.nat(3), put: fc.uint8Array({ maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 4,
});

function mutated(body: Buffer, changes: readonly { at: number; drop: number; put: Uint8Array }[]): Buffer {
  return changes.reduce((bytes, { at, drop, put }) => {
    const start = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + drop)]);
  }, body);
}

async function handle(request: WireRequest, signed: string): Promise<void> {
  const found = await route(request, signed);
  validate(found, decode(found, request));
}

for (const sample of samples) {
  const { signed, headers, body, path = '/', query = '', method = 'POST' } = sample;

  test(`mutated requests of ${signed} never fail with anything but an AwsError, which can be written`, async () => {
    const whole = Buffer.from(body);
    await handle({ method, path, query, headers, body: whole }, signed);
    await fc.assert(
      fc.asyncProperty(mutations, mutations, fc.boolean(), async (inBody, inUrl, both) => {
        const url = both ? mutated(Buffer.from(`${path}?${query}`), inUrl).toString('latin1') : `${path}?${query}`;
        const [changedPath = '/', changedQuery = ''] = url.split('?', 2);
        const request = { method, path: changedPath, query: changedQuery, headers, body: mutated(whole, inBody) };
        try {
          await handle(request, signed);
        } catch (error) {
          assert.ok(error instanceof AwsError, String((error as Error).stack));
          assert.ok(encodeError(dialectOf(request, signed), error, 'id').status >= 400);
        }
      }),
      { seed: 1, numRuns: Number(process.env['BERTH_PROPERTY_RUNS'] ?? 3) * 500 },
    );
  });
}
