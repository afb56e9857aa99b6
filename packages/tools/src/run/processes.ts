import { readFile, readdir } from 'node:fs/promises';

/** True while the process group has a process. */
export function groupExists(group: number): boolean {
  return signalGroup(group, 0);
}

/** Sends a signal to every process of the group; false when there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: there is one, but it changed its user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether a process of the group still runs. Dead ones that nobody collects (a container without init) don't count. */
export async function groupRuns(group: number): Promise<boolean> {
  if (!groupExists(group)) return false;
  if (process.platform !== 'linux') return true;
  for (const pid of await pids()) {
    // After the name in parentheses, which may hold anything: state, parent, group.
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(of) === group && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}

/**
 * Kills every process whose environment holds `mark`, wherever it went (`setsid`, double fork). Linux only; a process
 * that cleared its environment is not found.
 */
export async function killMarked(mark: string): Promise<void> {
  if (process.platform !== 'linux') return;
  // Again while any is found, because a process may fork between the look and the kill.
  for (let round = 0; round < 10; round++) {
    let found = false;
    for (const pid of await pids()) {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (pid === process.pid || !environment.split('\0').includes(mark)) continue;
      found = true;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    if (!found) return;
  }
}

async function pids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}
