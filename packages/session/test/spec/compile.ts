import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Everything strict but for one switch: in the specification, what is caught has a `code`. */
const TSCONFIG = {
  extends: here('../../../../tsconfig.base.json'),
  compilerOptions: {
    useUnknownInCatchVariables: false,
    exactOptionalPropertyTypes: false,
    typeRoots: [here('../../../../node_modules/@types')],
    paths: { '@reprise/session': [here('../../src/index.ts')] },
  },
  include: ['*.ts'],
};

/** What the compiler says about these modules, by file; an empty text is no complaint. */
export function typeCheck(folder: string, modules: Readonly<Record<string, string>>): string {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  copyFileSync(here('./fixture.ts'), join(folder, 'fixture.ts'));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, `${name}.ts`), text);
  try {
    const tsc = here('../../../../node_modules/typescript-native/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { stdio: 'pipe', cwd: folder });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    return `${String(stdout)}${String(stderr)}` || String(error);
  }
}
