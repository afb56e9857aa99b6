import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { missing, random, start, withFolder } from './lib/machine.mjs';
import { Model } from './lib/workload.mjs';

const quiet = { stdio: 'ignore' };
/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file system stops at once, and what is only in memory is gone. */
const CUT =
  'import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack("I", 2))';

/** A writer on a real ext4 is stopped at a random moment, its file system cut off, and mounted again. */
export default {
  name: 'power cut on ext4',
  amounts: { short: 2, long: 60, mutant: 15 },
  missing: () =>
    missing('python3', ['-c', 'import fcntl'], 'an ioctl with python3') ??
    missing('sh', ['-c', 'mkfs.ext4 -V && losetup -f'], 'a loop device with ext4') ??
    missing('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], 'mounting a file system'),
  run: ({ sources, store, amount }) =>
    withFolder(async (folder) => {
      const problems = [];
      const counts = { cuts: 0, moves: 0 };
      const image = join(folder, 'image');
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      const pick = random(amount);
      for (let cut = 0; cut < amount && problems.length < 10; cut += 1) {
        writeFileSync(image, '');
        execFileSync('truncate', ['-s', '32M', image]);
        execFileSync('mkfs.ext4', ['-q', '-F', image], quiet);
        execFileSync('mount', ['-o', 'loop', image, disk], quiet);
        const root = join(disk, 'sessions');
        const writer = start(sources, root, ['go', 1]);
        try {
          await writer.line('begin');
          await new Promise((done) => setTimeout(done, pick(150)));
          await writer.kill('SIGSTOP');
          execFileSync('python3', ['-c', CUT, disk]);
        } finally {
          await writer.kill();
          execFileSync('umount', ['-l', disk]);
        }
        execFileSync('mount', ['-o', 'loop', image, disk], quiet);
        try {
          const model = new Model();
          for (const line of writer.lines) model.take(line);
          counts.cuts += 1;
          counts.moves += writer.lines.filter((line) => line === 'done').length;
          for (const problem of await checkAfterCrash(store, root, model)) problems.push(`cut ${cut}: ${problem}`);
        } finally {
          execFileSync('umount', ['-l', disk]);
        }
      }
      return { counts, problems };
    }),
  // That names are synced can't be seen here: on ext4 the sync of a file brings them along. The modelled power cuts see it.
  mutants: [
    {
      name: 'an append is not synced',
      patches: [
        [
          'log-writer.ts',
          'await this.#write(bytes, records.length);\n      await syncData(this.#fd);',
          'await this.#write(bytes, records.length);',
        ],
      ],
    },
  ],
};
