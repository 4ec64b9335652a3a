// The memory that long request bodies may take together: whoever sends them has not proved yet who he is.

/** Gives room while there is some. */
export class BodyRoom {
  #left: number;

  /** `bytes`: of all bodies that are held at once. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Room for so many bytes until the function is called that it gives, once; undefined where there is not as much. */
  take(bytes: number): (() => void) | undefined {
    if (bytes > this.#left) return undefined;
    this.#left -= bytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.#left += bytes;
      isTaken = false;
    };
  }
}
