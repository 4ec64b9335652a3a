// Terraform's own provider makes everything that it knows of ECR, changes it, finds its plans clean, and takes it all away.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Berth } from './berth.fixture.ts';

const plugins = '/opt/tf-plugins';
const skip = existsSync(plugins) ? false : `Terraform's AWS provider is not at ${plugins}`;
const stack = fileURLToPath(new URL('ecr-stack.fixture.tf', import.meta.url));

test('plans of ECR are clean once they are applied, and nothing is left of what is destroyed', { skip }, async () => {
  const berth = await Berth.start();
  try {
    const folder = join(berth.data, 'terraform');
    mkdirSync(folder);
    const mirror = `filesystem_mirror {\n    path = "${plugins}"\n  }`;
    writeFileSync(join(folder, 'terraformrc'), `provider_installation {\n  ${mirror}\n}\n`);
    writeFileSync(join(folder, 'main.tf'), readFileSync(stack));
    berth.environment = {
      ...berth.environment,
      TF_CLI_CONFIG_FILE: join(folder, 'terraformrc'),
      CHECKPOINT_DISABLE: '1',
    };
    const terraform = async (...argv: string[]) => {
      const { stdout, stderr, code } = await berth.command('terraform', `-chdir=${folder}`, ...argv, '-no-color');
      assert.equal(code, 0, `terraform ${argv.join(' ')}: ${stdout}${stderr}`);
      return stdout;
    };
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
});
