/** What `work` gives, unless the signal comes first: what doesn't look at the signal can't hold the turn. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    // Also where the signal came first: a failure that comes late is nobody's.
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
