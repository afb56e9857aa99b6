import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The names that the specification's code takes from around it. */
const FIXTURE = `
import type { ExportedSession, Session } from '@reprise/session';

export declare const session: Session;
export declare const messageId: string;
export declare const exportedData: ExportedSession;
`;

/** Everything strict but for one switch: in the specification, what is caught has a `code`. */
const TSCONFIG = {
  extends: here('../../../../tsconfig.base.json'),
  compilerOptions: {
    useUnknownInCatchVariables: false,
    typeRoots: [here('../../../../node_modules/@types')],
    paths: { '@reprise/session': [here('../../src/index.ts')] },
  },
  include: ['*.ts'],
};

/** What the compiler says about these modules, by file; an empty text is no complaint. */
export function typeCheck(folder: string, modules: Readonly<Record<string, string>>): string {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  writeFileSync(join(folder, 'fixture.ts'), FIXTURE);
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
