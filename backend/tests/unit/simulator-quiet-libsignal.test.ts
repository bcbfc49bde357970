import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { quietLibsignal } from '../../src/simulator/quiet-libsignal.js';

let printed: jest.SpiedFunction<typeof globalThis.console.info>;
beforeEach(() => {
  printed = jest.spyOn(globalThis.console, 'info').mockImplementation(() => undefined);
});
afterEach(() => printed.mockRestore());

test('session dumps are kept from the console, other lines come through, and the undo restores it', () => {
  const console = globalThis.console;
  const undo = quietLibsignal();
  const undoSecond = quietLibsignal();
  console.info('Closing session:', { privKey: 'secret' });
  console.info('something else');
  expect(printed.mock.calls).toEqual([['something else']]);
  undo();
  undo();
  console.info('Closing session:', {});
  expect(printed).toHaveBeenCalledTimes(1);
  undoSecond();
  console.info('Closing session:', {});
  expect(printed).toHaveBeenCalledTimes(2);
});
