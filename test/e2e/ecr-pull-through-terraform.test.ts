// Terraform's own provider makes cache rules, finds nothing to change afterwards, and takes them away.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Berth } from './berth.fixture.ts';

const plugins = '/opt/tf-plugins';
const skip = existsSync(plugins) ? false : `Terraform's AWS provider is not at ${plugins}`;

const stack = `
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {}
resource "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = "docker-hub"
  upstream_registry_url = "registry-1.docker.io"
}
resource "aws_ecr_pull_through_cache_rule" "own" {
  ecr_repository_prefix      = "team/own"
  upstream_registry_url      = "registry.example.com:5000"
  upstream_repository_prefix = "mirror"
}
data "aws_ecr_pull_through_cache_rule" "own" {
  ecr_repository_prefix = aws_ecr_pull_through_cache_rule.own.ecr_repository_prefix
}
`;

test('plans of cache rules are clean once they are applied', { skip }, async () => {
  const berth = await Berth.start();
  try {
    const folder = join(berth.data, 'terraform');
    mkdirSync(folder);
    const mirror = `filesystem_mirror {\n    path = "${plugins}"\n  }`;
    writeFileSync(join(folder, 'terraformrc'), `provider_installation {\n  ${mirror}\n}\n`);
    writeFileSync(join(folder, 'main.tf'), stack);
    berth.environment = {
      ...berth.environment,
      TF_CLI_CONFIG_FILE: join(folder, 'terraformrc'),
      CHECKPOINT_DISABLE: '1',
    };
    const steps = [['init'], ['apply', '-auto-approve'], ['plan', '-detailed-exitcode'], ['destroy', '-auto-approve']];
    for (const step of steps) {
      const { stdout, stderr, code } = await berth.command('terraform', `-chdir=${folder}`, ...step, '-no-color');
      assert.equal(code, 0, `terraform ${step.join(' ')}: ${stdout}${stderr}`);
    }
    const described = await berth.aws<{ pullThroughCacheRules: unknown[] }>('ecr', 'describe-pull-through-cache-rules');
    assert.deepEqual(described.pullThroughCacheRules, []);
  } finally {
    await berth.remove();
  }
});
