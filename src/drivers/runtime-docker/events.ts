// The engine's /events messages as the contract's ContainerEvents.
import type { ContainerEvent } from '#drivers/runtime.ts';

/** The members of an event message that we read. */
export interface EventJson {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> | null };
  /** Nanoseconds since 1970 (more than a JSON number keeps exactly; milliseconds survive). */
  readonly timeNano: number;
}

const actions: Readonly<Record<string, ContainerEvent['action']>> = {
  start: 'start',
  die: 'die',
  oom: 'oom',
  destroy: 'remove',
  pause: 'pause',
  unpause: 'unpause',
  'health_status: healthy': 'health',
  'health_status: unhealthy': 'health',
};

/**
 * What to ask /events for: those actions of containers with the label (`key` or `key=value`). `health_status` stands for
 * each of its kind.
 */
export function eventFilters(label: string): object {
  return {
    type: ['container'],
    label: [label],
    event: [...Object.keys(actions).filter((action) => !action.includes(':')), 'health_status'],
  };
}

/** What the engine adds to a container's labels in an event. */
const added: ReadonlySet<string> = new Set(['image', 'name', 'exitCode', 'execDuration', 'signal']);

/** A message as an event, or undefined where it is none that we follow. */
export function eventOf(json: EventJson): ContainerEvent | undefined {
  const action = json.Type === 'container' ? actions[json.Action] : undefined;
  if (action === undefined) return undefined;
  const labels = Object.entries(json.Actor.Attributes ?? {}).filter(([name]) => !added.has(name));
  return {
    id: json.Actor.ID,
    labels: Object.fromEntries(labels),
    action,
    at: new Date(Math.floor(json.timeNano / 1_000_000)),
  };
}
