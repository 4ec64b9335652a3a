// What neighbours may ask of ec2: the parts of a VPC that a task's network interface stands on.
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';

export interface Subnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  /** CIDR. */
  readonly cidrBlock: string;
}

/** An elastic network interface: an address of its own for a task. */
export interface NetworkInterface {
  /** `eni-…` */
  readonly networkInterfaceId: string;
  readonly subnet: Subnet;
  readonly vpcCidrBlock: string;
  /** The VPC bridge's own address. */
  readonly gateway: string;
  readonly privateIpAddress: string;
  readonly privateDnsName: string;
  readonly macAddress: string;
  readonly securityGroupIds: readonly string[];
}

export interface NetworkInterfaces {
  subnet(reader: Reader, scope: Scope, subnetId: string): Subnet | undefined;
  /** The id of the group's VPC, or undefined where there is no such group. */
  securityGroupVpc(reader: Reader, scope: Scope, groupId: string): string | undefined;
  /** The VPC's default security group. */
  defaultSecurityGroup(reader: Reader, scope: Scope, vpcId: string): string;
  /** Makes an interface with a free address of the subnet. Throws AwsError InsufficientFreeAddressesInSubnet. */
  create(
    tx: Tx,
    scope: Scope,
    request: { readonly subnetId: string; readonly securityGroupIds: readonly string[]; readonly description: string },
  ): NetworkInterface;
  get(reader: Reader, scope: Scope, networkInterfaceId: string): NetworkInterface | undefined;
  /** Gives the address back; nothing happens where there is none. */
  delete(tx: Tx, scope: Scope, networkInterfaceId: string): void;
}
