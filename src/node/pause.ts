// The pause container: it holds a task's network namespace, from before its first container until after its last.
import type { ContainerSpec, NetworkSpec, Runtime } from '#drivers/runtime.ts';
import { dockerConfigOf } from './container-spec.ts';
import { containerNameOf, label, pauseContainerName, taskLabels } from './labels.ts';
import type { PayloadNetworkInterface, PayloadTask } from './messages.ts';

/** A static program of this machine that does nothing for ever; it is ended by SIGKILL. */
export interface PauseProgram {
  readonly path: string;
  readonly argv: readonly string[];
}

export const busyboxPause: PauseProgram = { path: '/bin/busybox', argv: ['sleep', '2147483647'] };

/**
 * The image's reference; a new program needs a new tag, since an image that exists is kept. Its registry can never be
 * (RFC 6761, section 6.4): or a task definition that names the image would have another one pulled in its place, for
 * every task.
 */
export const pauseImage = 'berth.invalid/pause:1';

/** The bridge that stands for a VPC on a node. */
function networkSpecOf(installation: string, networkInterface: PayloadNetworkInterface): NetworkSpec {
  const { vpc } = networkInterface;
  return {
    name: networkNameOf(vpc.id),
    subnet: vpc.cidrBlock,
    gateway: vpc.gateway,
    labels: { [label.installation]: installation },
  };
}

export function networkNameOf(vpcId: string): string {
  return `berth-${vpcId}`;
}

/** Throws SyntaxError where a container's dockerConfig is not JSON. */
export function pauseSpecOf(
  installation: string,
  task: PayloadTask,
  networkInterface: PayloadNetworkInterface,
): ContainerSpec {
  const hostConfigs = task.containers.map((each) => dockerConfigOf(each).hostConfig);
  const address = networkInterface.ipv4Addresses.find((each) => each.primary) ?? networkInterface.ipv4Addresses[0];
  if (address === undefined) throw new Error(`network interface ${networkInterface.ec2Id} has no IPv4 address`);
  return {
    name: containerNameOf(task, pauseContainerName),
    image: pauseImage,
    labels: {
      ...taskLabels(installation, task),
      [label.containerName]: pauseContainerName,
      [label.role]: 'pause',
    },
    network: {
      mode: 'bridge',
      network: networkNameOf(networkInterface.vpc.id),
      ipv4Address: address.privateAddress,
      macAddress: networkInterface.macAddress,
    },
    hostname: networkInterface.privateDnsName.split('.')[0],
    dnsServers: unique([...hostConfigs.flatMap((each) => each.Dns ?? []), ...networkInterface.domainNameServers]),
    dnsSearchDomains: unique(hostConfigs.flatMap((each) => each.DnsSearch ?? [])),
    extraHosts: hostConfigs.flatMap((each) => each.ExtraHosts ?? []).map(extraHostOf),
    readOnlyRootFilesystem: true,
    noNewPrivileges: true,
    capabilitiesDrop: ['ALL'],
    pidsLimit: 16,
  };
}

/** Docker's `name:address` (an IPv6 address has colons of its own). */
function extraHostOf(text: string): { hostname: string; ipAddress: string } {
  const colon = text.indexOf(':');
  return { hostname: text.slice(0, colon), ipAddress: text.slice(colon + 1) };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** Makes images and networks of pause containers once for all tasks that ask at the same time. */
export class PauseGround {
  readonly #runtime: Runtime;
  readonly #installation: string;
  readonly #program: PauseProgram;
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(runtime: Runtime, installation: string, program: PauseProgram) {
    this.#runtime = runtime;
    this.#installation = installation;
    this.#program = program;
  }

  /** What a pause container on this interface needs. Throws RuntimeError. */
  async prepare(networkInterface: PayloadNetworkInterface): Promise<void> {
    const network = networkSpecOf(this.#installation, networkInterface);
    await Promise.all([
      this.#once(pauseImage, () => this.#runtime.makeImage(pauseImage, this.#program)),
      this.#once(network.name, () => this.#runtime.ensureNetwork(network)),
    ]);
  }

  /** The engine may have lost what was made (pruned by hand, restarted): make it again when next asked. */
  forget(): void {
    this.#made.clear();
  }

  async #once(name: string, make: () => Promise<unknown>): Promise<void> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    try {
      await made;
    } catch (thrown) {
      if (this.#made.get(name) === made) this.#made.delete(name);
      throw thrown;
    }
  }
}
