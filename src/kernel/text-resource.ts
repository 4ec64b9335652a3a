// A resource that lies in memory as the JSON text that the database keeps of it, and is read only where it is asked for.
import type { Content, Resource } from './store.ts';

type Any = Content<unknown, unknown>;

/**
 * One string in the place of many objects: a third of the memory, and next to nothing for the collector of garbage to
 * follow and copy. Whoever holds one reads its text but once.
 */
export class TextResource implements Resource<unknown, unknown> {
  readonly key: string;
  readonly revision: number;
  /** The JSON of its content. */
  readonly text: string;
  #content: Any | undefined;

  /** `content` is what `text` says, where it is at hand. */
  constructor({ key, revision, text }: Pick<TextResource, 'key' | 'revision' | 'text'>, content?: Any) {
    this.key = key;
    this.revision = revision;
    this.text = text;
    this.#content = content;
  }

  get spec(): unknown {
    return this.#read().spec;
  }

  get status(): unknown {
    return this.#read().status;
  }

  /** The same, unread. */
  unread(): TextResource {
    return new TextResource(this);
  }

  #read(): Any {
    return (this.#content ??= JSON.parse(this.text) as Any);
  }
}
