// The machine that a node runs on, as far as limits of containers depend on it.
import { readFileSync } from 'node:fs';
import { availableParallelism, platform } from 'node:os';

export interface Machine {
  /** The engine refuses a CPU limit above them. */
  readonly cpus: number;
  /**
   * The most open files that a container may be allowed. Engines without CAP_SYS_RESOURCE (in a container or a small
   * virtual machine) cannot raise the limit that they were started with, and fail to start a container that asks for more.
   */
  readonly openFiles: number;
}

/** This machine; the engine is taken to have been started with the same limits as this process. */
export function thisMachine(): Machine {
  return { cpus: availableParallelism(), openFiles: hardOpenFiles() };
}

/** proc_pid_limits(5); where the engine runs in a virtual machine of its own (macOS), its limits are unknown. */
function hardOpenFiles(): number {
  if (platform() !== 'linux') return Number.MAX_SAFE_INTEGER;
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return hard === undefined || hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(hard);
}
