// A scanner that answers as it is told, for tests and the simulation.
import { ScannerError, type ScannedImage, type Scanner, type ScanReport } from './scanner.ts';

export class FakeScanner implements Scanner {
  /** Undefined: none is installed. */
  installed: string | undefined;
  /** What was scanned, in order. */
  readonly scanned: ScannedImage[] = [];
  /** What the next scans come to. */
  answer: (image: ScannedImage) => Promise<ScanReport> | ScanReport = () => ({ findings: [] });

  constructor(installed?: string) {
    this.installed = installed;
  }

  version(): Promise<string | undefined> {
    return Promise.resolve(this.installed);
  }

  async scan(image: ScannedImage, signal: AbortSignal): Promise<ScanReport> {
    signal.throwIfAborted();
    if (this.installed === undefined) throw new ScannerError('not-installed', 'There is no scanner.');
    this.scanned.push(image);
    return this.answer(image);
  }
}
