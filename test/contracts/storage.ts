import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StorageDriver } from '../../activities/drivers/storage/driver.ts';
import { DomainError } from '../../domain/fault.ts';
import type { VolumeId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';

export interface Pool {
  readonly driver: StorageDriver;
  /** Leaves what an attempt that was killed half-way leaves. */
  halfMake(volume: VolumeId): Promise<void>;
  close(): Promise<void>;
}

const id = (name: string): VolumeId => name as VolumeId;
const [base, a, b] = [id('base-1_sda'), id('web1_sda-0a1b2c3d'), id('web2_sda-4e5f6a7b')];

/** What every storage backend promises. */
export function storageContract(name: string, open: () => Promise<Pool>): void {
  describe(`storage contract: ${name}`, () => {
    let pool: Pool;
    let driver: StorageDriver;
    const names = async (): Promise<readonly string[]> => (await driver.list()).map((v) => v.volume).sort();
    const refused = async (work: Promise<unknown>, kind: string): Promise<void> => {
      const error = await work.then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(DomainError);
      expect((error as DomainError).fault.kind).toBe(kind);
    };

    beforeEach(async () => {
      pool = await open();
      driver = pool.driver;
    });
    afterEach(() => pool.close());

    it('makes a volume once, however often it is asked', async () => {
      await Promise.all([driver.ensure(a, mib(64)), driver.ensure(a, mib(64))]);
      await driver.ensure(a, mib(64));
      expect(await driver.list()).toEqual([{ volume: a, size: 64 }]);
    });

    it('makes a volume that keeps snapshots where that is wished, and calls no other one so', async () => {
      const wish = { snapshots: true };
      await driver.ensure(a, mib(64), wish);
      await driver.ensure(a, mib(64), wish);
      expect(await driver.locate(a)).toMatchObject({ format: 'qcow2' });
      expect(await driver.list()).toEqual([{ volume: a, size: 64 }]);
      await driver.ensure(b, mib(64));
      expect(await driver.locate(b)).toMatchObject({ format: 'raw' });
      await refused(driver.ensure(b, mib(64), wish), 'conflict');
      await driver.remove(a);
      expect(await names()).toEqual([b]);
    });

    it('refuses another size', async () => {
      await driver.ensure(a, mib(64));
      await refused(driver.ensure(a, mib(65)), 'conflict');
      expect(await driver.list()).toEqual([{ volume: a, size: 64 }]);
    });

    it('clones, also a clone, and grows', async () => {
      await driver.ensure(base, mib(64));
      await driver.clone(base, a, mib(64));
      await driver.clone(base, a, mib(64));
      await driver.clone(a, b, mib(128));
      expect((await driver.list()).find((v) => v.volume === b)?.size).toBe(128);
      expect((await driver.list()).find((v) => v.volume === a)?.size).toBe(64);
    });

    it('never makes a clone smaller than its source', async () => {
      await driver.ensure(base, mib(64));
      await driver.clone(base, a, mib(32));
      await driver.clone(base, a, mib(32));
      expect((await driver.list()).find((v) => v.volume === a)?.size).toBe(64);
    });

    it('says which source is missing', () => refused(driver.clone(base, a, mib(64)), 'not-found'));

    it('refuses to call a volume a clone of another source', async () => {
      await driver.ensure(base, mib(64));
      await driver.ensure(a, mib(64));
      await refused(driver.clone(base, a, mib(64)), 'conflict');
    });

    it('removes, and removing again is success', async () => {
      await driver.ensure(a, mib(64));
      await driver.remove(a);
      await driver.remove(a);
      expect(await names()).toEqual([]);
      await refused(driver.locate(a), 'not-found');
    });

    it('keeps what clones depend on', async () => {
      await driver.ensure(base, mib(64));
      await driver.clone(base, a, mib(64));
      await refused(driver.remove(base), 'conflict');
      expect(await names()).toEqual([base, a]);
      await driver.remove(a);
      await driver.remove(base);
      expect(await names()).toEqual([]);
    });

    it('lists a half-made volume, finishes it, and removes it', async () => {
      await pool.halfMake(a);
      expect(await names()).toEqual([a]);
      await refused(driver.locate(a), 'not-found');
      await driver.ensure(a, mib(64));
      expect(await driver.list()).toEqual([{ volume: a, size: 64 }]);
      await pool.halfMake(b);
      await driver.remove(b);
      expect(await names()).toEqual([a]);
    });

    it.each(['../x', 'a/b', '.hidden', '', 'a~b', 'x'.repeat(300)])('refuses the name %j', async (name) => {
      await refused(driver.ensure(id(name), mib(1)), 'invalid');
      await refused(driver.remove(id(name)), 'invalid');
      await refused(driver.locate(id(name)), 'invalid');
    });

    it('knows its room', async () => {
      const { total, free } = await driver.capacity();
      expect(total).toBeGreaterThan(0);
      expect(free).toBeLessThanOrEqual(total);
    });
  });
}
