import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RUN_TO_THEIR_END, TASK_KINDS, WORKFLOW_OF } from '../../domain/task.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows');
const texts = readdirSync(WORKFLOWS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(WORKFLOWS, file), 'utf8'));

it('knows which kinds run to their end: those whose whole workflow is shielded', () => {
  const shielded = TASK_KINDS.filter((kind) => {
    const body = texts.map((text) => text.split(`export async function ${WORKFLOW_OF[kind]}(`)[1]).find(Boolean);
    if (body === undefined) throw new Error(`no workflow for ${kind}`);
    return /^ {2}await shielded\(\(\) =>\n {4}(asTask|changeVm|operate)\(/m.test(body.split('\n}\n')[0] ?? '');
  });
  expect(shielded.sort()).toEqual(RUN_TO_THEIR_END.toSorted());
});
