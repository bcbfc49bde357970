import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { GatewayError } from '../lib/errors.js';
import { PACKAGE_DIR } from '../lib/package-dir.js';
import { toGatewayConfig, type GatewayConfig } from './gateway-config.js';
import { RULES, WARNINGS, type Rule } from './rules.js';
import { isSupervised } from './supervisor.js';
import { SETTINGS, type Setting, type SettingKey, type SettingValues } from './settings.js';

/**
 * Reads every setting: the environment first, then the file (`.env.supabase` of the package folder unless another one
 * is named), then the default. An empty value counts as unset.
 * @throws GatewayError `BAD_CONFIGURATION`; `details` is a `string[]` with every problem, ready for the operator
 */
export function loadConfig(env: NodeJS.ProcessEnv, options: { envFile?: string } = {}): GatewayConfig {
  const problems: string[] = [];
  const file = readEnvFile(options.envFile, problems);
  const values: Partial<Record<SettingKey, unknown>> = {};
  const given = (name: string) => env[name]?.trim() || file[name]?.trim() || null;
  const overruled: string[] = [];
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const { alias, fallback }: Setting<unknown> = SETTINGS[key];
    const [own, other] = [given(key), alias ? given(alias.name) : null];
    const meant = alias && other !== null ? alias.read(other) : null;
    if (alias && own !== null && meant !== null && own !== meant)
      overruled.push(`${alias.name} is ignored because ${key} is set, and says something else`);
    const text = own ?? meant ?? fallback;
    const name = alias && own === null && meant !== null ? alias.name : key;
    values[key] = text === null ? null : readSetting(key, text, problems, name);
  }
  // A rule would judge values that could not be read: first things first.
  const settings = values as SettingValues;
  if (problems.length === 0) problems.push(...sentences(RULES, settings));
  if (problems.length > 0) throw badConfiguration(problems);
  const warnings = [...unknownKeys(file), ...overruled, ...sentences(WARNINGS, settings)];
  return toGatewayConfig(settings, {
    ...{ packageDir: PACKAGE_DIR, warnings, supervised: isSupervised(env) },
    searchPath: env['PATH'] ?? '',
  });
}

/** @param name what the operator has called it */
function readSetting(key: SettingKey, text: string, problems: string[], name: string): unknown {
  const setting: Setting<unknown> = SETTINGS[key];
  const result = setting.schema.safeParse(text);
  if (result.success) return result.data;
  const got = setting.secret ? `[redacted], ${text.length} characters` : JSON.stringify(text.slice(0, 100));
  problems.push(`${name} must ${setting.must} (got ${got})`);
  return null;
}

/** Only a file that was asked for by name must be there. */
function readEnvFile(path: string | undefined, problems: string[]): Record<string, string> {
  const name = path ?? join(PACKAGE_DIR, '.env.supabase');
  try {
    return parse(readFileSync(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (path !== undefined || code !== 'ENOENT') problems.push(`${name} must be a readable file (${code})`);
    return {};
  }
}

const ALIASES = new Set(Object.values<Setting<unknown>>(SETTINGS).flatMap(({ alias }) => (alias ? [alias.name] : [])));

/** A misspelt key would otherwise leave its default in force without a word. */
function unknownKeys(file: Record<string, string>): string[] {
  return Object.keys(file)
    .filter((key) => !(key in SETTINGS) && !ALIASES.has(key))
    .map((key) => `${key} in .env.supabase is no setting of this gateway`);
}

function sentences(rules: Record<string, Rule>, settings: SettingValues): string[] {
  return Object.values(rules).flatMap((rule) => rule(settings) ?? []);
}

function badConfiguration(problems: string[]): GatewayError {
  return new GatewayError('BAD_CONFIGURATION', `The settings are not valid: ${problems.join('; ')}`, {
    details: problems,
  });
}
