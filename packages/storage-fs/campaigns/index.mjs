import { cuts, flips } from './bytes.mjs';
import crashStates from './crash-states.mjs';
import fullDisk from './full-disk.mjs';
import kill from './kill.mjs';
import killTurns from './kill-turns.mjs';
import limits from './limits.mjs';
import power from './power.mjs';
import syncs from './syncs.mjs';
import syscalls from './syscalls.mjs';
import twoWriters from './two-writers.mjs';

/** Every campaign of the durability table. */
export const CAMPAIGNS = [
  kill,
  killTurns,
  syscalls,
  crashStates,
  power,
  fullDisk,
  limits,
  syncs,
  cuts,
  flips,
  twoWriters,
];
