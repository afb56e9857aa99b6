/** What is checked by the compiler alone: our outputs fit the specification's interfaces, and its interfaces our inputs. */
import type * as ours from '@reprise/session';
import type * as spec from './interfaces.ts';

type Assignable<From extends To, To> = From;

export type Outputs = [
  Assignable<ours.Message, spec.Message>,
  Assignable<NonNullable<ours.Message['toolCalls']>[number], spec.ToolCall>,
  Assignable<NonNullable<ours.Message['toolResults']>[number], spec.ToolResult>,
  Assignable<ours.SessionState, spec.SessionState>,
  Assignable<ours.SessionHead, spec.SessionState>,
  Assignable<ours.Session['state'], spec.SessionState>,
  Assignable<Awaited<ReturnType<ours.Session['getMessages']>>, spec.Message[]>,
  Assignable<Awaited<ReturnType<ours.Session['message']>>, spec.Message>,
  Assignable<ours.ExportedSession['messages'][number], spec.Message>,
  // Whoever wants a promise of a message can be given the stream.
  Assignable<ReturnType<ours.Session['message']>, Promise<spec.Message>>,
];

export type Inputs = [
  Assignable<spec.SessionOptions, ours.SessionOptions>,
  Assignable<spec.Message[], Parameters<typeof ours.Session.import>[0]>,
];
