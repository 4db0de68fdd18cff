import { expect, it } from 'vitest';
import { HttpError, isTrouble, toFailure } from '../../../api/http/failure.ts';
import { internal, invalid, noCapacity, unavailable } from '../../../domain/fault.ts';

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

it.each([
  [unavailable('the engine is gone'), true],
  [new Error('a bug'), true],
  [new HttpError(404, 'nothing here'), false],
  [noCapacity('too few VMs'), false],
  [invalid('name', 'is missing.'), false],
])('of %s, whether it is trouble for the log is %s', (error, trouble) => {
  expect(isTrouble(toFailure(error, 'req-4'))).toBe(trouble);
});
