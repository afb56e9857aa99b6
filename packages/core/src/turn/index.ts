export { RepriseError, isCoded, toCoded } from '../errors.ts';
export { sleep, systemClock } from '../session/clock.ts';
export { AwaitableTurn, TurnHandle } from './handle.ts';
export { Emitter } from './emitter.ts';
