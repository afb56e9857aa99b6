import { RepriseError } from '@reprise/core';
import { EXIT } from '@reprise/tui';
import type { Io, Values } from '@reprise/tui';
import { connectTo } from '../remote/connect.ts';
import { table } from './models.ts';
import type { MODELS } from './options.ts';

/** The models that can be named on a server. */
export async function modelsRemote({ live, json }: Values<typeof MODELS>, server: string, io: Io): Promise<number> {
  if (live) {
    throw new RepriseError('UNSUPPORTED', '--live asks the providers from this machine, and not from a server.', {
      hint: 'Leave --live or --server out.',
    });
  }
  const rows = await connectTo(io, {}, server).models();
  if (json) io.out.json(rows);
  else io.out.write(table(rows));
  return EXIT.ok;
}
