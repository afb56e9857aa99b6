import type { Access } from '../contracts/tool.ts';

/** The lock that meets every other. */
const ALL = '*';

/** Whether two calls must not run at the same time. A call without locks runs beside anything but `*`. */
export function collide(a: Access, b: Access): boolean {
  const [x, y] = [locksOf(a), locksOf(b)];
  if (x.includes(ALL) || y.includes(ALL)) return true;
  return x.some((lock) => y.includes(lock));
}

/**
 * Starts each job as soon as the earlier ones that it collides with have ended; so writes to one path happen in call order. Rejects
 * with the first failure, but only once every job has ended: nothing runs on unseen.
 */
export async function runScheduled<J extends { readonly access: Access }>(
  jobs: readonly J[],
  run: (job: J) => Promise<void>,
): Promise<void> {
  const started: { readonly job: J; readonly done: Promise<void> }[] = [];
  for (const job of jobs) {
    const before = started.filter((earlier) => collide(earlier.job.access, job.access)).map((earlier) => earlier.done);
    const done = before.length === 0 ? run(job) : Promise.allSettled(before).then(() => run(job));
    started.push({ job, done });
  }
  const ends = await Promise.allSettled(started.map((entry) => entry.done));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function locksOf(access: Access): readonly string[] {
  return access.locks ?? (access.effect === 'unknown' ? [ALL] : []);
}
