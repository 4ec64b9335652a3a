// Uploads under any sequence of what a client may do to them, by the registry and the API in turn, with restarts in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { sha256, startRegistry, type RegistryServer } from './registry-server.ts';

const repositoryName = 'app';

/** What an upload must be like: the real one is held against it after every step. */
interface Model {
  server: RegistryServer;
  uploadId: string;
  received: string;
}

type Step =
  | { readonly do: 'chunk' | 'stream' | 'part'; readonly text: string; readonly ahead: number }
  | { readonly do: 'status' | 'restart' | 'end with another digest' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('chunk' as const, 'stream' as const, 'part' as const),
    text: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }),
    // Mostly where the upload is; else before or after.
    ahead: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1, 7) }),
  }),
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('status' as const, 'end with another digest' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

async function take(model: Model, one: Step): Promise<void> {
  const { server, uploadId, received } = model;
  const path = `/v2/app/blobs/uploads/${uploadId}`;
  switch (one.do) {
    case 'restart':
      model.server = await server.restart();
      return;
    case 'status':
      return;
    case 'end with another digest': {
      const reply = await server.ask('PUT', `${path}?digest=${sha256(`not ${received}`)}`);
      assert.equal(reply.status, 400);
      return;
    }
    case 'stream':
      assert.equal((await server.ask('PATCH', path, { body: one.text })).status, 202);
      model.received += one.text;
      return;
    case 'chunk':
    case 'part': {
      const first = Math.max(received.length + one.ahead, 0);
      const taken =
        one.do === 'chunk' ? await chunk(server, path, first, one.text) : await part(model, first, one.text);
      assert.equal(taken, first === received.length);
      if (taken) model.received += one.text;
    }
  }
}

async function chunk(server: RegistryServer, path: string, first: number, body: string): Promise<boolean> {
  const headers = { 'content-range': `${first}-${first + body.length - 1}` };
  const { status } = await server.ask('PATCH', path, { body, headers });
  assert.ok(status === 202 || status === 416, String(status));
  return status === 202;
}

async function part({ server, uploadId, received }: Model, first: number, text: string): Promise<boolean> {
  const range = { partFirstByte: first, partLastByte: first + text.length - 1 };
  try {
    await server.call('UploadLayerPart', { repositoryName, uploadId, ...range, layerPartBlob: Buffer.from(text) });
    return true;
  } catch (thrown) {
    assert.ok(thrown instanceof AwsError && thrown.code === 'InvalidLayerPartException', String(thrown));
    const last = received.length === 0 ? undefined : received.length - 1;
    assert.equal(thrown.members['lastValidByteReceived'], last);
    return false;
  }
}

test('an upload is what was appended to it in order, whoever appended, and the blob is just that', async (t) => {
  let server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, byApi) => {
      const { uploadId } = await server.call('InitiateLayerUpload', { repositoryName });
      const model: Model = { server, uploadId: uploadId!, received: '' };
      for (const one of steps) {
        await take(model, one);
        server = model.server;
        const reply = await server.ask('GET', `/v2/app/blobs/uploads/${uploadId}`);
        assert.equal(reply.headers.get('range'), `0-${Math.max(model.received.length - 1, 0)}`);
      }
      const digest = sha256(model.received);
      if (byApi && model.received !== '') await completeByApi(server, uploadId!, digest);
      else {
        const ended = await server.ask('PUT', `/v2/app/blobs/uploads/${uploadId}?digest=${digest}`);
        assert.equal(ended.status, 201);
      }
      assert.equal(await (await server.ask('GET', `/v2/app/blobs/${digest}`)).text(), model.received);
    }),
    { numRuns: 60 },
  );
});

/** The same content may have been uploaded before. */
async function completeByApi(server: RegistryServer, uploadId: string, digest: string): Promise<void> {
  try {
    await server.call('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] });
  } catch (thrown) {
    assert.ok(thrown instanceof AwsError && thrown.code === 'LayerAlreadyExistsException', String(thrown));
  }
}
