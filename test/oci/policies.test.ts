// The registry's door under policies: other accounts' tokens, pull passwords and download URLs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushImage, startRegistry, type RegistryServer } from './registry-server.ts';

const [owner, guest] = ['123456789012', '210987654321'];
const scope = { account: owner, region: 'us-east-1' };
const manifest = `/v2/${owner}.us-east-1/app/manifests/v1`;

function set(server: RegistryServer, ...statements: object[]) {
  const policyText = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return server.call('SetRepositoryPolicy', { repositoryName: 'app', policyText, force: true });
}
const allow = (AWS: string, ...Action: string[]) => ({ Effect: 'Allow', Principal: { AWS }, Action });
const denyAll = { Effect: 'Deny', Principal: '*', Action: 'ecr:*' };
const pulling = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'];

async function startWithImage(t: Parameters<typeof startRegistry>[0]) {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { layer } = await pushImage(server, 'app', 'v1');
  return { server, layer };
}

test('each request of another account’s token is for the action that the policy allows', async (t) => {
  const { server, layer } = await startWithImage(t);
  const authorization = await server.authorization(guest);
  const blob = `/v2/${owner}.us-east-1/app/blobs/${layer}`;
  const status = async (method: string, path: string) => (await server.ask(method, path, { authorization })).status;
  const all = async () => [
    await status('GET', manifest),
    await status('GET', blob),
    await status('HEAD', blob),
    await status('POST', `/v2/${owner}.us-east-1/app/blobs/uploads/`),
    await status('DELETE', manifest),
  ];
  assert.deepEqual(await all(), [403, 403, 403, 403, 403]);
  await set(server, allow(guest, 'ecr:BatchGetImage'));
  assert.deepEqual(await all(), [200, 403, 403, 403, 403]);
  await set(server, allow(guest, ...pulling));
  assert.deepEqual(await all(), [200, 200, 200, 403, 403]);
  await set(server, allow(guest, ...pulling, 'ecr:InitiateLayerUpload'));
  assert.deepEqual(await all(), [200, 200, 200, 202, 403]);
  await set(server, allow(guest, 'ecr:*'), denyAll);
  assert.deepEqual(await all(), [403, 403, 403, 403, 403]);
});

test('a push of another account makes no repository without leave to create one', async (t) => {
  const { server } = await startWithImage(t);
  const policy = async (...Action: string[]) => {
    const statement = { ...allow(guest, ...Action), Resource: `arn:aws:ecr:us-east-1:${owner}:repository/*` };
    const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await server.call('PutRegistryPolicy', { policyText });
  };
  await server.call('CreateRepositoryCreationTemplate', { prefix: 'ROOT', appliedFor: ['CREATE_ON_PUSH'] });
  const authorization = await server.authorization(guest);
  const begin = async () =>
    (await server.ask('POST', `/v2/${owner}.us-east-1/new/blobs/uploads/`, { authorization })).status;
  await policy('ecr:InitiateLayerUpload');
  assert.equal(await begin(), 403);
  await assert.rejects(server.call('DescribeRepositories', { repositoryNames: ['new'] }), /does not exist/);
  await policy('ecr:InitiateLayerUpload', 'ecr:CreateRepository');
  assert.equal(await begin(), 202);
});

test('a task of another account gets a password, and what it is for, only under a policy', async (t) => {
  const { server } = await startWithImage(t);
  const pull = { scope, repositoryName: 'app', account: guest };
  const { pullCredentials, digest } = server.ecr.images;
  const reference = `${server.endpoint}/${owner}.us-east-1/app:v1`;
  const seen = () => server.store.read((reader) => digest(reader, reference, guest));
  await assert.rejects(pullCredentials(pull), { code: 'AccessDeniedException' });
  assert.equal(seen(), undefined);
  await set(server, allow(guest, ...pulling));
  const { username, password } = await pullCredentials(pull);
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  assert.match(seen()!, /^sha256:/);
  assert.equal((await server.ask('GET', manifest, { authorization })).status, 200);
  assert.equal((await server.ask('DELETE', manifest, { authorization })).status, 403);
  await server.call('DeleteRepositoryPolicy', { repositoryName: 'app' });
  assert.equal((await server.ask('GET', manifest, { authorization })).status, 403);
});

test('a download URL works for whoever was given it, whatever is denied since', async (t) => {
  const { server, layer } = await startWithImage(t);
  await set(server, allow(guest, 'ecr:GetDownloadUrlForLayer'));
  const asked = { registryId: owner, repositoryName: 'app', layerDigest: layer };
  const { downloadUrl = '' } = await server.call('GetDownloadUrlForLayer', asked, { ...scope, account: guest });
  await set(server, denyAll);
  await assert.rejects(server.call('GetDownloadUrlForLayer', asked), { code: 'AccessDeniedException' });
  const { pathname, search } = new URL(downloadUrl);
  const fetched = await fetch(`http://${server.endpoint}${pathname}${search}`);
  assert.equal(fetched.status, 200);
  await fetched.arrayBuffer();
});
