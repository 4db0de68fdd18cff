import { describe, expect, it } from 'vitest';
import type { NodeName } from '../../domain/ids.ts';
import { type Candidate, type Demand, memoryRoom, objection, place } from '../../domain/placement.ts';
import type { Selector } from '../../domain/vm.ts';

const node = (name: string, change: Partial<Candidate> = {}): Candidate => ({
  name: name as NodeName,
  daemonState: 'run',
  domainState: 'ready',
  cpus: 8,
  load: 1,
  memoryTotal: 16_384,
  memoryOther: 1_000,
  memoryAllocated: 4_000,
  memoryProvisioned: 6_000,
  vcpusAllocated: 10,
  vms: 5,
  filesystems: ['ext4'],
  poolFree: { vms: 10_000 },
  ...change,
});

const demand = (change: Partial<Demand> = {}): Demand => ({
  memory: 1_024,
  vcpus: 1,
  nodeLimit: null,
  selector: 'mem',
  filesystems: ['ext4'],
  pools: { vms: 1_000 },
  pinned: [],
  ...change,
});

// Each is the best by one measure and not by the others.
const NODES = [
  node('free', { memoryAllocated: 1_000, memoryProvisioned: 9_000, load: 3, vms: 9, vcpusAllocated: 20 }),
  node('promised-little', { memoryProvisioned: 4_000, load: 3, vms: 9, vcpusAllocated: 20 }),
  node('idle', { load: 0.1, vms: 9, vcpusAllocated: 20 }),
  node('empty', { vms: 1, vcpusAllocated: 20 }),
  node('few-vcpus', { vcpusAllocated: 2 }),
];

describe('place', () => {
  it.each<[Selector, string]>([
    ['mem', 'free'],
    ['memprov', 'promised-little'],
    ['vcpus', 'few-vcpus'],
    ['load', 'idle'],
    ['vms', 'empty'],
    ['none', 'free'],
  ])('%s takes %s, in whatever order the nodes come', (selector, best) => {
    expect(place(demand({ selector }), NODES)).toEqual({ node: best });
    expect(place(demand({ selector }), [...NODES].reverse())).toEqual({ node: best });
  });

  it('takes the best of those within the limit', () => {
    const nodeLimit = ['idle', 'empty'] as NodeName[];
    expect(place(demand({ nodeLimit, selector: 'load' }), NODES)).toEqual({ node: 'idle' });
    expect(place(demand({ nodeLimit: ['empty' as NodeName] }), NODES)).toEqual({ node: 'empty' });
  });

  it('takes the first by name of equals', () => {
    expect(place(demand(), [node('b'), node('a'), node('c')])).toEqual({ node: 'a' });
  });

  it('says of each node why not', () => {
    expect(place(demand(), [node('a', { daemonState: 'dead' }), node('b', { poolFree: { vms: 10 } })])).toEqual({
      refused: [
        {
          node: 'a',
          why: 'it is not heard of: slipway node does not run there, or libvirt does not answer (daemon state dead)',
        },
        { node: 'b', why: "storage pool 'vms' has 10 MiB free, 1000 wanted" },
      ],
    });
  });
});

it.each<[string, Partial<Demand>, Partial<Candidate>, string | null]>([
  ['takes what fits', {}, {}, null],
  ['takes what fits exactly', { memory: memoryRoom(node('a')) }, {}, null],
  ['refuses one MiB more', { memory: memoryRoom(node('a')) + 1 }, {}, 'MiB of memory free'],
  ['never says less than nothing is free', {}, { memoryAllocated: 99_999 }, '0 MiB of memory free'],
  ['refuses a node outside the limit', { nodeLimit: [] }, {}, 'node limit'],
  ['refuses a dead node', {}, { daemonState: 'dead' }, 'dead'],
  ['refuses a flushed node', {}, { domainState: 'flushed' }, 'flushed'],
  ['refuses too many vCPUs', { vcpus: 119 }, {}, '118 vCPUs free, 119 wanted'],
  ['takes the last vCPU', { vcpus: 118 }, {}, null],
  ['refuses a filesystem without mkfs', { filesystems: ['ext4', 'zfs'] }, {}, 'no program mkfs.zfs'],
  ['takes a pool whose space is unknown', { pools: { other: 1 } }, {}, null],
  ['refuses another node than its source', { pinned: [{ volume: 'v', node: 'b' as NodeName }] }, {}, 'is on node b'],
  ['takes the node of its source', { pinned: [{ volume: 'v', node: 'a' as NodeName }] }, {}, null],
])('objection %s', (_, asked, change, why) => {
  const said = objection(demand(asked), node('a', change));
  if (why === null) expect(said).toBeNull();
  else expect(said).toContain(why);
});
