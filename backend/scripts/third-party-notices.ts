import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getLicenseFileText } from 'generate-license-file';

/** Packages whose licence file cannot be told from their package.json (old form), or that have several. */
const LICENCE_FILES = ['busboy', 'streamsearch', 'import-in-the-middle', 'libphonenumber-js'];

/**
 * Writes the licences of all packages of an installation beside the build, which contains most of them. Read from
 * node_modules alone: the same installation gives the same file.
 * @param root the folder with package.json and node_modules
 */
export async function writeNotices(root: string, outdir: string): Promise<void> {
  const replace = Object.fromEntries(LICENCE_FILES.map((name) => [name, join(root, 'node_modules', name, 'LICENSE')]));
  const text = await getLicenseFileText(join(root, 'package.json'), { lineEnding: 'lf', replace });
  await writeFile(join(outdir, 'THIRD-PARTY-NOTICES.txt'), text);
}
