import type { Session as CoreSession, Sessions } from '@reprise/core';
import { createDefaultSessions } from './defaults.ts';

/** A conversation. The value of the same name makes and finds them. */
export type Session = CoreSession;

/** The spec's `Session`: sessions of the default store, which is opened at the first call. */
export const Session: Omit<Sessions, 'close'> = lazily(() => createDefaultSessions());

function lazily(make: () => Sessions): Omit<Sessions, 'close'> {
  let made: Sessions | undefined;
  const sessions = (): Sessions => (made ??= make());
  return {
    create: (options) => sessions().create(options),
    resume: (id, options) => sessions().resume(id, options),
    load: (id) => sessions().load(id),
    list: (query) => sessions().list(query),
    page: (query) => sessions().page(query),
    info: (id) => sessions().info(id),
    isRunning: (id) => sessions().isRunning(id),
    show: (id) => sessions().show(id),
    usage: (id) => sessions().usage(id),
    tree: (id, options) => sessions().tree(id, options),
    messages: (id, query) => sessions().messages(id, query),
    unfinished: () => sessions().unfinished(),
    follow: (id, options) => sessions().follow(id, options),
    approvals: (id) => sessions().approvals(id),
    delete: (id) => sessions().delete(id),
    deleteAll: () => sessions().deleteAll(),
    import: (data, options) => sessions().import(data, options),
  };
}
