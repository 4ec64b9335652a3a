// Elastic network interfaces: addresses of their own for tasks. Implements the port that ecs asks.
import type { Scope } from '#kernel/arn.ts';
import { resourceId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import { addressAt, nextFreeAddress } from './addresses.ts';
import { insufficientFreeAddresses, networkInterfaceNotFound, subnetNotFound } from './errors.ts';
import { ec2Key, networkInterfaceKind, nothingObserved, securityGroupKind, subnetKind, vpcKind } from './kinds.ts';
import type { NetworkInterface, NetworkInterfaces, Subnet } from './ports.ts';

/** Makes the port. */
export function createNetworkInterfaces(random: Random): NetworkInterfaces {
  return {
    subnet: findSubnet,
    securityGroupVpc: (reader, scope, groupId) => reader.get(securityGroupKind, ec2Key(scope, groupId))?.spec.vpcId,
    defaultSecurityGroup: (reader, _scope, vpcId) =>
      reader.by(securityGroupKind, 'vpc', vpcId).find((group) => group.spec.groupName === 'default')!.spec.groupId,
    create(tx, scope, request) {
      const subnet = findSubnet(tx, scope, request.subnetId);
      if (!subnet) throw subnetNotFound(request.subnetId);
      const privateIpAddress = takeAddress(tx, scope, request.subnetId);
      const networkInterfaceId = resourceId('eni', random);
      tx.put(networkInterfaceKind, ec2Key(scope, networkInterfaceId), {
        spec: {
          account: scope.account,
          region: scope.region,
          networkInterfaceId,
          subnetId: subnet.subnetId,
          vpcId: subnet.vpcId,
          availabilityZone: subnet.availabilityZone,
          description: request.description,
          privateIpAddress,
          privateDnsName: privateDnsName(privateIpAddress, scope.region),
          macAddress: localMacAddress(random),
          securityGroupIds: request.securityGroupIds,
        },
        status: nothingObserved,
      });
      return describe(tx, scope, networkInterfaceId);
    },
    get: (reader, scope, id) =>
      reader.get(networkInterfaceKind, ec2Key(scope, id)) ? describe(reader, scope, id) : undefined,
    delete: (tx, scope, id) => tx.delete(networkInterfaceKind, ec2Key(scope, id)),
  };
}

function findSubnet(reader: Reader, scope: Scope, subnetId: string): Subnet | undefined {
  return reader.get(subnetKind, ec2Key(scope, subnetId))?.spec;
}

function takeAddress(tx: Tx, scope: Scope, subnetId: string): string {
  const subnet = tx.get(subnetKind, ec2Key(scope, subnetId))!;
  const taken = new Set(tx.by(networkInterfaceKind, 'subnet', subnetId).map((other) => other.spec.privateIpAddress));
  const address = nextFreeAddress(subnet.spec.cidrBlock, subnet.status.lastAddress, taken);
  if (!address) throw insufficientFreeAddresses(subnetId);
  tx.setStatus(subnetKind, subnet.key, { lastAddress: address });
  return address;
}

function describe(reader: Reader, scope: Scope, id: string): NetworkInterface {
  const found = reader.get(networkInterfaceKind, ec2Key(scope, id));
  if (!found) throw networkInterfaceNotFound(id);
  const vpc = reader.get(vpcKind, ec2Key(scope, found.spec.vpcId))!.spec;
  return {
    networkInterfaceId: id,
    subnet: findSubnet(reader, scope, found.spec.subnetId)!,
    vpcCidrBlock: vpc.cidrBlock,
    gateway: addressAt(vpc.cidrBlock, 1),
    privateIpAddress: found.spec.privateIpAddress,
    privateDnsName: found.spec.privateDnsName,
    macAddress: found.spec.macAddress,
    securityGroupIds: found.spec.securityGroupIds,
  };
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
function privateDnsName(address: string, region: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${address.replaceAll('.', '-')}.${domain}`;
}

/** A unicast address of the locally administered range (IEEE 802, second-lowest bit of the first byte set). */
function localMacAddress(random: Random): string {
  const bytes = random.bytes(5);
  return ['02', ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
