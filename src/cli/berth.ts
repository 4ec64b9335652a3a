// The `berth` command. What a command needs is loaded when it runs: the server must not carry the SDK clients of others.
import { Command } from 'commander';
import { messageOf } from '#kernel/error.ts';
import { version } from '#version.ts';
import { addSettings, configOf } from './settings-options.ts';

const program = new Command('berth')
  .description('Amazon ECS on your own machines')
  .version(version)
  .showHelpAfterError('(run with --help for the options)');

addSettings(program.command('up'), [
  'port',
  'host',
  'data',
  'account',
  'region',
  'vpcCidr',
  'logLevel',
  'hostnames',
  'awsHostnames',
])
  .description('start the platform: in the foreground, or with --detach in the background')
  .option('--detach', 'return once it is ready; it goes on in the background')
  .action(async (flags: { detach?: boolean }) => {
    const { up } = await import('./up.ts');
    await up(configOf(flags), flags.detach ?? false);
  });

addSettings(program.command('down'), ['data'])
  .description('stop the control plane; tasks run on unless --tasks is given')
  .option('--tasks', 'stop every task first')
  .action(async (flags: { tasks?: boolean }) => {
    const { down } = await import('./down.ts');
    await down(configOf(flags), flags.tasks ?? false);
  });

addSettings(program.command('env'), ['data'])
  .description('print export lines with which every AWS tool finds Berth: eval "$(bin/berth env)"')
  .option('--account <id>', "an account whose root's keys to print, else the home account: every account exists")
  .action(async ({ account, ...flags }: { account?: string }) => {
    const { environmentLines } = await import('./env.ts');
    process.stdout.write(environmentLines(configOf(flags), process.env, account));
  });

addSettings(program.command('status'), ['data'])
  .description('say what runs, and where')
  .action(async (flags) => {
    const { status } = await import('./status.ts');
    process.stdout.write(await status(configOf(flags)));
  });

addSettings(program.command('doctor'), ['data', 'port', 'vpcCidr', 'awsHostnames'])
  .description('say what is wrong with this machine, and how to mend it')
  .action(async (flags) => {
    const { doctor } = await import('./doctor.ts');
    const { report, healthy } = await doctor(configOf(flags));
    process.stdout.write(report);
    if (!healthy) process.exitCode = 1;
  });

const registry = program.command('registry').description('look after the images');
addSettings(registry.command('check'), ['data'])
  .description('read every blob, and say which are damaged or missing and how to mend them')
  .action(async (flags) => {
    const { registryCheck } = await import('./registry-check.ts');
    const { report, whole } = await registryCheck(configOf(flags));
    process.stdout.write(report);
    if (!whole) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (thrown) {
  process.stderr.write(`berth: ${messageOf(thrown)}\n`);
  process.exitCode = 1;
}
