// The ec2 service: the Describe calls over the default VPC and its network interfaces.
import { defineService, type Context, type Operations, type Service } from '#aws/service.ts';
import type { Random } from '#kernel/random.ts';
import type { Kind, Reader, Resource } from '#kernel/store.ts';
import { createDefaultVpcs, type EnsureDefaultVpc } from './default-vpc.ts';
import {
  describeNetworkInterface,
  describeSecurityGroup,
  describeSubnet,
  describeVpc,
  describeZone,
} from './describe.ts';
import { groupNotFound, networkInterfaceNotFound, subnetNotFound, vpcNotFound, zoneNotFound } from './errors.ts';
import { filterBy, type FilterFields } from './filters.ts';
import {
  ec2Key,
  networkInterfaceKind,
  securityGroupKind,
  subnetKind,
  vpcKind,
  type NetworkInterfaceSpec,
  type SecurityGroupSpec,
  type SubnetSpec,
  type VpcSpec,
} from './kinds.ts';
import { createNetworkInterfaces } from './network-interfaces.ts';
import type { NetworkInterfaces } from './ports.ts';
import { pageOf } from './page-of.ts';
import { zonesOf, type Zone } from './zones.ts';

interface Ec2 {
  readonly service: Service;
  readonly networkInterfaces: NetworkInterfaces;
}

/** Makes the service. `vpcCidr` is the address range of the first default VPC. */
export function createEc2(options: { readonly vpcCidr: string; readonly random: Random }): Ec2 {
  const ensureDefaultVpc = createDefaultVpcs(options.vpcCidr, options.random);
  return {
    service: defineService('ec2', { ...vpcOperations(ensureDefaultVpc), ...zoneOperations, ...interfaceOperations }),
    networkInterfaces: createNetworkInterfaces(options.random),
  };
}

const vpcFilters: FilterFields<VpcSpec> = {
  'vpc-id': (vpc) => vpc.vpcId,
  cidr: (vpc) => vpc.cidrBlock,
  'cidr-block-association.cidr-block': (vpc) => vpc.cidrBlock,
  'is-default': (vpc) => String(vpc.isDefault),
  isDefault: (vpc) => String(vpc.isDefault),
  'owner-id': (vpc) => vpc.account,
  state: () => 'available',
};

const subnetFilters: FilterFields<SubnetSpec> = {
  'subnet-id': (subnet) => subnet.subnetId,
  'vpc-id': (subnet) => subnet.vpcId,
  'availability-zone': (subnet) => subnet.availabilityZone,
  availabilityZone: (subnet) => subnet.availabilityZone,
  'availability-zone-id': zoneIdOf,
  availabilityZoneId: zoneIdOf,
  'cidr-block': (subnet) => subnet.cidrBlock,
  cidr: (subnet) => subnet.cidrBlock,
  cidrBlock: (subnet) => subnet.cidrBlock,
  'default-for-az': (subnet) => String(subnet.isDefault),
  defaultForAz: (subnet) => String(subnet.isDefault),
  'map-public-ip-on-launch': () => 'false',
  mapPublicIpOnLaunch: () => 'false',
  'owner-id': (subnet) => subnet.account,
  state: () => 'available',
};

function zoneIdOf({ region, availabilityZone }: SubnetSpec): string {
  return zonesOf(region).find(({ name }) => name === availabilityZone)?.id ?? '';
}

const securityGroupFilters: FilterFields<SecurityGroupSpec> = {
  'group-id': (group) => group.groupId,
  'group-name': (group) => group.groupName,
  description: (group) => group.description,
  'vpc-id': (group) => group.vpcId,
  'owner-id': (group) => group.account,
};

const zoneFilters: FilterFields<Zone> = {
  'zone-name': (zone) => zone.name,
  'zone-id': (zone) => zone.id,
  'zone-type': () => 'availability-zone',
  state: () => 'available',
  'opt-in-status': () => 'opt-in-not-required',
  'region-name': (zone) => zone.name.slice(0, -1),
};

const interfaceFilters: FilterFields<NetworkInterfaceSpec> = {
  'network-interface-id': (item) => item.networkInterfaceId,
  'subnet-id': (item) => item.subnetId,
  'vpc-id': (item) => item.vpcId,
  'group-id': (item) => item.securityGroupIds,
  'private-ip-address': (item) => item.privateIpAddress,
  'addresses.private-ip-address': (item) => item.privateIpAddress,
  'mac-address': (item) => item.macAddress,
  'availability-zone': (item) => item.availabilityZone,
  description: (item) => item.description,
  status: () => 'in-use',
};

function vpcOperations(ensureDefaultVpc: EnsureDefaultVpc) {
  return {
    DescribeVpcs: {
      accepts: { VpcIds: true, Filters: { Name: true, Values: true }, MaxResults: true, NextToken: true },
      run(input, tx, context) {
        ensureDefaultVpc(tx, context);
        const found = select(tx, context, { kind: vpcKind, ids: input.VpcIds, missing: vpcNotFound });
        const page = context.page(filterBy(found, input.Filters, vpcFilters), (vpc) => vpc.vpcId, pageOf(input));
        return { Vpcs: page.items.map(describeVpc), NextToken: page.nextToken };
      },
    },
    DescribeSubnets: {
      accepts: { SubnetIds: true, Filters: { Name: true, Values: true }, MaxResults: true, NextToken: true },
      run(input, tx, context) {
        ensureDefaultVpc(tx, context);
        const found = select(tx, context, { kind: subnetKind, ids: input.SubnetIds, missing: subnetNotFound });
        const page = context.page(
          filterBy(found, input.Filters, subnetFilters),
          (item) => item.subnetId,
          pageOf(input),
        );
        const used = (subnet: SubnetSpec) => tx.by(networkInterfaceKind, 'subnet', subnet.subnetId).length;
        return {
          Subnets: page.items.map((subnet) => describeSubnet(subnet, used(subnet))),
          NextToken: page.nextToken,
        };
      },
    },
    DescribeSecurityGroups: {
      accepts: {
        GroupIds: true,
        GroupNames: true,
        Filters: { Name: true, Values: true },
        MaxResults: true,
        NextToken: true,
      },
      run(input, tx, context) {
        ensureDefaultVpc(tx, context);
        const byId = select(tx, context, { kind: securityGroupKind, ids: input.GroupIds, missing: groupNotFound });
        const found = withNames(byId, input.GroupNames);
        const page = context.page(
          filterBy(found, input.Filters, securityGroupFilters),
          (group) => group.groupId,
          pageOf(input),
        );
        return { SecurityGroups: page.items.map(describeSecurityGroup), NextToken: page.nextToken };
      },
    },
  } satisfies Operations<'ec2'>;
}

const zoneOperations = {
  DescribeAvailabilityZones: {
    accepts: { ZoneNames: true, ZoneIds: true, Filters: { Name: true, Values: true }, AllAvailabilityZones: true },
    read(input, _reader, context) {
      const zones = zonesOf(context.region);
      const unknown =
        input.ZoneNames?.find((name) => !zones.some((zone) => zone.name === name)) ??
        input.ZoneIds?.find((id) => !zones.some((zone) => zone.id === id));
      if (unknown !== undefined) throw zoneNotFound(unknown);
      const named = zones.filter((zone) => wanted(input.ZoneNames, zone.name) && wanted(input.ZoneIds, zone.id));
      return {
        AvailabilityZones: filterBy(named, input.Filters, zoneFilters).map((zone) => describeZone(context, zone)),
      };
    },
  },
} satisfies Operations<'ec2'>;

const interfaceOperations = {
  DescribeNetworkInterfaces: {
    accepts: { NetworkInterfaceIds: true, Filters: { Name: true, Values: true }, MaxResults: true, NextToken: true },
    read(input, reader, context) {
      const selection = {
        kind: networkInterfaceKind,
        ids: input.NetworkInterfaceIds,
        missing: networkInterfaceNotFound,
      };
      const found = filterBy(select(reader, context, selection), input.Filters, interfaceFilters);
      const page = context.page(found, (item) => item.networkInterfaceId, pageOf(input));
      const groups = reader.list(securityGroupKind, ec2Key(context, ''));
      const names = new Map(groups.map((group) => [group.spec.groupId, group.spec.groupName]));
      return {
        NetworkInterfaces: page.items.map((item) => describeNetworkInterface(item, names)),
        NextToken: page.nextToken,
      };
    },
  },
} satisfies Operations<'ec2'>;

interface Selection<S, T> {
  readonly kind: Kind<S, T>;
  readonly ids: readonly string[] | undefined;
  readonly missing: (id: string) => Error;
}

/** The scope's resources of a kind: the named ones (each must exist), or all. */
function select<S, T>(reader: Reader, context: Context, selection: Selection<S, T>): S[] {
  const { kind, ids, missing } = selection;
  if (!ids?.length) return reader.list(kind, ec2Key(context, '')).map(specOf);
  return [...new Set(ids)].toSorted().map((id) => {
    const found = reader.get(kind, ec2Key(context, id));
    if (!found) throw missing(id);
    return found.spec;
  });
}

function specOf<S>(resource: Resource<S, unknown>): S {
  return resource.spec;
}

function withNames(groups: SecurityGroupSpec[], names: readonly string[] | undefined): SecurityGroupSpec[] {
  const unknown = names?.find((name) => !groups.some((group) => group.groupName === name));
  if (unknown !== undefined) throw groupNotFound(unknown);
  return groups.filter((group) => wanted(names, group.groupName));
}

function wanted(names: readonly string[] | undefined, name: string): boolean {
  return !names?.length || names.includes(name);
}
