import { fakeIo as bareIo } from '@reprise/tui/testing';
import type { FakeIo, FakeIoOptions } from '@reprise/tui/testing';

/** A process with a home that is not there. */
export function fakeIo(options: FakeIoOptions = {}): FakeIo {
  return bareIo({
    cwd: process.cwd(),
    ...options,
    env: { REPRISE_HOME: '/nonexistent/reprise', ...options.env },
  });
}
