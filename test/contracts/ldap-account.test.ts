import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Services } from '../../api/core/services.ts';
import { parseConfig } from '../../cli/config/load.ts';
import { openAccounts } from '../../cli/process/accounts.ts';
import type { Settings } from '../../cli/process/settings.ts';
import { type Cluster, cluster, coreOver } from '../api/core/cluster.ts';
import { BASE, type LabDirectory, labDirectory, SERVICE } from './directory.ts';
import { absentOf } from './missing.ts';

const skip = absentOf(['slapd', 'openssl']);

describe.skipIf(skip)(`accounts in slapd, from the configuration on${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let lab: LabDirectory;
  let c: Cluster;
  let dir: string;
  let lines: string[];
  beforeEach(async () => {
    lab = await labDirectory();
    c = await cluster();
    dir = mkdtempSync(join(tmpdir(), 'slipway-ca-'));
    lines = [];
  });
  afterEach(async () => {
    await c.close();
    await lab.close();
    rmSync(dir, { recursive: true });
  });

  function configured(ca: string): Services['accounts'] {
    const ca_file = join(dir, 'ca.pem');
    writeFileSync(ca_file, ca);
    const ldap = {
      ...{ host: '127.0.0.1', port: lab.port, ca_file, base: BASE, user_object: ['mail', 'uid'] },
      ...{ bind_dn: SERVICE.dn, bind_password: SERVICE.password },
    };
    const config = parseConfig('slipway.yaml', stringify({ accounts: { provider: 'ldap', ldap, admins: ['boss'] } }));
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const store = openAccounts({ config, debug: false, log } as unknown as Settings, c.store);
    return coreOver(c.store, c.jobs, log, {}, { store, admins: config.accounts.admins }).accounts;
  }
  const from = { address: '10.0.0.1', signal: new AbortController().signal };

  it('lets people in and gives them tokens', async () => {
    const accounts = configured(lab.ca);
    const boss = await accounts.login('Boss', 'boss-secret', from);
    expect(boss).toEqual({ account: 'boss', tenant: 'default', role: 'admin' });
    const jdoe = await accounts.login('JDoe', 'jdoe-secret', from);
    expect(jdoe).toEqual({ account: 'jdoe', tenant: 'default', role: 'user' });
    const token = await accounts.issue(jdoe!);
    expect(await accounts.ownTokens(jdoe!)).toMatchObject([{ token, lastUsedAt: null }]);
    expect(await accounts.login('jdoe', 'wrong-secret', from)).toBeNull();
    // The token stays a key while nobody can be asked about its owner.
    await lab.stop();
    await expect(accounts.login('jdoe', 'jdoe-secret', from)).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(await accounts.principalOf(token)).toMatchObject({ user: 'jdoe', principal: jdoe });
    expect(lines.join('')).toMatch(/"user":"jdoe","address":"10.0.0.1","msg":"login failed"/);
    expect(lines.join('')).toMatch(/ECONNREFUSED.*a login could not be decided/);
    expect(lines.join('')).not.toContain('secret');
  });

  it('asks nobody whom the authority named does not vouch for', async () => {
    const asked = configured(lab.otherCa).login('jdoe', 'jdoe-secret', from);
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(lines.join('')).toMatch(/certificate/);
    expect(lines.join('')).not.toContain('secret');
  });
});
