import { invalid } from '../../../domain/fault.ts';

/** The value that is given under either of its names; 'invalid' naming the other one where they differ. */
export function either<Values extends object, Name extends keyof Values & string>(
  values: Values,
  name: Name,
  other: keyof Values & string,
): Values[Name] {
  const [one, again] = [values[name], values[other] as Values[Name]];
  if (one === undefined) return again;
  if (again !== undefined && JSON.stringify(again) !== JSON.stringify(one))
    throw invalid(other, `is another name of ${name}, and has another value.`);
  return one;
}
