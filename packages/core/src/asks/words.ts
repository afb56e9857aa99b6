import { RepriseError } from '../errors.ts';
import type { Matter, Given } from './desk.ts';

/** Who answers for the engine itself, and for what a person allowed before. */
export const ENGINE = 'engine';
export const GRANT = 'grant';
export const POLICY = 'policy';

export const NOBODY = 'this needs a person to agree, and nobody is there to ask.';

/** What the model is told of a call that was not allowed; `undefined` where it was. */
export function denialOf({ verdict, message }: Pick<Given, 'verdict' | 'message'>): string | undefined {
  switch (verdict) {
    case 'once':
    case 'always':
      return undefined;
    case 'deny':
      return message ? `Permission denied: ${message}` : 'Permission denied by the user.';
    case 'expired':
      return 'Permission denied: nobody answered in time.';
    case 'cancelled':
      return 'Not run: the turn ended before anybody answered.';
    default:
      return verdict satisfies never;
  }
}

/** The error of a turn that is not to wait for people. */
export function needsPerson({ call, tool, access, reason, question }: Matter): RepriseError {
  const what = question === undefined ? `${tool} needs a person to agree` : `${tool} asks a person: ${question.text}`;
  return new RepriseError('PERMISSION_DENIED', `${what}${reason === undefined ? '.' : `: ${reason}`}`, {
    hint: 'Allow it beforehand by the permission policy, or let the turn wait for an answer.',
    details: { call, tool, access },
  });
}
