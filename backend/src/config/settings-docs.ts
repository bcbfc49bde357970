import { SETTINGS, type Setting } from './settings.js';

const rows = (): [string, Setting<unknown>][] => Object.entries(SETTINGS);

/** The README's table of settings (Markdown, one row a setting); a test compares the two. */
export function renderSettingsTable(): string {
  const lines = rows().map(
    ([key, { fallback, doc }]) => `| \`${key}\` | ${fallback ? `\`${fallback}\`` : '–'} | ${doc} |`,
  );
  return ['| Setting | Default | What it does |', '|---|---|---|', ...lines].join('\n');
}

/** The text of `.env.supabase.example`: every setting with its default, commented out; a test compares the two. */
export function renderEnvExample(): string {
  const head = [
    '# Settings of the gateway. Copy to .env.supabase and fill in what you need; all are optional.',
    '# The environment wins over this file. Shown are the defaults.',
  ];
  const lines = rows().map(([key, { fallback, doc }]) => `# ${doc}\n# ${key}=${fallback ?? ''}`);
  return [head.join('\n'), ...lines].join('\n\n') + '\n';
}
