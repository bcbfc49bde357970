/** Imports run from the edges inward (docs/adr/0001): http → integration → {outbound, whatsapp, supabase} → journal → lib. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/${from}/`, ...allowed.map((folder) => `^src/${folder}`)] },
});
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('lib-knows-nobody', 'lib', []),
    only('config-knows-lib', 'config', ['lib/']),
    only('journal-knows-lib', 'journal', ['lib/']),
    only('supabase-knows-no-whatsapp', 'supabase', ['lib/']),
    only('whatsapp-knows-the-journal', 'whatsapp', ['lib/', 'journal/']),
    only('inbound', 'inbound', ['lib/', 'journal/', 'whatsapp/', 'supabase/']),
    only('outbound', 'outbound', ['lib/', 'journal/', 'whatsapp/']),
    only('media', 'media', ['lib/', 'journal/']),
    only('integration', 'integration', [
      'media/',
      'lib/',
      'journal/',
      'whatsapp/',
      'supabase/',
      'outbound/',
      'inbound/',
      'notifications/',
    ]),
    only('notifications', 'notifications', ['lib/', 'journal/']),
    only('http-is-thin', 'http', ['lib/', 'config/', 'integration/', 'bootstrap/', 'watchdog/', 'notifications/']),
    only('simulator-stands-alone', 'simulator', ['lib/']),
    {
      name: 'nobody-loads-the-simulator',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/simulator/', '^src/demo'] },
      to: { path: '^src/(simulator|demo)' },
    },
    {
      name: 'baileys-stays-in-whatsapp',
      comment: 'Only these know the protocol library; everything else sees our own types.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(whatsapp|inbound|outbound|media|simulator|demo)'] },
      to: { path: 'node_modules/@whiskeysockets/baileys' },
    },
    {
      name: 'supabase-stays-in-supabase',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/supabase/'] },
      to: { path: 'node_modules/@supabase' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
