import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';

/**
 * Records what a store does to the disk below `root`, as operations on numbered files and folders: `write`, `cut`, `sync`, and for names
 * `name` (a folder gets an entry) and `unname`. What the caller pushes itself stands between them in order.
 */
export function recordDisk(root) {
  const operations = [];
  const numbers = new Map([[root, 0]]);
  const kinds = new Map([[0, 'folder']]);
  const open = new Map();
  const real = { ...fs };
  const inside = (path) => typeof path === 'string' && (path === root || path.startsWith(`${root}/`));
  // Locks and drafts promise nothing after a power cut.
  const counts = (path) => inside(path) && !['lock', 'holder', 'draft'].includes(basename(path));
  const number = (path, kind) => {
    if (!numbers.has(path)) numbers.set(path, kinds.size);
    if (!kinds.has(numbers.get(path))) kinds.set(numbers.get(path), kind);
    return numbers.get(path);
  };
  const forget = (path) => {
    for (const known of [...numbers.keys()]) if (known === path || known.startsWith(`${path}/`)) numbers.delete(known);
  };
  const name = (path) =>
    operations.push({ what: 'name', folder: numbers.get(dirname(path)), name: basename(path), to: numbers.get(path) });
  const unname = (path) =>
    operations.push({ what: 'unname', folder: numbers.get(dirname(path)), name: basename(path) });
  const isNew = (path) => counts(path) && !real.lstatSync(path, { throwIfNoEntry: false });
  const opened = (path, fd, made) => {
    if (made) {
      number(path, 'file');
      name(path);
    }
    if (counts(path)) open.set(fd, numbers.get(path));
  };
  const patches = {
    openSync(path, flags, mode) {
      const made = isNew(path);
      const fd = real.openSync(path, flags, mode);
      opened(path, fd, made);
      return fd;
    },
    open(path, flags, mode, done) {
      const made = isNew(path);
      real.open(path, flags, mode, (error, fd) => {
        if (!error) opened(path, fd, made);
        done(error, fd);
      });
    },
    closeSync(fd) {
      open.delete(fd);
      real.closeSync(fd);
    },
    writeSync(fd, bytes, offset, length, position) {
      const count = real.writeSync(fd, bytes, offset, length, position);
      if (open.has(fd))
        operations.push({
          what: 'write',
          file: open.get(fd),
          at: position,
          bytes: Buffer.from(bytes.subarray(offset, offset + count)),
        });
      return count;
    },
    ftruncateSync(fd, size = 0) {
      real.ftruncateSync(fd, size);
      if (open.has(fd)) operations.push({ what: 'cut', file: open.get(fd), size });
    },
    mkdirSync(path, options) {
      const result = real.mkdirSync(path, options);
      if (inside(path)) {
        number(path, 'folder');
        name(path);
      }
      return result;
    },
    renameSync(from, to) {
      real.renameSync(from, to);
      if (!inside(from)) return;
      const moved = [...numbers].filter(([path]) => path === from || path.startsWith(`${from}/`));
      forget(to);
      for (const [path, file] of moved) {
        numbers.delete(path);
        numbers.set(`${to}${path.slice(from.length)}`, file);
      }
      operations.push({
        what: 'name',
        folder: numbers.get(dirname(to)),
        name: basename(to),
        to: numbers.get(to),
        from: basename(from),
      });
    },
    linkSync(from, to) {
      real.linkSync(from, to);
      if (!inside(from)) return;
      numbers.set(to, numbers.get(from));
      name(to);
    },
    copyFileSync(from, to, mode) {
      real.copyFileSync(from, to, mode);
      number(to, 'file');
      name(to);
      operations.push({ what: 'write', file: numbers.get(to), at: 0, bytes: real.readFileSync(to) });
    },
    rmSync(path, options) {
      const there = counts(path) && real.lstatSync(path, { throwIfNoEntry: false });
      real.rmSync(path, options);
      if (!there) return;
      unname(path);
      forget(path);
    },
    rmdirSync(path) {
      real.rmdirSync(path);
      unname(path);
      forget(path);
    },
  };
  for (const sync of ['fsyncSync', 'fdatasyncSync']) {
    patches[sync] = (fd) => {
      real[sync](fd);
      if (open.has(fd)) operations.push({ what: 'sync', file: open.get(fd) });
    };
  }
  for (const sync of ['fsync', 'fdatasync']) {
    patches[sync] = (fd, done) =>
      real[sync](fd, (error) => {
        if (!error && open.has(fd)) operations.push({ what: 'sync', file: open.get(fd) });
        done(error);
      });
  }
  Object.assign(fs, patches);
  syncBuiltinESMExports();
  const undo = () => {
    for (const one of Object.keys(patches)) fs[one] = real[one];
    syncBuiltinESMExports();
  };
  return { operations, kinds, undo };
}

const SECTOR = 512;

/**
 * One state that a disk may be in when the power fails after the first `until` operations: what was synced is there; of the rest any
 * part, sector by sector and name by name, in any order. `pick` decides. Written below `to`.
 */
export function crashState({ operations, kinds }, until, pick, to) {
  const files = new Map();
  const folders = new Map();
  for (const [number, kind] of kinds) {
    if (kind === 'folder') folders.set(number, { sure: new Map(), pending: [] });
    else files.set(number, { sure: Buffer.alloc(0), pending: [] });
  }
  for (const operation of operations.slice(0, until)) {
    const { what } = operation;
    if (what === 'write' || what === 'cut') files.get(operation.file).pending.push(operation);
    else if (what === 'name' || what === 'unname') folders.get(operation.folder)?.pending.push(operation);
    else if (what === 'sync' && files.has(operation.file)) {
      const file = files.get(operation.file);
      file.sure = file.pending.reduce((bytes, one) => changed(bytes, one), file.sure);
      file.pending = [];
    } else if (what === 'sync') {
      const folder = folders.get(operation.file);
      for (const one of folder.pending) rename(folder.sure, one);
      folder.pending = [];
    }
  }
  const mood = pick(4);
  const keep = () => (mood === 0 ? false : mood === 1 ? true : pick(2) === 0);
  const build = (number, path) => {
    fs.mkdirSync(path, { mode: 0o700 });
    const { sure, pending } = folders.get(number);
    const names = new Map(sure);
    for (const one of pending) if (keep()) rename(names, one);
    for (const [name, child] of names) {
      if (folders.has(child)) build(child, `${path}/${name}`);
      else fs.writeFileSync(`${path}/${name}`, bytesOf(files.get(child), keep, pick), { mode: 0o600 });
    }
  };
  build(0, to);
}

function rename(names, { what, name, to, from }) {
  if (from !== undefined) names.delete(from);
  if (what === 'name') names.set(name, to);
  else names.delete(name);
}

function changed(bytes, { what, at, bytes: written, size }) {
  if (what === 'cut') return size <= bytes.length ? bytes.subarray(0, size) : grown(bytes, size);
  const next = Buffer.from(grown(bytes, at + written.length));
  written.copy(next, at);
  return next;
}

function grown(bytes, size) {
  return size <= bytes.length ? bytes : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}

function bytesOf({ sure, pending }, keep, pick) {
  let bytes = sure;
  for (const one of pending) {
    if (one.what === 'cut') {
      if (keep()) bytes = changed(bytes, one);
      continue;
    }
    const whole = pick(3) === 0;
    for (let from = 0; from < one.bytes.length;) {
      const size = Math.min(one.bytes.length - from, SECTOR - ((one.at + from) % SECTOR));
      if (whole ? keep() : pick(2) === 0)
        bytes = changed(bytes, { what: 'write', at: one.at + from, bytes: one.bytes.subarray(from, from + size) });
      from += size;
    }
  }
  return bytes;
}
