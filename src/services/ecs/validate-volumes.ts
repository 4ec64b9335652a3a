// Checks the volumes of a task definition, and what its containers mount of them, in AWS's words. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
import { clientException } from './errors.ts';
import type { ContainerDefinition, Volume } from './shapes.ts';

const longestName = 255;

/** Throws ClientException. */
export function checkVolumes(volumes: readonly Volume[], containers: readonly ContainerDefinition[]): void {
  const names = new Set<string>();
  for (const { name } of volumes) {
    if (!name) throw clientException('Volume.name should not be null or empty.');
    if (name.length > longestName) throw clientException(`Volume.name should be at most ${longestName} characters.`);
    if (!/^[a-zA-Z0-9_-]+$/.test(name)) throw clientException('Volume.name contains invalid characters.');
    if (names.has(name)) throw clientException(`Volume names must be unique within a task definition: ${name}.`);
    names.add(name);
  }
  for (const container of containers) checkMounts(container, names);
  checkVolumesFrom(containers);
}

function checkMounts({ name, mountPoints }: ContainerDefinition, volumes: ReadonlySet<string>): void {
  for (const { sourceVolume, containerPath } of mountPoints ?? []) {
    if (sourceVolume === undefined || !volumes.has(sourceVolume)) {
      throw clientException(`Unknown volume '${sourceVolume ?? 'null'}'.`);
    }
    if (!containerPath) {
      throw clientException(`Invalid setting for container '${name}'. 'containerPath' should not be null or empty.`);
    }
  }
}

function checkVolumesFrom(containers: readonly ContainerDefinition[]): void {
  const sources = new Map<string, ReadonlySet<string>>();
  for (const { name = '', volumesFrom } of containers) {
    sources.set(name, new Set((volumesFrom ?? []).map(({ sourceContainer }) => sourceContainer ?? 'null')));
  }
  for (const unknown of [...sources.values()].flatMap((each) => [...each]).filter((each) => !sources.has(each))) {
    throw clientException(`Unknown container '${unknown}'.`);
  }
  for (const name of sources.keys()) {
    if (reaches(sources, name, name)) throw clientException('Container dependencies should not have a cycle');
  }
}

/** Whether volumes come to `name`, over however many containers, from `goal`. */
function reaches(sources: ReadonlyMap<string, ReadonlySet<string>>, name: string, goal: string): boolean {
  const seen = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const source of sources.get(next) ?? []) {
      if (source === goal) return true;
      if (!seen.has(source)) open.push(source);
      seen.add(source);
    }
  }
  return false;
}
