// Conformance: content management. OCI distribution spec 1.1, "Deleting tags", "Deleting Manifests", "Deleting Blobs".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, pushBlob, pushImage, putManifest, sha256, startRegistry } from './registry-server.ts';

test('a tag is deleted alone, a manifest with all its tags', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { text, digest } = await pushImage(server, 'app', 'v1');
  for (const tag of ['v2', 'v3']) await putManifest(server, 'app', tag, text);
  assert.equal((await server.ask('DELETE', '/v2/app/manifests/v1')).status, 202);
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 404);
  assert.equal((await server.ask('GET', `/v2/app/manifests/${digest}`)).status, 200);
  assert.equal((await server.ask('DELETE', `/v2/app/manifests/${digest}`)).status, 202);
  for (const reference of [digest, 'v2', 'v3']) {
    assert.equal((await server.ask('GET', `/v2/app/manifests/${reference}`)).status, 404);
    const again = await server.ask('DELETE', `/v2/app/manifests/${reference}`);
    assert.equal(again.status, 404);
    assert.equal(await errorCode(again), 'MANIFEST_UNKNOWN');
  }
  assert.deepEqual(await (await server.ask('GET', '/v2/app/tags/list')).json(), { name: 'app', tags: [] });
});

test('a blob is deleted once no manifest needs it', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { digest, layer } = await pushImage(server, 'app', 'v1');
  const refused = await server.ask('DELETE', `/v2/app/blobs/${layer}`);
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), new RegExp(`DENIED.*${digest}`));
  assert.equal((await server.ask('GET', `/v2/app/blobs/${layer}`)).status, 200);
  await server.ask('DELETE', `/v2/app/manifests/${digest}`);
  assert.equal((await server.ask('DELETE', `/v2/app/blobs/${layer}`)).status, 202);
  assert.equal((await server.ask('GET', `/v2/app/blobs/${layer}`)).status, 404);
  assert.equal((await server.ask('DELETE', `/v2/app/blobs/${layer}`)).status, 404);
  assert.equal((await server.ask('DELETE', `/v2/app/blobs/${sha256('no')}`)).status, 404);
});

test('a blob that was deleted in one repository stays in another and can be pushed again', async (t) => {
  const server = await startRegistry(t);
  for (const repositoryName of ['app', 'other']) await server.call('CreateRepository', { repositoryName });
  const { digest } = await pushBlob(server, 'app', 'shared');
  await server.ask('POST', `/v2/other/blobs/uploads/?mount=${digest}&from=app`);
  await server.ask('DELETE', `/v2/app/blobs/${digest}`);
  assert.equal((await server.ask('GET', `/v2/other/blobs/${digest}`)).status, 200);
  await pushBlob(server, 'app', 'shared');
  assert.equal((await server.ask('GET', `/v2/app/blobs/${digest}`)).status, 200);
});

test('a repository that was deleted and made again is empty', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { layer } = await pushImage(server, 'app', 'v1');
  await server.call('DeleteRepository', { repositoryName: 'app', force: true });
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 404);
  await server.call('CreateRepository', { repositoryName: 'app' });
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 404);
  assert.equal((await server.ask('GET', `/v2/app/blobs/${layer}`)).status, 404);
  await pushImage(server, 'app', 'v1');
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 200);
});
