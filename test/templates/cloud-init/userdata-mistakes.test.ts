import { expect, it } from 'vitest';
import { DomainError } from '../../../domain/fault.ts';
import type { Guest } from '../../../domain/guest.ts';
import type { Mac, NodeName, VmId, Vni } from '../../../domain/ids.ts';
import { renderUserdata } from '../../../templates/cloud-init/userdata.ts';
import { tryUserdata } from '../../../templates/cloud-init/userdata-mistakes.ts';

const mistakes = (userdata: string) => tryUserdata(guest(userdata)).mistakes.map(({ why }) => why);
const guest = (userdata: string): Guest => ({
  id: '00000000-0000-4000-8000-000000000000' as VmId,
  name: 'web1',
  node: 'n1' as NodeName,
  profile: 'web',
  args: { given: 'x', empty: '' },
  userdata,
  nics: [],
});

it('gives the text when every hole is filled', () => {
  expect(tryUserdata(guest('a: {{vm.name}}\n'))).toEqual({ text: 'a: web1\n', mistakes: [] });
  expect(tryUserdata(guest('## template: jinja\n{{ v1.region'))).toMatchObject({ mistakes: [] });
});

it('names every hole that nothing fills, in blocks and helpers, each at its line', () => {
  const text = [
    '{{vm.nmae}} {{vm.name}}',
    '{{json vm.nmae}} {{nohelp vm.name}}',
    '{{#if given}}{{else}}{{args.a}}{{/if}}',
    '{{#if (json args.b)}}{{vm.c}}{{else}}{{vm.d}}{{/if}}',
    '{{#each netwroks}}{{mac}}{{/each}}',
    '{{#with args}}{{given}}{{e}}{{/with}}',
    '{{vm.nmae}}',
  ].join('\n');
  expect(tryUserdata(guest(text)).text).toBeNull();
  expect(mistakes(text)).toEqual([
    "there is no helper 'nohelp' (line 2, column 17).",
    "there is no value for 'vm.nmae' (line 1, column 2).",
    "there is no value for 'vm.nmae' (line 2, column 7).",
    "there is no value for 'args.a' (line 3, column 23).",
    "there is no value for 'args.b' (line 4, column 12).",
    "there is no value for 'vm.c' (line 4, column 23).",
    "there is no value for 'vm.d' (line 4, column 39).",
    "there is no value for 'netwroks' (line 5, column 8).",
    "there is no value for 'e' (line 6, column 25).",
    "there is no value for 'vm.nmae' (line 7, column 2).",
  ]);
});

const NO_TEXT = 'a hole has a list or an object for a value, and no text: write it with json, or name a part of it.';

it.each([
  ['\n{{vm.name', 'what begins with {{ is not written as a hole or block (line 2).'],
  ['{{vm.name}', 'what begins with {{ is not written as a hole or block (line 1).'],
  ['a\n{{vm name=}}', 'what begins with {{ is not written as a hole or block (line 2).'],
  ['{{}}', 'what begins with {{ is not written as a hole or block (line 1).'],
  ['a\n{{#if vm.name}}b\n{{#each networks}}\n{{/each}}\n', 'the block {{#if}} of line 2 does not end.'],
  ['a\n{{#if vm.name}}{{/each}}', 'the block {{#if}} of line 2 is ended by {{/each}}.'],
  ['a\n{{/if}}', 'a {{/…}} ends no block (line 2).'],
  ['a\n{{else}}', 'an {{else}} belongs to no block, or to one that has its own (line 2).'],
  ['{{!-- open', 'a comment or raw block does not end (line 1).'],
  ['{{../vm/../x}}', "'../vm/..' is no path to a value (line 1)."],
  ['{{vm..name}}', "there is no helper 'vm' (line 1, column 0)."],
  ['{{lookup vm}}', 'a helper is not given what it takes.'],
  ['{{lookup args "some" "default"}}', 'a helper is not given what it takes.'],
  ['{{#if}}{{/if}}', '#if requires exactly one argument.'],
  ['a\n{{> part}}', 'there are no partials (line 2).'],
  ['{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}', 'there are no partials (line 1).'],
  ['{{#> part}}{{/part}}', 'there are no partials (line 1).'],
  ['{{* decorator}}', 'there are no partials (line 1).'],
  ['{{args}}', NO_TEXT],
  ['{{#with vm}}{{.}}{{/with}}', NO_TEXT],
  ['a\n{{#lookup args "nope"}}x{{/lookup}}', 'there is no value for \'lookup args "nope"\' (line 2, column 3).'],
  ['{{..}}', 'there is no value for what a helper is asked to use.'],
])('says in plain words what is wrong with %j', (text, words) => {
  expect(mistakes(text)).toEqual([words]);
});

it('names what is asked of what a block has named, and has no value', () => {
  const text = [
    '{{#with args as |x|}}{{x.given}}{{x.gvien}}{{this.given}}{{./given}}',
    '{{#with @root.vm as |y|}}{{x.empty}}{{x.a.b}}{{y.constructor}}{{/with}}{{/with}}',
    '{{#each args as |vm key|}}{{vm}}{{key}}{{vm.name}}{{@root.vm.name}}{{../vm.name}}{{/each}}',
    '{{#with vm as |x|}}{{#if x.none}}{{else}}{{x.name}}{{/if}}{{#x.none}}{{/x.none}}{{#x.name}}{{.}}{{/x.name}}{{/with}}',
    '{{x.name}}',
  ].join('\n');
  expect(mistakes(text)).toEqual([
    "there is no value for 'x.gvien' (line 1, column 34).",
    "there is no value for 'x.a.b' (line 2, column 38).",
    "there is no value for 'y.constructor' (line 2, column 47).",
    "there is no value for 'vm.name' (line 3, column 41).",
    "there is no value for 'x.none' (line 4, column 61).",
    "there is no value for 'x.name' (line 5, column 2).",
  ]);
});

const TOO_MUCH = ['it takes more than 100000 holes, helpers and rounds of loops, or more than 10000000 characters.'];
const nested = (times: number, inner: string, block = 'each @root.args'): string =>
  `${`{{#${block}}}`.repeat(times)}${inner}${`{{/${block.split(' ')[0]}}}`.repeat(times)}`;
const NIC: Guest['nics'][number] = {
  ...{ vni: 100 as Vni, mac: '52:54:00:12:34:56' as Mac, ip: '10.1.0.10', network: '10.1.0.0/24', gateway: null },
  ...{ dhcp: true, nameServers: [], domain: null, mtu: null },
};
const MB = 'x'.repeat(1_000_000);

it.each([
  ['rounds', nested(17, '')],
  ['sections', nested(17, '', '@root.networks')],
  ['text in loops', nested(2, MB + MB + MB)],
  ['holes', nested(7, '{{@root.vm.name}}'.repeat(1_500))],
  ['conditions', nested(9, '{{#if @first}}{{/if}}{{#unless @last}}{{/unless}}'.repeat(300))],
  ['lookups', nested(9, '{{#if (lookup @root.args "given")}}{{/if}}'.repeat(200))],
  ['JSON', `{{#each args}}{{#each @root.args}}{{#if (json @root.args)}}{{/if}}{{/each}}{{/each}}`],
  ['values', '{{args.given}}'.repeat(20)],
])('refuses a text that takes too much: %s', (what, text) => {
  const args = what === 'values' || what === 'JSON' ? { given: MB, empty: '', third: MB } : { given: 'x', empty: '' };
  expect(tryUserdata({ ...guest(text), args, nics: [NIC, NIC] }).mistakes.map(({ why }) => why)).toEqual(TOO_MUCH);
});

it('takes each text anew, and counts what blocks hold once', () => {
  for (let times = 0; times < 3; times += 1) expect(mistakes(nested(2, MB))).toEqual([]);
  expect(mistakes(nested(5, MB + MB + MB, 'with @root.args'))).toEqual([]);
});

it.each([
  ['holes', '{{vm.name}}'.repeat(2_001), 'it has more than 2000 holes and blocks.'],
  ['blocks', nested(251, '', 'if vm.name'), 'it is nested too deeply (line 1).'],
  ['more blocks', nested(400, '', 'if vm.name'), 'it is nested too deeply (line 1).'],
  ['conditions', `{{#if vm.name}}${'{{else if vm.name}}'.repeat(500)}{{/if}}`, /^it is nested too deeply/],
  ['helpers', `{{${'json ('.repeat(600)}json vm${')'.repeat(600)}}}`, 'it is nested too deeply (line 1).'],
  ['values', `a\n{{json ${'1 '.repeat(21)}}}`, 'a helper is handed more than 20 values (line 2).'],
  [
    'values by name',
    `{{#if (json 1 ${'a=1 '.repeat(20)})}}{{/if}}`,
    'a helper is handed more than 20 values (line 1).',
  ],
  ['names', '\n{{#each args as |a b c|}}{{/each}}', 'a block has more than 2 names for what it holds (line 2).'],
  [
    'open blocks',
    '\n'.repeat(20_000) + '{{#if vm.name}}'.repeat(1_000),
    /^the block \{\{#if\}\} of line 20001 does not end/,
  ],
])('refuses too many, or too deeply nested, %s', (_, text, why) => {
  expect(mistakes(text)).toEqual([typeof why === 'string' ? why : expect.stringMatching(why)]);
  expect(() => renderUserdata(guest(text))).toThrow(DomainError);
});

it.each([
  ['unending helpers', `{{json ${'(json '.repeat(8_000)}1${')'.repeat(8_000)}}}`],
  ['one hole, most of it behind a brace in a string', `{{json "}" ${'a=1 '.repeat(400_000)}}}`],
  ['comments', `{{!-- ${'x'.repeat(2_000)}--}}`.repeat(1_990)],
])('refuses what takes the parser minutes after a second: %s', (_, text) => {
  const why = 'it takes too long to be filled: longer than 1000 ms.';
  expect(mistakes(text)).toEqual([why]);
  expect(() => renderUserdata(guest(text))).toThrow(why);
  expect(renderUserdata(guest('{{vm.name}}'))).toBe('web1');
});

it('has room for many', () => {
  expect(mistakes('{{vm.name}}'.repeat(2_000))).toEqual([]);
  expect(mistakes(nested(200, 'x', 'if vm.name'))).toEqual([]);
  expect(mistakes(`{{#if args.empty}}${'{{else if args.empty}}b'.repeat(200)}{{/if}}`)).toEqual([]);
  expect(mistakes(`{{!-- ${'a comment '.repeat(20_000)} --}}{{! ${'a comment '.repeat(20_000)}}}`)).toEqual([]);
});

it('names the first fifty holes', () => {
  const text = Array.from({ length: 60 }, (_, index) => `{{args.n${index}}}`).join('\n');
  expect(mistakes(text)).toHaveLength(50);
});
