import type { TurnOptions } from '../contracts/session.ts';
import { RepriseError } from '../errors.ts';
import type { Said } from '../turn/said.ts';
import { wrongLimits } from './limits.ts';
import { checkOptions } from './options.ts';

const KEY = /^[A-Za-z0-9_-]{1,100}$/;

/** A message as it may be sent. Throws INVALID_INPUT for what is wrong with it or its options, before anything begins. */
export function saidOf(input: unknown, options: TurnOptions): Said {
  if (typeof input !== 'string' || input.trim() === '')
    throw new RepriseError('INVALID_INPUT', 'A message must be a text that is not empty.');
  const { busy, key, effort, model, onAsk, budget } = options;
  if (busy !== undefined && busy !== 'fail' && busy !== 'queue' && busy !== 'steer')
    throw new RepriseError('INVALID_INPUT', 'The option busy must be "fail", "queue" or "steer".');
  if (key !== undefined && !KEY.test(key))
    throw new RepriseError('INVALID_INPUT', 'The option key must be 1 to 100 letters, digits, _ or -.');
  if (onAsk !== undefined && onAsk !== 'wait' && onAsk !== 'deny' && onAsk !== 'fail')
    throw new RepriseError('INVALID_INPUT', 'The option onAsk must be "wait", "deny" or "fail".');
  checkOptions({ effort, model }, []);
  const wanted = budget === undefined ? undefined : wrongLimits(budget);
  if (wanted !== undefined) throw new RepriseError('INVALID_INPUT', `The option budget must be ${wanted}.`);
  return { text: input, ...(effort !== undefined && { effort }), ...(budget !== undefined && { budget }) };
}
