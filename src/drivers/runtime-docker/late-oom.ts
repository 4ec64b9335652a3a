// Finds out that a container was killed for its use of memory where the engine noted it too late for its inspection.
import type { Clock } from '#kernel/clock.ts';
import type { Inspection } from './container-json.ts';
import type { Engine } from './engine.ts';
import type { EventJson } from './events.ts';
import { jsonLines } from './json-lines.ts';

/** How long after an end the engine may still say why, and how long its memory of events is worth asking. */
const graceMs = 300;
const recentMs = 60_000;
/** Containers remembered; the oldest goes first. */
const kept = 1000;

/**
 * containerd tells of a lack of memory and of the end by two messages. Where the end comes first (3 of 100 on a busy
 * machine), dockerd 20.10 sends the `oom` event but its inspections say OOMKilled: false for good. So a fresh end by
 * SIGKILL of a container with a limit is looked up among the events.
 */
export class LateOom {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #found = new Set<string>();

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Whether the engine reported it, in the inspection or beside it. */
  async of(inspection: Inspection): Promise<boolean> {
    const { Id, State, HostConfig } = inspection;
    if (State.OOMKilled) return true;
    const killed = State.Status === 'exited' && State.ExitCode === 137 && HostConfig.Memory > 0;
    if (!killed) return false;
    const key = `${Id} ${State.StartedAt}`;
    if (this.#found.has(key)) return true;
    const finished = Date.parse(State.FinishedAt);
    const now = this.#clock.now().getTime();
    if (now - finished > recentMs) return false;
    // The engine answers once `until` has come: an end that lies ahead, since the clock was set back, must not be awaited.
    const until = Math.min(finished, now) + graceMs;
    // Nor may it begin later than that: the engine refuses to look.
    const reported = await this.#reported(Id, Math.min(Date.parse(State.StartedAt), until), until);
    if (reported) this.#remember(key);
    return reported;
  }

  async #reported(id: string, since: number, until: number): Promise<boolean> {
    const filters = { type: ['container'], container: [id], event: ['oom'] };
    const query = { since: since / 1000, until: until / 1000, filters };
    for await (const event of jsonLines<EventJson>(this.#engine.stream({ method: 'GET', path: '/events', query }))) {
      if (event.Actor.ID === id) return true;
    }
    return false;
  }

  #remember(key: string): void {
    this.#found.add(key);
    if (this.#found.size > kept) this.#found.delete([...this.#found][0]!);
  }
}
