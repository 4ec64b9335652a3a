// A task's states: which there are, what moves a task from one to the next, and what is to be done in each. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html

/** In order: a task only ever moves to the right. */
export const states = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
] as const;

export type State = (typeof states)[number];

/** What can happen to a task. What a node says it has observed on its engine. */
export type TaskEvent =
  | 'interface attached'
  | 'interface failed'
  | 'node runs it'
  | 'in service'
  | 'stop wanted'
  | 'out of service'
  | 'node stopped it'
  | 'interface released';

/** Every move there is. Events without a row are late or repeated: they change nothing. */
// prettier-ignore
const moves: { readonly [S in State]: { readonly [E in TaskEvent]?: State } } = {
  PROVISIONING:   { 'interface attached': 'PENDING',    'interface failed': 'DEPROVISIONING', 'stop wanted': 'DEPROVISIONING' },
  PENDING:        { 'node runs it':       'ACTIVATING', 'stop wanted': 'STOPPING',     'node stopped it': 'DEPROVISIONING' },
  ACTIVATING:     { 'in service':         'RUNNING',    'stop wanted': 'DEACTIVATING', 'node stopped it': 'DEPROVISIONING' },
  RUNNING:        { 'stop wanted':        'DEACTIVATING',                              'node stopped it': 'DEPROVISIONING' },
  DEACTIVATING:   { 'out of service':     'STOPPING',                                  'node stopped it': 'DEPROVISIONING' },
  STOPPING:       {                                                                    'node stopped it': 'DEPROVISIONING' },
  DEPROVISIONING: { 'interface released': 'STOPPED' },
  STOPPED:        {},
};

/** The state after an event; the same state where the event has no bearing on it. */
export function advance(state: State, event: TaskEvent): State {
  return moves[state][event] ?? state;
}

/** Whether a state comes before another. */
export function isBefore(state: State, other: State): boolean {
  return states.indexOf(state) < states.indexOf(other);
}

/** Whether a node may know of a task in this state and has not yet said that it stopped. */
export function isOnNode(state: State): boolean {
  return !isBefore(state, 'PENDING') && isBefore(state, 'DEPROVISIONING');
}

/** DescribeTasks's desiredStatus. */
export function desiredStatusOf(state: State, stopWanted: boolean): 'RUNNING' | 'STOPPED' {
  return stopWanted || !isBefore(state, 'DEACTIVATING') ? 'STOPPED' : 'RUNNING';
}

/** What the reconciler does next for a task. */
export type Step =
  | 'attach interface'
  | 'abandon'
  | 'tell node to run it'
  | 'take out of service'
  | 'tell node to stop it'
  | 'release interface'
  | 'forget when old';

export function nextStep(state: State, stopWanted: boolean): Step {
  switch (state) {
    case 'PROVISIONING':
      return stopWanted ? 'abandon' : 'attach interface';
    case 'PENDING':
    case 'ACTIVATING':
    case 'RUNNING':
      return stopWanted ? 'take out of service' : 'tell node to run it';
    case 'DEACTIVATING':
      return 'take out of service';
    case 'STOPPING':
      return 'tell node to stop it';
    case 'DEPROVISIONING':
      return 'release interface';
    case 'STOPPED':
      return 'forget when old';
  }
}
