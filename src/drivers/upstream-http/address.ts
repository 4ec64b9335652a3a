// Which addresses of an upstream may be connected to. Pure.
import { BlockList, isIP, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
/** Reaches this machine as loopback does (0.0.0.0), or hands out a machine's credentials (169.254.169.254, 169.254.170.2). */
const never = new BlockList();
never.addSubnet('0.0.0.0', 8, 'ipv4');
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('224.0.0.0', 3, 'ipv4');
never.addAddress('::', 'ipv6');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
never.addAddress('fd00:ec2::23', 'ipv6');

/** Whether a host name (brackets around IPv6) names this machine without asking any resolver. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return isIn(loopback, bare);
  return bare === 'localhost' || bare.endsWith('.localhost');
}

/**
 * Whether an IP address may be connected to. `nearby`: the upstream itself is on this machine. An upstream elsewhere must
 * not lead, by a redirect, a token server or its DNS entry, to what only this machine can reach.
 */
export function isAllowedAddress(address: string, nearby: boolean): boolean {
  if (isIP(address) === 0 || isIn(never, address)) return false;
  return nearby || !isIn(loopback, address);
}

/** BlockList knows IPv4-mapped IPv6 addresses as IPv4 ones. */
function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
