// A running Berth as the other commands see it: who holds the data directory, where it serves, with which keys.
import { findHolder } from '#kernel/data-directory.ts';
import { readHome, type Home } from '#home.ts';
import { readRootKeys, type KeyPair } from '#keys.ts';

export interface Installation extends KeyPair {
  readonly pid: number;
  readonly port: number;
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string;
  /** The home account, region and VPC range. */
  readonly home: Home;
  /** ISO 8601. */
  readonly since: string;
  /** AWS's own registry names that lead here. */
  readonly names: readonly string[];
  /** What does not work as it was set up. */
  readonly warning?: string;
}

/** What serves from a data directory now. Throws Error, saying what to do, where nothing does. */
export function requireInstallation(data: string): Installation {
  const holder = findHolder(data);
  if (holder === undefined) throw new Error(`Berth is not running on ${data}. Start it with: bin/berth up --detach`);
  const keys = readRootKeys(data);
  const home = readHome(data);
  if (holder.pid === undefined || holder.port === undefined || holder.since === undefined || !keys || !home) {
    throw new Error(`Berth is starting on ${data}. Try again in a moment.`);
  }
  const { pid, port, since, names = [], warning } = holder;
  return { pid, port, since, names, warning, home, endpoint: endpointOf(holder.host ?? '127.0.0.1', port), ...keys };
}

/** An address to reach a listener at: one that listens everywhere is reached by loopback. */
export function endpointOf(host: string, port: number): string {
  const address = host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
