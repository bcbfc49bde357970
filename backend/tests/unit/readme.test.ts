import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { renderSettingsTable } from '../../src/config/settings-docs.js';
import { allRoutes } from '../../src/http/create-http-app.js';
import { scriptedPorts } from './http/scripted-gateway.js';

const ROOT = new URL('../../../', import.meta.url);
const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
const leiame = readFileSync(new URL('README.pt-BR.md', ROOT), 'utf8');
const routes = allRoutes(scriptedPorts()).map(({ method, path }) => `${method.toUpperCase()} ${path}`);

/** `/a` is not mentioned by `/a/:id`. */
function mentions(text: string, route: string): boolean {
  return text.split('\n').some((line) => line.startsWith('# ') && `${line} `.includes(`# ${route} `));
}

test('the README has the table of settings exactly as the code renders it', () => {
  expect(readme).toContain(`\n${renderSettingsTable()}\n`);
});

test.each(routes)('both READMEs show %s', (route) => {
  expect([mentions(readme, route), mentions(leiame, route)]).toEqual([true, true]);
});

test('both READMEs name the two commands for a newcomer', () => {
  for (const text of [readme, leiame]) {
    expect(text).toContain('cd backend && npm ci && npm run demo');
    expect(text).toContain('cd backend && npm ci && npm test');
  }
});
