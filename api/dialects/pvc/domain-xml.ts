/** What PVC shows of a domain beyond what the platform keeps itself, read from its XML. */
export interface DomainFacts {
  readonly type: string;
  readonly arch: string;
  readonly machine: string;
  readonly emulator: string;
  readonly console: string;
  readonly features: readonly string[];
  readonly controllers: readonly { readonly type: string; readonly model: string }[];
}

const NONE: DomainFacts = { type: '', arch: '', machine: '', emulator: '', console: '', features: [], controllers: [] };

/** Facts of a domain; empty ones where it is not defined yet or its XML has none. */
export function domainFacts(xml: string | null): DomainFacts {
  if (xml === null) return NONE;
  const [os] = elements(xml, 'type');
  return {
    type: elements(xml, 'domain')[0]?.type ?? '',
    arch: os?.arch ?? '',
    machine: os?.machine ?? '',
    emulator: /<emulator>([^<]*)<\/emulator>/.exec(xml)?.[1] ?? '',
    console: elements(xml, 'console')[0]?.type ?? elements(xml, 'serial')[0]?.type ?? '',
    features: [...(/<features>(.*?)<\/features>/s.exec(xml)?.[1] ?? '').matchAll(/<([\w-]+)/g)].map(
      ([, name]) => name ?? '',
    ),
    controllers: elements(xml, 'controller').map(({ type = '', model = '' }) => ({ type, model })),
  };
}

/** Port that VNC has, or null where libvirt has yet to choose it. */
export function vncPort(xml: string | null): string | null {
  const graphics = elements(xml ?? '', 'graphics').find(({ type }) => type === 'vnc');
  return graphics?.port === undefined || graphics.port === '-1' ? null : graphics.port;
}

/** The attributes of every element of a name, in their order. libvirt's XML has no CDATA or comments around these. */
function elements(xml: string, name: string): Partial<Record<string, string>>[] {
  return [...xml.matchAll(new RegExp(`<${name}(?=[\\s/>])([^>]*)>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/g)].map(([, key = '', a, b]) => [
        key,
        a ?? b ?? '',
      ]),
    ),
  );
}
