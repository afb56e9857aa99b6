import type { SessionChange } from '@reprise/client';
import { RepriseError } from '@reprise/core';
import { directoryOf } from '@reprise/session/compose';
import { terminalAsker } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { RunFlags } from '../commands/options.ts';
import type { Composition, TurnSettings } from '../sessions.ts';
import { connectTo, serverUrl } from './connect.ts';
import { isLoopback } from './token.ts';

/** What a turn on a server can't be told, and what to do about it. */
const NOT_THERE = {
  permission: 'It is the server that decides: reprise serve --permission MODE',
  record:
    'Take the session over ("reprise session export ID --server URL"), import it here, and use "reprise session replay".',
  recover: 'A server ends or carries on what a crash left open when it starts: reprise serve --recover continue',
} as const;

/** Turns on a server. What waits for a person is asked on this terminal, and without one denied, as it is without a server. */
export function openRemote(io: Io, flags: RunFlags, server: string): Composition {
  for (const [name, hint] of Object.entries(NOT_THERE)) {
    if (flags[name as keyof typeof NOT_THERE] !== undefined)
      throw new RepriseError('UNSUPPORTED', `--${name} does not go with --server.`, { hint });
  }
  const ask = terminalAsker(io);
  const onAsk = flags['on-ask'] ?? (ask === undefined ? 'deny' : 'wait');
  const sessions = connectTo(io, flags, server, { onAsk, ...(ask && { ask }) });
  // On this machine the directory where we are is there too; elsewhere the server has one of its own.
  const cwd = isLoopback(serverUrl(server)) ? directoryOf(flags.cwd, io.cwd, '--cwd') : elsewhere(flags.cwd);
  const there: Composition['sessions'] = {
    ...sessions,
    create: (settings) => sessions.create(named(settings)),
    resume: (id, settings) => sessions.resume(id, named(settings)),
  };
  return { sessions: there, defaults: { model: () => undefined, ...(cwd !== undefined && { cwd }) } };
}

/** A directory of another machine: only that knows whether it is there. */
function elsewhere(cwd: string | undefined): string | undefined {
  if (cwd === undefined || /^(\/|[a-z]:[\\/])/i.test(cwd)) return cwd;
  throw new RepriseError('INVALID_INPUT', `--cwd ${cwd} is relative, and nobody on the server knows to what.`, {
    hint: 'Give the whole path that it has on the server.',
  });
}

/** A model on a server has a name and nothing else, as it has on the command line. */
function named({ model, ...settings }: TurnSettings): SessionChange {
  return { ...settings, ...(typeof model === 'string' && { model }) };
}
