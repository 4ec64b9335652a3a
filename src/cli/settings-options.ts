// The settings as options of a command.
import { Option, type Command } from 'commander';
import { createConfig, settings, type Config, type SettingName } from '#config.ts';

/** Adds the named settings to a command, each with its environment variable and standard value in the help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, environment, placeholder, description, standard } = settings[name];
    const fallback = standard === '' ? '' : `, else ${standard}`;
    command.addOption(new Option(`${flag} <${placeholder}>`, `${description} (${environment}${fallback})`));
  }
  return command;
}

/** What was chosen by flags and environment. Throws Error naming a bad value. */
export function configOf(flags: Readonly<Record<string, string | boolean | undefined>>): Config {
  const chosen = (Object.keys(settings) as SettingName[]).flatMap((name) => {
    const value = flags[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return createConfig(Object.fromEntries(chosen), process.env);
}
