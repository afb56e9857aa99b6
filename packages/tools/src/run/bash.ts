import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { ToolContext } from '@reprise/core';
import { stopIfAborted } from '../io/errors.ts';
import { Output } from '../io/output.ts';
import { openSpill } from '../io/spill.ts';
import type { Settings } from '../options.ts';
import { DEFAULT_TIMEOUT_MS } from '../tools/bash.ts';
import type { BashInput, BashOutput } from '../tools/bash.ts';
import { callEnvironment } from './environment.ts';
import { Progress } from './progress.ts';
import { CleanText, secretsOf } from './secrets.ts';
import { runShell } from './shell.ts';
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
  const streams = [new CleanText(secrets), new CleanText(secrets)];
  const show = (text: string): Promise<void> => {
    progress.push(text);
    return output.push(text);
  };
  try {
    const end = await runShell({
      shell: options.shell ?? (existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'),
      command: input.command,
      cwd: context.cwd,
      env,
      mark: `REPRISE_CALL=${call}`,
      timeoutMs,
      signal: context.signal,
      background: options.background ?? 'end',
      async take(bytes, which) {
        await show(streams[which]?.push(bytes) ?? '');
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
