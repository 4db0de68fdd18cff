/** Everything that can go wrong, by what a program does about it. May be shown to anyone; causes are for logs. */
export type Fault =
  /** `within`: what it was looked for in, if that is there. */
  | { readonly kind: 'not-found'; readonly what: string; readonly ref: string; readonly within?: string }
  /** `because`: by which rule it is taken for the same, where it is not called quite the same. */
  | {
      readonly kind: 'exists';
      readonly what: string;
      readonly ref: string;
      readonly within?: string;
      readonly because?: string;
    }
  | { readonly kind: 'invalid'; readonly field: string; readonly why: string }
  | { readonly kind: 'unauthorized'; readonly why: string }
  | { readonly kind: 'forbidden'; readonly why: string }
  | { readonly kind: 'conflict'; readonly why: string }
  | { readonly kind: 'no-capacity'; readonly why: string }
  | { readonly kind: 'script'; readonly why: string }
  /** Asked to end before it began. */
  | { readonly kind: 'cancelled'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string }
  | { readonly kind: 'internal'; readonly why: string };

export type FaultKind = Fault['kind'];

/** Whether doing the same again later may succeed: what Temporal retries. */
export const RETRYABLE: Readonly<Record<FaultKind, boolean>> = {
  'not-found': false,
  exists: false,
  invalid: false,
  unauthorized: false,
  forbidden: false,
  conflict: false,
  'no-capacity': false,
  script: false,
  cancelled: false,
  unavailable: true,
  internal: true,
};

/** One sentence for a person. */
export function faultMessage(fault: Fault): string {
  switch (fault.kind) {
    case 'not-found':
      return `No ${fault.what} '${fault.ref}'${placeOf(fault)}.`;
    case 'exists':
      return `There is already a ${fault.what} '${fault.ref}'${placeOf(fault)}${fault.because === undefined ? '' : `: ${fault.because}`}.`;
    case 'invalid':
      return `${fault.field}: ${fault.why}`;
    default:
      return fault.why;
  }
}

const placeOf = ({ within }: { readonly within?: string }): string => (within === undefined ? '' : ` in ${within}`);

/** One thing that is wrong with what was given. */
export interface Mistake {
  readonly field: string;
  readonly why: string;
}

/** Mistakes that one refusal names: nobody reads more. */
const MOST_SAID = 50;

/** A fault on its way up; `cause` is for logs only. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly fault: Fault;
  constructor(fault: Fault, options?: { cause?: unknown }) {
    super(faultMessage(fault), options);
    this.fault = fault;
  }
}

export const notFound = (what: string, ref: string, within?: string): DomainError =>
  new DomainError({ kind: 'not-found', what, ref, ...(within === undefined ? {} : { within }) });
export const exists = (what: string, ref: string, within?: string): DomainError =>
  new DomainError({ kind: 'exists', what, ref, ...(within === undefined ? {} : { within }) });
export const invalid = (field: string, why: string): DomainError => new DomainError({ kind: 'invalid', field, why });
/** One refusal for all that is wrong: its field is the first one's, the others follow by name. */
export function invalidAll([first, ...others]: readonly [Mistake, ...Mistake[]]): DomainError {
  const said = others.slice(0, MOST_SAID - 1).map(({ field, why }) => `${field}: ${why}`);
  const unsaid = others.length - said.length;
  return invalid(first.field, [first.why, ...said, ...(unsaid > 0 ? [`And ${unsaid} more.`] : [])].join(' '));
}
/** Throws 'invalid' with all of them, if there are any. */
export function refuse(mistakes: Iterable<Mistake>): void {
  const [first, ...others] = mistakes;
  if (first) throw invalidAll([first, ...others]);
}
export const conflict = (why: string): DomainError => new DomainError({ kind: 'conflict', why });
export const noCapacity = (why: string): DomainError => new DomainError({ kind: 'no-capacity', why });
export const unavailable = (why: string, cause?: unknown): DomainError =>
  new DomainError({ kind: 'unavailable', why }, { cause });
export const cancelled = (why: string): DomainError => new DomainError({ kind: 'cancelled', why });
/** A template author's script failed: its own words. */
export const scriptFailed = (why: string): DomainError => new DomainError({ kind: 'script', why });
export const internal = (why: string, cause?: unknown): DomainError =>
  new DomainError({ kind: 'internal', why }, { cause });
