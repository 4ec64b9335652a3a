// Clients that leave at any byte of any request: the registry serves on and keeps its promises.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { pushBlob, pushImage, sha256, startRegistry } from './registry-server.ts';

test('a request that breaks off anywhere does no harm', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const authorization = await server.authorization();
  const image = await pushImage(server, 'app', 'v1', 'l'.repeat(300_000));
  const content = 'c'.repeat(5000);
  const digest = sha256(content);
  const session = (await server.ask('POST', '/v2/app/blobs/uploads/')).headers.get('location')!;
  const uploading = `/v2/app/blobs/uploads/?digest=${digest}`;
  const requests: [string, string][] = [
    [`POST ${uploading}`, content],
    [`PATCH ${session}`, 'p'.repeat(3000)],
    [`PUT ${session}?digest=${digest}`, 'q'.repeat(3000)],
    [`PUT /v2/app/manifests/v2`, image.text],
    [`GET /v2/app/blobs/${image.layer}`, ''],
    [`GET /v2/app/manifests/v1`, ''],
    [`HEAD /v2/app/blobs/${image.layer}`, ''],
    [`DELETE /v2/app/manifests/none`, ''],
  ];
  const texts = requests.map(([line, body]) => {
    const headers = `host: ${server.endpoint}\r\nauthorization: ${authorization}\r\ncontent-length: ${body.length}`;
    return `${line} HTTP/1.1\r\n${headers}\r\n\r\n${body}`;
  });
  const [host, port] = server.endpoint.split(':');
  const breakOff = (text: string, at: number, reset: boolean) =>
    new Promise<void>((closed) => {
      const socket = connect(Number(port), host!);
      socket.on('error', () => {});
      socket.on('close', () => closed());
      // After the whole request: leave with the first bytes of the reply.
      socket.on('data', () => (reset ? socket.resetAndDestroy() : socket.destroy()));
      socket.write(text.slice(0, at), () => {
        if (at < text.length) void (reset ? socket.resetAndDestroy() : socket.destroy());
      });
    });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      async (text, part, reset) => {
        await breakOff(text, Math.ceil(text.length * part), reset);
        assert.equal(
          (await server.ask('HEAD', `/v2/app/manifests/v1`)).headers.get('docker-content-digest'),
          image.digest,
        );
      },
    ),
    { numRuns: 300 },
  );
  assert.equal((await (await server.ask('GET', `/v2/app/blobs/${image.layer}`)).bytes()).length, 300_000);
  await pushBlob(server, 'app', content);
  assert.equal(await (await server.ask('GET', `/v2/app/blobs/${digest}`)).text(), content);
});
