// Terraform's own provider makes what it knows of ECR and of clusters, finds its plans clean, and takes it all away. Both at
// once: the provider mostly waits, ten seconds for every change of a cluster.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Berth } from './berth.fixture.ts';
import { noTerraform, terraformOf } from './terraform.fixture.ts';

suite('Terraform', { skip: noTerraform, concurrency: true }, () => {
  test('plans of ECR are clean once they are applied, and nothing is left of what is destroyed', ecr);
  test('plans of clusters are clean once they are applied, and none is left of what is destroyed', clusters);
});

async function ecr(): Promise<void> {
  const berth = await Berth.start();
  try {
    const terraform = terraformOf(berth, 'ecr-stack.fixture.tf');
    await terraform('init');
    for (const later of ['-var=later=false', '-var=later=true']) {
      await terraform('apply', '-auto-approve', later);
      // Exit code 2 would say that something is to be changed.
      await terraform('plan', '-detailed-exitcode', later);
    }
    assert.equal((await terraform('output', '-raw', 'url')).trim(), `${berth.registry}/tf/full`);
    await terraform('destroy', '-auto-approve');
    const nothing: [operation: string, member: string][] = [
      ['describe-repositories', 'repositories'],
      ['describe-pull-through-cache-rules', 'pullThroughCacheRules'],
      ['describe-repository-creation-templates', 'repositoryCreationTemplates'],
    ];
    for (const [operation, member] of nothing) {
      assert.deepEqual((await berth.aws<Record<string, unknown>>('ecr', operation))[member], []);
    }
  } finally {
    await berth.remove();
  }
}

interface Described {
  readonly clusters: { readonly status: string; readonly capacityProviders: readonly string[] }[];
}

async function clusters(): Promise<void> {
  const berth = await Berth.start();
  try {
    const described = async () =>
      (await berth.aws<Described>('ecs', 'describe-clusters', '--clusters', 'full')).clusters[0]!;
    const terraform = terraformOf(berth, 'clusters-stack.fixture.tf');
    await terraform('init');
    await terraform('apply', '-auto-approve');
    await terraform('plan', '-detailed-exitcode');
    assert.match(await terraform('output', '-raw', 'arn'), /:cluster\/full$/);
    assert.deepEqual((await described()).capacityProviders.toSorted(), ['FARGATE', 'FARGATE_SPOT']);
    await terraform('destroy', '-auto-approve');
    assert.equal((await described()).status, 'INACTIVE');
    assert.deepEqual((await berth.aws<{ clusterArns: string[] }>('ecs', 'list-clusters')).clusterArns, []);
  } finally {
    await berth.remove();
  }
}
