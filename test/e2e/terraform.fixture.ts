// Terraform as its users run it, in a folder of its own, against a test's Berth; its provider comes from this machine.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Berth } from './berth.fixture.ts';

const plugins = '/opt/tf-plugins';

/** Why Terraform's tests cannot run here; false where they can. */
export const noTerraform = existsSync(plugins) ? false : `Terraform's AWS provider is not at ${plugins}`;

/** Lays out the stack (a file beside this one); gives a function that runs a command of Terraform and its output. */
export function terraformOf(berth: Berth, stack: string): (...argv: string[]) => Promise<string> {
  const folder = join(berth.data, 'terraform');
  mkdirSync(folder);
  const mirror = `filesystem_mirror {\n    path = "${plugins}"\n  }`;
  writeFileSync(join(folder, 'terraformrc'), `provider_installation {\n  ${mirror}\n}\n`);
  writeFileSync(join(folder, 'main.tf'), readFileSync(fileURLToPath(new URL(stack, import.meta.url))));
  berth.environment = {
    ...berth.environment,
    TF_CLI_CONFIG_FILE: join(folder, 'terraformrc'),
    CHECKPOINT_DISABLE: '1',
  };
  return async (...argv) => {
    const { stdout, stderr, code } = await berth.command('terraform', `-chdir=${folder}`, ...argv, '-no-color');
    assert.equal(code, 0, `terraform ${argv.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
}
