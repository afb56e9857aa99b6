import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstExample } from '../lib/markdown.mjs';
import { publicPackages, readIn, withDependencies } from '../lib/packages.mjs';
import { run } from '../lib/run.mjs';

/**
 * Packs every public package once, as it would be published, into a folder outside the workspace.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function createPacker(root, env) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-packed-')));
  let packed;

  async function pack() {
    const packages = publicPackages(root);
    const filters = packages.map(({ name }) => `--filter=${name}`);
    const { code, output } = await run('pnpm', ['-r', ...filters, 'pack', '--pack-destination', folder], {
      cwd: root,
      env,
    });
    const files = readdirSync(folder);
    const tarballs = new Map();
    for (const { name, manifest } of packages) {
      const file = `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
      if (files.includes(file)) tarballs.set(name, join(folder, file));
    }
    return { ok: code === 0 && tarballs.size === packages.length, output, tarballs };
  }

  return {
    folder,
    /** The tarballs by package name; packed at the first call. */
    tarballs: () => (packed ??= pack()),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One check: every public package can be packed. */
export async function packs(packer) {
  const { ok, output, tarballs } = await packer.tarballs();
  return ok ? { status: 'passed', note: `${tarballs.size} tarballs` } : { status: 'failed', detail: output };
}

/** publint's strict rules on what would be published. */
export function publint(packer, name, env) {
  return onTarball(packer, name, (tarball) =>
    run('publint', ['run', '--strict', tarball], { cwd: packer.folder, env }),
  );
}

/** Do the types of the published package resolve for ESM users? */
export function attw(packer, name, env) {
  const args = (tarball) => [tarball, '--profile', 'esm-only', '--no-emoji'];
  return onTarball(packer, name, (tarball) => run('attw', args(tarball), { cwd: packer.folder, env }));
}

async function onTarball(packer, name, judge) {
  const tarball = (await packer.tarballs()).tarballs.get(name);
  if (!tarball) return { status: 'failed', detail: `${name} was not packed.` };
  const { code, output } = await judge(tarball);
  return code === 0 ? { status: 'passed' } : { status: 'failed', detail: output };
}

/**
 * Installs packed packages alone (with the packed workspace packages they depend on) into an empty folder outside the
 * workspace and runs a README's first example there, as a stranger would.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, packer: ReturnType<typeof createPacker>, readme: string, names?: readonly string[] }} options
 *   `readme`: the file, from the repository's folder; `names`: the packages, or those that the example imports.
 * @returns {Promise<import('../lib/report.mjs').Outcome>}
 */
export async function runsReadme({ root, env, packer, readme, names }) {
  const example = firstExample(readIn(root, readme) ?? '');
  if (!example) return { status: 'failed', detail: `${readme} has no \`\`\`ts block to run.` };
  const packages = publicPackages(root);
  const wanted = names ?? packages.map(({ name }) => name).filter((name) => example.code.includes(`'${name}'`));
  return alone({ root, env, packer, names: wanted }, async (folder, own) => {
    const file = `example.${example.extension}`;
    writeFileSync(join(folder, file), example.code);
    const { code, output } = await run('node', [file], { cwd: folder, env: own, seconds: 60 });
    if (code === 0) return { status: 'passed' };
    return { status: 'failed', detail: `${readme}, line ${example.line}: exit code ${code}\n${output}` };
  });
}

/**
 * Installs the packed command line program alone and runs it, as a stranger would: its version, and a turn offline that needs
 * the one dependency it has at run time.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, packer: ReturnType<typeof createPacker>, name: string }} options
 * @returns {Promise<import('../lib/report.mjs').Outcome>}
 */
export async function runsProgram({ root, env, packer, name }) {
  const { manifest } = publicPackages(root).find((one) => one.name === name);
  const [program] = Object.keys(manifest.bin);
  return alone({ root, env, packer, names: [name] }, async (folder, own) => {
    writeFileSync(join(folder, 'hay.txt'), 'a needle in here\n');
    const start = (...words) =>
      run(join(folder, 'node_modules/.bin', program), words, { cwd: folder, env: own, seconds: 60 });
    const version = await start('--version');
    const turn = await start('run', '--model', 'demo/offline', 'search for "needle"');
    const good =
      version.output === `${manifest.version}\n` && turn.code === 0 && turn.output.includes('a needle in here');
    return good ? { status: 'passed' } : { status: 'failed', detail: `${version.output}${turn.output}` };
  });
}

/** Installs packed packages into an empty folder outside the workspace, and has `use` judge what they do there. */
async function alone({ root, env, packer, names }, use) {
  const packages = publicPackages(root);
  const needed = new Set(names.flatMap((name) => withDependencies(packages, name).map((one) => one.name)));
  const { tarballs } = await packer.tarballs();
  const missing = [...needed].filter((name) => !tarballs.has(name));
  if (missing.length > 0) return { status: 'failed', detail: `Not packed: ${missing.join(', ')}` };

  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-alone-')));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "name": "alone", "private": true, "type": "module" }\n');
    const home = join(folder, 'home');
    mkdirSync(home);
    const files = [...needed].map((name) => tarballs.get(name));
    const npm = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...files];
    const installed = await run('npm', npm, { cwd: folder, env, seconds: 300 });
    if (installed.code !== 0) return { status: 'failed', detail: installed.output };
    return await use(folder, strangersEnv(env, home));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The environment of somebody who has just come: an empty home and no keys. */
export function strangersEnv(env, home) {
  const kept = Object.entries(env).filter(
    ([name]) => !/(_API_KEY|_AUTH_TOKEN|_BASE_URL)$|^REPRISE_|^NODE_OPTIONS$/.test(name),
  );
  return { ...Object.fromEntries(kept), HOME: home, REPRISE_HOME: join(home, '.opencode'), NO_COLOR: '1' };
}
