import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/lib/deferred.js';
import { Lanes } from '../../src/whatsapp/lanes.js';

describe('lanes', () => {
  test('tasks of one conversation run in the order they came, whichever address names it', async () => {
    const lanes = new Lanes();
    const first = deferred();
    const order: string[] = [];
    const a = lanes.run(['5511@s.whatsapp.net', '77@lid'], async () => {
      await first.promise;
      order.push('a');
    });
    const b = lanes.run(['77@lid'], async () => void order.push('b'));
    const c = lanes.run(['5511@s.whatsapp.net'], async () => void order.push('c'));
    first.resolve();
    await Promise.all([a, b, c]);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('tasks with nothing in common do not wait for each other', async () => {
    const lanes = new Lanes();
    const never = deferred();
    const stuck = lanes.run(['ana'], () => never.promise);
    await expect(lanes.run(['bia'], async () => 'through')).resolves.toBe('through');
    never.resolve();
    await stuck;
  });

  test('a task that fails frees its lane, and only its caller hears of it', async () => {
    const lanes = new Lanes();
    const failed = lanes.run(['ana'], async () => {
      throw new Error('broken');
    });
    const next = lanes.run(['ana'], async () => 'fine');
    await expect(failed).rejects.toThrow('broken');
    await expect(next).resolves.toBe('fine');
    expect(lanes.busy).toBe(0);
  });
});
