// ec2's resources in the shapes that Describe calls give.
import type { AvailabilityZone, NetworkInterface, SecurityGroup, Subnet, Vpc } from '@aws-sdk/client-ec2';
import { formatArn, type Scope } from '#kernel/arn.ts';
import { usableAddresses } from './addresses.ts';
import type { NetworkInterfaceSpec, SecurityGroupSpec, SubnetSpec, VpcSpec } from './kinds.ts';
import { zonesOf, type Zone } from './zones.ts';

export function describeVpc(spec: VpcSpec): Vpc {
  return {
    VpcId: spec.vpcId,
    OwnerId: spec.account,
    CidrBlock: spec.cidrBlock,
    CidrBlockAssociationSet: [
      {
        AssociationId: `vpc-cidr-assoc-${spec.vpcId.slice('vpc-'.length)}`,
        CidrBlock: spec.cidrBlock,
        CidrBlockState: { State: 'associated' },
      },
    ],
    InstanceTenancy: 'default',
    IsDefault: spec.isDefault,
    State: 'available',
    Tags: [],
  };
}

/** `used` is how many of the subnet's addresses are given out. */
export function describeSubnet(spec: SubnetSpec, used: number): Subnet {
  return {
    SubnetId: spec.subnetId,
    SubnetArn: formatArn('ec2', spec, `subnet/${spec.subnetId}`),
    VpcId: spec.vpcId,
    OwnerId: spec.account,
    CidrBlock: spec.cidrBlock,
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: zonesOf(spec.region).find((zone) => zone.name === spec.availabilityZone)?.id,
    AvailableIpAddressCount: usableAddresses(spec.cidrBlock) - used,
    DefaultForAz: spec.isDefault,
    // No interface here gets a public address, so none is promised.
    MapPublicIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    State: 'available',
    Tags: [],
  };
}

/** A default group lets its own members in and everything out. */
export function describeSecurityGroup(spec: SecurityGroupSpec): SecurityGroup {
  const self = { GroupId: spec.groupId, UserId: spec.account };
  const every = { IpProtocol: '-1', IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };
  return {
    GroupId: spec.groupId,
    GroupName: spec.groupName,
    SecurityGroupArn: formatArn('ec2', spec, `security-group/${spec.groupId}`),
    Description: spec.description,
    OwnerId: spec.account,
    VpcId: spec.vpcId,
    IpPermissions: [{ ...every, UserIdGroupPairs: [self] }],
    IpPermissionsEgress: [{ ...every, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    Tags: [],
  };
}

export function describeZone(scope: Scope, zone: Zone): AvailabilityZone {
  return {
    ZoneName: zone.name,
    ZoneId: zone.id,
    ZoneType: 'availability-zone',
    RegionName: scope.region,
    GroupName: scope.region,
    NetworkBorderGroup: scope.region,
    OptInStatus: 'opt-in-not-required',
    State: 'available',
    Messages: [],
  };
}

export function describeNetworkInterface(
  spec: NetworkInterfaceSpec,
  groupNames: ReadonlyMap<string, string>,
): NetworkInterface {
  const address = { PrivateIpAddress: spec.privateIpAddress, PrivateDnsName: spec.privateDnsName };
  return {
    NetworkInterfaceId: spec.networkInterfaceId,
    InterfaceType: 'interface',
    SubnetId: spec.subnetId,
    VpcId: spec.vpcId,
    OwnerId: spec.account,
    AvailabilityZone: spec.availabilityZone,
    Description: spec.description,
    MacAddress: spec.macAddress,
    ...address,
    PrivateIpAddresses: [{ ...address, Primary: true }],
    Groups: spec.securityGroupIds.map((GroupId) => ({ GroupId, GroupName: groupNames.get(GroupId) })),
    Ipv6Addresses: [],
    RequesterManaged: true,
    SourceDestCheck: true,
    Status: 'in-use',
    TagSet: [],
  };
}
