// What an installation is for good: its home account and region and the range of its first VPC, kept at the first start.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from '#kernel/data-directory.ts';
import { settings, type Config } from './config.ts';

/** The settings that stored resources depend on. */
const lasting = ['account', 'region', 'vpcCidr'] as const;

export type Home = Readonly<Record<(typeof lasting)[number], string>>;

const file = 'home.json';

/**
 * What was kept; at the first start what is chosen, or the standard, which is then kept. Throws Error where something
 * else is chosen than was kept: resources would seem to vanish, or addresses to move.
 */
export function settleHome(directory: DataDirectory, chosen: Config): Home {
  const kept = readHome(directory.path);
  if (kept === undefined) {
    const home = {
      account: settled('account', chosen),
      region: settled('region', chosen),
      vpcCidr: settled('vpcCidr', chosen),
    };
    directory.write(file, `${JSON.stringify(home)}\n`);
    return home;
  }
  const other = lasting.find((name) => chosen[name] !== undefined && chosen[name] !== kept[name]);
  if (other === undefined) return kept;
  throw new Error(
    `${settings[other].flag} is ${kept[other]} since the first start on ${directory.path} and cannot become ` +
      `${chosen[other]}: choose another data directory (--data) for that`,
  );
}

/** What was kept in a data directory, or undefined where nothing was started on it yet. */
export function readHome(path: string): Home | undefined {
  const kept = join(path, file);
  return existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Home) : undefined;
}

function settled(name: (typeof lasting)[number], chosen: Config): string {
  return chosen[name] ?? settings[name].standard;
}
