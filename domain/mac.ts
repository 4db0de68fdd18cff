import { invalid } from './fault.ts';
import type { Mac } from './ids.ts';

/** The prefix that QEMU's guests have. */
const PREFIX = '52:54:00';
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;
const HOLES = /\{([^{}]*)\}/g;

/** A guest's address from a template with {prefix}, {vmid} and {netid}, the last two one hexadecimal digit. 'invalid' if it makes none. */
export function macFromTemplate(template: string, vmId: number, netId: number): Mac {
  const values: Readonly<Record<string, string>> = {
    prefix: PREFIX,
    vmid: (vmId % 16).toString(16),
    netid: (netId % 16).toString(16),
  };
  const text = template.replace(HOLES, (hole, name: string) => values[name] ?? hole).toLowerCase();
  const first = Number.parseInt(text.slice(0, 2), 16);
  if (!MAC.test(text)) throw invalid('mac_template', `'${template}' makes '${text}', which is no MAC address.`);
  if (first & 1) throw invalid('mac_template', `'${template}' makes '${text}', which is a multicast address.`);
  return text as Mac;
}

/** A guest's address from three octets, each 0..255; kept within 0x10..0xee like PVC's. */
export function macFromOctets(octets: readonly [number, number, number]): Mac {
  const hex = octets.map((octet) => (0x10 + (octet % (0xee - 0x10 + 1))).toString(16).padStart(2, '0'));
  return [PREFIX, ...hex].join(':') as Mac;
}
