// Checks what a container asks of Linux (memory file systems, kernel parameters) and of its network, in AWS's words. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html
import { clientException } from './errors.ts';
import type { ContainerDefinition, NetworkMode } from './shapes.ts';

/** Throws ClientException. */
export function checkLinux(container: ContainerDefinition, networkMode: NetworkMode | undefined): void {
  if (networkMode === 'awsvpc') checkOwnNetwork(container);
  checkTmpfs(container);
  checkSystemControls(container, networkMode);
}

/** On awsvpc the namespace belongs to the task: a container has no say in it. */
function checkOwnNetwork(container: ContainerDefinition): void {
  const refused = (what: string) => clientException(`${what} supported on container when networkMode=awsvpc.`);
  if (container.links?.length) throw clientException('Links are not supported when networkMode=awsvpc.');
  if (container.hostname) throw refused('hostname is not');
  if (container.dnsServers?.length) throw refused('DNS servers are not');
  if (container.dnsSearchDomains?.length) throw refused('DNS search domains are not');
  if (container.extraHosts?.length) throw refused('Extra hosts are not');
  if (container.disableNetworking) throw refused('Disable Networking is not');
}

const mountOptions = (
  'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime ' +
  'noatime diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared ' +
  'slave rslave relatime norelatime strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol'
).split(' ');

function checkTmpfs({ name, linuxParameters }: ContainerDefinition): void {
  const setting = (why: string) => clientException(`Invalid setting for container '${name}'. ${why}`);
  const paths = new Set<string>();
  for (const { containerPath, size, mountOptions: options } of linuxParameters?.tmpfs ?? []) {
    if (!containerPath?.startsWith('/')) throw setting("'containerPath' of 'tmpfs' must be an absolute path.");
    if (paths.has(containerPath)) throw setting(`'tmpfs' has the 'containerPath' ${containerPath} twice.`);
    paths.add(containerPath);
    if (size === undefined || size < 1) throw setting("'size' of 'tmpfs' must be at least 1 MiB.");
    for (const option of options ?? []) {
      // With a value, as in `mode=1777`; a comma would begin another option.
      const [, known] = /^([a-z_]+)(?:=[^,]+)?$/.exec(option) ?? [];
      if (known === undefined || !mountOptions.includes(known)) {
        throw clientException(`${option} is not a valid mount option. Must be one of [${mountOptions.join(',')}]`);
      }
    }
  }
}

const prefixes = ['net.', 'fs.mqueue.'];
const ipcParameters = (
  'kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni ' +
  'kernel.shm_rmid_forced'
).split(' ');

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SystemControl.html lists what may be set. */
function checkSystemControls({ name, systemControls }: ContainerDefinition, networkMode?: NetworkMode): void {
  const setting = (why: string) => clientException(`Invalid setting for container '${name}'. ${why}`);
  const namespaces = new Set<string>();
  for (const { namespace = '', value = '' } of systemControls ?? []) {
    if (!prefixes.some((prefix) => namespace.startsWith(prefix)) && !ipcParameters.includes(namespace)) {
      throw clientException(
        `The 'systemControls' namespace ${namespace} must start with one of [${prefixes.join(',')}] prefix, or be one of [${ipcParameters.join(',')}]`,
      );
    }
    if (!/^[a-zA-Z0-9_.-]+$/.test(namespace)) throw setting(`'systemControls' namespace ${namespace} is not valid.`);
    if (namespaces.has(namespace)) throw setting(`'systemControls' has the namespace ${namespace} twice.`);
    namespaces.add(namespace);
    if (!/^[^\0\n]+$/.test(value)) throw setting(`'systemControls' has no valid value for ${namespace}.`);
    if (networkMode === 'host' && namespace.startsWith('net.')) {
      throw setting(`'systemControls' namespace ${namespace} is not supported when networkMode=host.`);
    }
  }
}
