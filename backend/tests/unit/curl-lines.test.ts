import { expect, test } from '@jest/globals';
import { statementsOf } from '../support/curl-lines.js';

const fence = '```';

test('commands of a block are taken whole, with the refusals that their comments announce', () => {
  const page = `
${fence}sh
# GET /a – one; answers 409 NO_QR until there is one, answers 404 without
ID=$(curl http://127.0.0.1:3001/a |
  grep id)
curl -X POST http://127.0.0.1:3001/b \\
  -d '{
    "c": 1 }'
curl http://127.0.0.1:3001/d # responde 503
${fence}`;
  expect(statementsOf('p.md', page)).toEqual([
    { at: 'p.md:4', text: 'ID=$(curl http://127.0.0.1:3001/a |\n  grep id)', announced: ['409', '404'] },
    {
      at: 'p.md:6',
      text: 'curl -X POST http://127.0.0.1:3001/b \\\n  -d \'{\n    "c": 1 }\'',
      announced: [],
    },
    { at: 'p.md:9', text: 'curl http://127.0.0.1:3001/d # responde 503', announced: ['503'] },
  ]);
});

test('blocks without curl, of other languages, and lines that no demo can answer are left out', () => {
  const page = `
${fence}sh
npm run dev
${fence}
${fence}js
curl(1)
${fence}
   ${fence}bash
   # not against the demo: a server in another house
   curl https://example.com
   curl http://127.0.0.1:3001/a
   ${fence}`;
  expect(statementsOf('p.md', page).map(({ at }) => at)).toEqual(['p.md:11']);
});
