// A container's resource use out of the engine's one-shot stats, for both versions of cgroups.
import type { ContainerStats } from '#drivers/runtime.ts';

/** The members of GET /containers/{id}/stats that we read; most are absent while nothing is known of them. */
export interface StatsJson {
  /** Go's zero time where the container does not run. */
  readonly read: string;
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly memory_stats: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
  readonly blkio_stats: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null;
  };
}

/** What the stats say, or undefined where the container does not run. */
export function statsOf(json: StatsJson): ContainerStats | undefined {
  const at = new Date(json.read);
  if (json.read.startsWith('0001-') || Number.isNaN(at.getTime()) || json.memory_stats.usage === undefined) {
    return undefined;
  }
  const interfaces = Object.values(json.networks ?? {});
  const transfers = json.blkio_stats.io_service_bytes_recursive ?? [];
  const blocks = (op: string) =>
    sum(
      transfers.filter((each) => each.op.toLowerCase() === op),
      (each) => each.value,
    );
  return {
    at,
    cpuNanoseconds: json.cpu_stats.cpu_usage.total_usage,
    memoryBytes: withoutCache(json.memory_stats.usage, json.memory_stats.stats ?? {}),
    networkReceivedBytes: sum(interfaces, (each) => each.rx_bytes),
    networkSentBytes: sum(interfaces, (each) => each.tx_bytes),
    blockReadBytes: blocks('read'),
    blockWrittenBytes: blocks('write'),
  };
}

/** As `docker stats` reckons: cgroup v1 says `total_inactive_file`, v2 `inactive_file`. */
function withoutCache(usage: number, stats: Readonly<Record<string, number>>): number {
  const cache = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
