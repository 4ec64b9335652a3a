// JS SDK client -> front door -> JS SDK client: every operation of every model, random input and output, over a socket.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import fc from 'fast-check';
import { loadModel, type Model } from '#aws/codec.ts';
import { AwsError } from '#kernel/error.ts';
import { catalog, type ModelName } from '#aws/models.ts';
import type { Member, OperationModel } from '#aws/shape.ts';
import { serveProtocols, type ProtocolServer } from './protocol-server.fixture.ts';
import { Chance, ShapeValues, type Limits } from './shape-values.fixture.ts';

const runs = Number(process.env['BERTH_PROPERTY_RUNS'] ?? 3);
const seed = Number(process.env['BERTH_PROPERTY_SEED'] ?? 20260131);

/** Operations that the SDK's client does not send or read as its schema says. */
const customised: Readonly<Record<string, string>> = {
  'ec2.CopySnapshot': 'the client adds a presigned URL and its region (middleware-sdk-ec2)',
};

/** Members that the SDK's client sets, drops or rewrites itself. */
const customisedMembers: Readonly<Record<string, string>> = {
  's3.ChecksumAlgorithm': 'the client computes the checksum and refuses algorithms that it does not know',
  's3.ChecksumMode': "the client compares the reply's checksums with its body",
  's3.ExpiresString': 'the client adds it from Expires',
  's3.SSECustomerKey': 'the client encodes it in base64 (middleware-ssec)',
  's3.SSECustomerKeyMD5': 'the client computes it (middleware-ssec)',
  's3.CopySourceSSECustomerKey': 'the client encodes it in base64 (middleware-ssec)',
  's3.CopySourceSSECustomerKeyMD5': 'the client computes it (middleware-ssec)',
  's3.PutObject.ContentType': 'the client sets application/octet-stream',
  'events.EndpointId': 'the client makes a host name of it',
  's3.ContentLength': "HTTP's own header: any value but the body's length breaks the message",
};

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>;
  destroy(): void;
}

type Exports = Readonly<Record<string, new (input: unknown) => unknown>>;

interface Sent {
  operation: string | undefined;
  input: unknown;
  output: unknown;
  error: AwsError | undefined;
}

const current: Sent = { operation: undefined, input: undefined, output: undefined, error: undefined };
let server: ProtocolServer;

before(async () => {
  server = await serveProtocols((route, input) => {
    if (current.error !== undefined) throw current.error;
    current.operation = route.operation;
    current.input = input;
    return { output: current.output };
  });
});

after(() => server.close());

const isCustomised = (model: ModelName, operation: string, member: string): boolean =>
  `${model}.${member}` in customisedMembers || `${model}.${operation}.${member}` in customisedMembers;

/** One message: an operation, and the chance that its values are made of. */
interface Exchange {
  readonly model: Model;
  readonly operation: OperationModel;
  readonly size: number;
  readonly seed: number;
  readonly limits: Variant['limits'];
}

async function roundTrip(client: Client, exports: Exports, exchange: Exchange): Promise<void> {
  const { model, operation, size, limits } = exchange;
  const chance = new Chance(exchange.seed);
  const skip = (member: Member): boolean => isCustomised(model.name, operation.name, member.name);
  const input = new ShapeValues(chance, size, limits.input).structure(operation.input, skip);
  const output = new ShapeValues(chance, size, limits.output).structure(operation.output, skip);
  if (model.name === 's3') nameObject(operation, input);
  Object.assign(current, { operation: undefined, input: undefined, output });
  const { $metadata: _, ...received } = await client.send(
    new exports[`${operation.name}Command`]!(structuredClone(input)),
  );
  const compare = async (actual: unknown, expected: unknown, what: string): Promise<void> => {
    const kept = Object.entries(actual as object).filter(([name]) => !isCustomised(model.name, operation.name, name));
    const { noEmpty } = what === 'input' ? limits.input : limits.output;
    assert.deepEqual(await comparable(Object.fromEntries(kept), noEmpty), await comparable(expected, noEmpty), what);
  };
  assert.equal(current.operation, operation.name);
  await compare(current.input, input, 'input');
  await compare(received, output, 'output');
}

/** A bucket's name is checked by the client, and the key stands in a path. */
function nameObject(operation: OperationModel, input: Record<string, unknown>): void {
  if (operation.input.kind !== 'structure') return;
  for (const member of operation.input.members) {
    if (member.traits['httpLabel'] === undefined) continue;
    input[member.name] = member.name === 'Bucket' ? 'a-bucket' : 'dir/ä key+1 & more/../x';
  }
}

/** Without what is undefined and, where nothing empty was sent, without what is empty; bytes as text, streams as their bytes. */
async function comparable(value: unknown, noEmpty: boolean): Promise<unknown> {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((v) => comparable(v, noEmpty)));
  const stream = value as { transformToByteArray?: () => Promise<Uint8Array> };
  if (stream.transformToByteArray !== undefined) return comparable(await stream.transformToByteArray(), noEmpty);
  const found: Record<string, unknown> = {};
  for (const [key, v] of Object.entries(value)) {
    const inner = await comparable(v, noEmpty);
    const empty =
      typeof inner === 'object' && inner !== null && !(inner instanceof Date) && Object.keys(inner).length === 0;
    if (inner !== undefined && !(noEmpty && empty)) found[key] = inner;
  }
  return found;
}

const form: Limits = { noEmpty: true, plainText: false };
const xml: Limits = { noEmpty: true, plainText: true };
const binary: Limits = { noEmpty: false, plainText: false };

/** One model under one protocol. */
interface Variant {
  readonly name: ModelName;
  readonly title: string;
  readonly limits: { readonly input: Limits; readonly output: Limits };
  readonly settings?: object;
}

const variants: Variant[] = (Object.keys(catalog) as ModelName[]).map((name) => {
  const [protocol] = catalog[name].protocols;
  const limits =
    protocol === 'json'
      ? { input: binary, output: binary }
      : { input: protocol === 'restXml' ? xml : form, output: xml };
  return { name, title: `${name} over ${protocol}`, limits };
});
variants.push(
  {
    name: 'monitoring',
    title: 'monitoring over cbor',
    limits: { input: binary, output: binary },
    settings: { protocol: AwsSmithyRpcV2CborProtocol },
  },
  {
    name: 'monitoring',
    title: 'monitoring over query',
    limits: { input: form, output: xml },
    settings: { protocol: AwsQueryProtocol },
  },
);

const only = process.env['BERTH_PROPERTY_MODEL'];

async function clientOf({ name, settings }: Variant): Promise<{ client: Client; exports: Exports }> {
  const exports = (await catalog[name].load()) as Exports;
  const [, Client] = Object.entries(exports).find(([key]) => /^[A-Z]\w+Client$/.test(key))!;
  const client = new Client({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' },
    disableHostPrefix: true,
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 5000 },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...settings,
  }) as Client;
  return { client, exports };
}

for (const variant of variants.filter((v) => only === undefined || v.name === only)) {
  const { name, title, limits } = variant;

  test(`every operation of ${title} carries random inputs and outputs unchanged`, async () => {
    const model = await loadModel(name);
    const { client, exports } = await clientOf(variant);
    const failures: string[] = [];
    for (const operation of model.operations.values()) {
      if (operation.eventStream || `${name}.${operation.name}` in customised) continue;
      const property = fc.asyncProperty(fc.nat(2), fc.nat(), (size, chance) =>
        roundTrip(client, exports, { model, operation, size, seed: chance, limits }),
      );
      const result = await fc.check(property, { numRuns: runs, seed });
      if (result.failed)
        failures.push(
          `${operation.name} (size, seed: ${String(result.counterexample)}): ${shown(result.errorInstance)}`,
        );
    }
    client.destroy();
    assert.equal(failures.length, 0, `${failures.length} operations fail:\n${failures.slice(0, 10).join('\n\n')}`);
  });

  test(`every error of ${title} reaches the client with its name, message and fault`, async () => {
    const model = await loadModel(name);
    const { client, exports } = await clientOf(variant);
    const operation = [...model.operations.values()].find(
      (o) => (o.input.kind === 'structure' && !o.eventStream && name !== 's3') || o.name === 'ListBuckets',
    )!;
    const input = new ShapeValues(new Chance(seed), 0, limits.input).structure(operation.input);
    const speaksQuery = catalog[name].protocols.includes('query');
    const failures: unknown[] = [];
    for (const { name: code, queryCode, fault } of new Set(model.errors.values())) {
      current.error = new AwsError(code, `It <failed> & "${code}" said so`);
      const refused = await client.send(new exports[`${operation.name}Command`]!(input)).then(
        () => undefined,
        (error: unknown) => error,
      );
      const { name: received, message, $fault } = refused as { name: string; message: string; $fault: string };
      // Two shapes may share a code of the query protocols, which is what their clients go by.
      const known = speaksQuery ? model.errors.get(queryCode)!.name : code;
      const expected = { received: known, message: current.error.message, $fault: fault };
      if (!isDeepStrictEqual({ received, message, $fault }, expected))
        failures.push({ received, message, $fault, code });
    }
    current.error = undefined;
    client.destroy();
    assert.deepEqual(failures, []);
  });
}

const shown = (thrown: unknown): string =>
  (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)).slice(0, 900);
