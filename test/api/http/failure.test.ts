import { expect, it } from 'vitest';
import { toFailure } from '../../../api/http/failure.ts';
import { internal, invalid } from '../../../domain/fault.ts';

it('says nothing of a cause that was not meant for the caller', () => {
  const failure = toFailure(new Error('password=hunter2 at /srv/secret'), 'req-1');
  expect(failure).toMatchObject({ status: 500, message: expect.stringContaining('req-1') });
  expect(JSON.stringify(failure)).not.toContain('hunter2');
  const wrapped = toFailure(internal('it broke', new Error('hunter2')), 'req-2');
  expect(JSON.stringify(wrapped)).not.toContain('hunter2');
});

it('says the field and the reason of what was', () => {
  expect(toFailure(invalid('name', 'is missing.'), 'req-3')).toMatchObject({
    status: 400,
    message: 'name: is missing.',
  });
});
