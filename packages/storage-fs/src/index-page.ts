import type { QueryPlan } from '@reprise/core';
import type { IndexFile } from './index-file.ts';

/** A session as the index has it: its `state.json`, and which file that was. */
export interface Indexed {
  readonly id: string;
  readonly head: string;
  readonly sig: string;
}

/** What `plan` asks for, in its order, with one more than its limit where there is one: as `pageOfHeads` finds it, without reading the others. */
export function indexedPage(file: IndexFile, { order, where, since, after, limit }: QueryPlan): readonly Indexed[] {
  const { cwd, parent, spawned, tag, model, status } = where;
  const time = order === 'created' ? 'created' : 'last';
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const only = (condition: string, ...given: (string | number | undefined)[]): void => {
    if (given.some((value) => value === undefined)) return;
    conditions.push(condition);
    values.push(...(given as (string | number)[]));
  };
  only('cwd = ?', cwd);
  only('parent IN (SELECT value FROM json_each(?))', listed(parent));
  only('spawned = ?', spawned === undefined ? undefined : Number(spawned));
  // None of the wanted tags is missing.
  only('NOT EXISTS (SELECT value FROM json_each(?) EXCEPT SELECT value FROM json_each(tags))', listed(tag));
  only('model = ?', model);
  only('status = ?', status);
  only(`${time} >= ?`, since);
  // The first half lets the order's own index find the place.
  only(`${time} <= ? AND (${time} < ? OR id > ?)`, after?.time, after?.time, after?.id);
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = file.sql(`SELECT id, head, sig FROM sessions ${filter} ORDER BY ${time} DESC, id LIMIT ?`);
  return rows.all(...values, limit + 1) as unknown as Indexed[];
}

/** One or several as JSON. */
function listed(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify([value].flat());
}
