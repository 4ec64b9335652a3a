// Availability zones: which a region has, by name and id. Pure.
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html

const lettersByRegion: Readonly<Record<string, string>> = {
  'us-east-1': 'abcdef',
  'us-west-1': 'ab',
  'us-west-2': 'abcd',
  'ap-northeast-1': 'acd',
  'ap-northeast-2': 'abcd',
  'ca-central-1': 'abd',
};

export interface Zone {
  /** `us-east-1a` */
  readonly name: string;
  /** `use1-az1` */
  readonly id: string;
}

/** The zones of a region, in order; three where AWS's own list is not known here. */
export function zonesOf(region: string): Zone[] {
  const letters = lettersByRegion[region] ?? 'abc';
  return Array.from(letters, (letter, index) => ({ name: region + letter, id: `${shortName(region)}-az${index + 1}` }));
}

/** `us-east-1` -> `use1`, `ap-southeast-2` -> `apse2`. */
function shortName(region: string): string {
  const [area, ...rest] = region.split('-');
  const number = rest.pop();
  const direction = rest.join('').replaceAll(/north|south|east|west|central/g, (word) => word[0]!);
  return `${area}${direction}${number}`;
}
