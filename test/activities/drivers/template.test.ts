import { expect, it } from 'vitest';
import { template, type Values } from '../../../activities/drivers/template.ts';

const rules = template('network/rules.nft', 'line');
const XML = template('libvirt/domain.xml', 'xml');
const VALUES: Values = {
  vni: 1,
  bridge: 'vmbr1',
  network: '10.0.0.0/24',
  metadata: null,
  nat: null,
  taken: [],
  ports: [],
  addresses: [],
  metadataGuests: [],
};

it('fills every hole', () => {
  expect(rules(VALUES)).not.toContain('{{');
});

it.each(Object.keys(VALUES))('throws for a hole without a value: %s', (hole) => {
  const { [hole]: _, ...rest } = VALUES;
  expect(() => rules(rest)).toThrow(`bug: network/rules.nft has the hole '${hole}' and no value for it`);
});

it.each<[string, Values, string]>([
  ['a value without a hole', { ...VALUES, spare: 1 }, 'has no hole for: spare'],
  ['a hole of an inner block without a value', { ...VALUES, nat: { bridge: 'vmbr1' } }, "#nat has the hole 'network'"],
  [
    'a value that an item has no hole for',
    { ...VALUES, taken: [{ vni: 1, ip: '::', x: 1 }] },
    '#taken has no hole for: x',
  ],
  ['a list where one is wanted', { ...VALUES, nat: [] }, "'with' does not fit"],
  ['a text where a list is wanted', { ...VALUES, taken: 'x' }, "'each' does not fit"],
  ['a list where a text is wanted', { ...VALUES, bridge: [] }, "the value of 'bridge' is no text"],
])('throws for %s', (_, values, message) => {
  expect(() => rules(values)).toThrow(message);
});

it('does not take values from a prototype', () => {
  const { vni: _, ...rest } = VALUES;
  expect(() => rules(Object.assign(Object.create({ vni: 1 }), rest))).toThrow("hole 'vni'");
});

it.each(['a\nb', 'a\rb', 'a\u0000b', 'a\u0085b'])('keeps a line a line: %j', (text) => {
  expect(() => rules({ ...VALUES, bridge: text })).toThrow(/holds a line break/);
});

it('reads a file of templates/ only when it is used', () => {
  expect(() => template('libvirt/nothing.xml', 'xml')).not.toThrow();
  expect(() => XML({})).toThrow("bug: libvirt/domain.xml has the hole 'type'");
});
