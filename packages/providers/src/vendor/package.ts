import { RepriseError } from '@reprise/core';

/** The vendors' own SDKs, both optional peer dependencies. */
export type VendorPackage = '@anthropic-ai/sdk' | 'openai';

/** What `load` imports; UNSUPPORTED, with what to install, where the package is absent. */
export async function withPackage<T>(name: VendorPackage, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isAbsent(error, name)) throw error;
    throw new RepriseError('UNSUPPORTED', `This needs the package ${name}, which is not installed.`, {
      hint: `Install it beside @reprise/providers: npm install ${name}`,
      details: { package: name },
      cause: error,
    });
  }
}

/** Node's error for a package that is absent names it; one that is broken inside names another. */
function isAbsent(error: unknown, name: VendorPackage): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`package '${name}'`)
  );
}
