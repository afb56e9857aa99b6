import { randomUUID } from 'node:crypto';
import type { ToolContext } from '@reprise/core';
import { stopIfAborted } from '../io/errors.ts';
import { CleanBytes } from '../io/clean.ts';
import { Output } from '../io/output.ts';
import { openSpill } from '../io/spill.ts';
import type { Settings } from '../options.ts';
import { DEFAULT_TIMEOUT_MS } from '../tools/bash.ts';
import type { BashInput, BashOutput } from '../tools/bash.ts';
import { callEnvironment } from './environment.ts';
import { Progress } from './progress.ts';
import { secretsOf } from './secrets.ts';
import { defaultShell, runShell } from './shell.ts';
import type { ShellEnd } from './shell.ts';

export async function runBash(input: BashInput, context: ToolContext, settings: Settings): Promise<BashOutput> {
  stopIfAborted(context.signal);
  const { options } = settings;
  const timeoutMs = input.timeout ?? DEFAULT_TIMEOUT_MS;
  const call = randomUUID();
  const env = { ...(await callEnvironment(input.command, context, settings)), REPRISE_CALL: call };
  const output = new Output({
    keep: 'both',
    spill: () => openSpill(settings.spillDir, 'bash', settings.maxSpillBytes, context.now()),
  });
  const progress = new Progress(context);
  const secrets = secretsOf(settings);
  const streams = [new CleanBytes(secrets), new CleanBytes(secrets)];
  const show = (bytes: Buffer): Promise<void> => {
    progress.push(bytes);
    return output.push(bytes);
  };
  try {
    const end = await runShell({
      shell: options.shell ?? defaultShell(),
      command: input.command,
      cwd: context.cwd,
      env,
      mark: `REPRISE_CALL=${call}`,
      timeoutMs,
      signal: context.signal,
      background: options.background ?? 'end',
      async take(bytes, which) {
        await show(streams[which]?.push(bytes) ?? bytes);
      },
    });
    for (const stream of streams) await show(stream.end());
    const { text, truncated, spill } = await output.end();
    return {
      output: text,
      ...facts(end, timeoutMs),
      ...(truncated && { truncated }),
      ...(spill !== undefined && { spill }),
    };
  } finally {
    progress.end();
    await output.end();
  }
}

function facts(end: ShellEnd, timeoutMs: number): Omit<BashOutput, 'output'> {
  return {
    exitCode: end.exitCode,
    ...(end.signal !== null && { signal: end.signal }),
    ...(end.stopped === 'timeout' && { timedOut: timeoutMs }),
    ...(end.stopped === 'abort' && { aborted: true as const }),
    ...(end.endedBackground && { endedBackground: true as const }),
  };
}
