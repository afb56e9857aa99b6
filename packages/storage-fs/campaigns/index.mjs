import crashStates from './crash-states.mjs';
import kill from './kill.mjs';
import limits from './limits.mjs';
import syncs from './syncs.mjs';
import syscalls from './syscalls.mjs';

/** Every campaign of the durability table. */
export const CAMPAIGNS = [kill, syscalls, crashStates, limits, syncs];
