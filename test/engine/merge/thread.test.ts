/** A large merge runs in a thread of its own: in a process that runs plain JavaScript, as those of our users do. */
import { describe, expect, test } from 'vitest';
import { childEnd, startChild } from '../../support/child.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function merged(event: string): Promise<Record<string, unknown>> {
  const { output, code } = await childEnd(startChild('merge-in-thread', [temporaryDirectory('thread'), event]));
  expect(code).toBe(0);
  const outcome = JSON.parse(output) as Record<string, unknown>;
  expect(outcome['threads']).toBeGreaterThan(0);
  return outcome;
}

const WHOLE = { whole: true, wholeAgain: true, left: [] };

describe('a merge in a thread', () => {
  test('leaves what is live', async () => {
    const { report, ...rest } = await merged('nothing');
    expect(rest).toMatchObject({ ...WHOLE });
    expect(report).toMatchObject({ files: expect.any(Number) });
    const { bytesBefore, bytesAfter } = report as { bytesBefore: number; bytesAfter: number };
    expect(bytesBefore).toBeGreaterThan(10_000_000);
    expect(bytesAfter).toBeLessThan(2_200_000);
  });

  test('that is killed rejects, and the store is as it was', async () => {
    const outcome = await merged('kill');
    expect(outcome).toMatchObject({ ...WHOLE, code: 'IO' });
    expect(outcome['error']).toContain('a thread has ended before its work was done');
  });

  test('ends when its signal says so', async () => {
    expect(await merged('abort')).toMatchObject({ ...WHOLE, error: 'enough' });
  });

  test('ends when the store is closed', async () => {
    expect(await merged('close')).toMatchObject({ ...WHOLE, code: 'CLOSED' });
  });
});
