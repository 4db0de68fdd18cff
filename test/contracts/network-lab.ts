import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findDaemons } from '../../activities/drivers/network/daemons.ts';
import { type Run, run } from '../../activities/drivers/run.ts';
import type { Mac, Vni } from '../../domain/ids.ts';
import { bridgeOf, portOf } from '../../domain/network.ts';
import { missing } from './missing.ts';

/** Answers every GET with the address that it came from. */
const SERVER = `
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())
    def log_message(self, *args): pass
ThreadingHTTPServer.address_family = __import__('socket').AF_INET
server = ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
`;
const GET = `
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(sys.argv[1], timeout=3).read().decode())
`;
/** What udhcpc calls with what it was given in its environment. */
const BOUND = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route add default via "$router"
echo "bound $ip/$mask $router $dns $domain $mtu"
`;

/** A machine on a network: a namespace with one device. */
export interface Client {
  readonly run: Run;
  /** What DHCP gave it: address/prefix, router, name server, domain, MTU; null if nobody answered. */
  dhcp(): Promise<string | null>;
  /** The address that a name server knows for a name; null if it says that there is none, or nothing. */
  resolve(name: string, server: string): Promise<string | null>;
  /** Body of an HTTP answer; null if there was none. */
  get(url: string): Promise<string | null>;
}

/** Namespaces with machines in them, apart from everything on this host. */
export interface Lab {
  readonly dir: string;
  /** Runs on the lab's host. */
  readonly host: Run;
  readonly namespace: string;
  /** A machine in the network, with the port that a guest with this MAC has. */
  client(vni: Vni, mac: Mac): Promise<Client>;
  /** A machine outside of all networks, 192.0.2.2, that the host reaches from 192.0.2.1. */
  outside(): Promise<Client>;
  /** Serves HTTP there; returns the port. */
  serve(where: Pick<Client, 'run'> & { readonly namespace?: string }, address: string, port?: number): Promise<number>;
  end(): Promise<void>;
}

const inside =
  (namespace: string): Run =>
  (argv, options) =>
    run(['ip', 'netns', 'exec', namespace, ...argv], options);
const nothing = (): null => null;

export async function networkLab(): Promise<Lab> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-net-'));
  const prefix = `slw${process.pid}${dir.slice(-4)}`;
  const namespaces: string[] = [];
  const servers: ChildProcess[] = [];
  const enter = async (name: string): Promise<{ readonly namespace: string; readonly run: Run }> => {
    const namespace = `${prefix}-${name}`;
    await run(['ip', 'netns', 'add', namespace]);
    namespaces.push(namespace);
    await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
    return { namespace, run: inside(namespace) };
  };
  const script = join(dir, 'bound.sh');
  await writeFile(script, BOUND, { mode: 0o755 });
  const host = await enter('host');

  const machine = (at: { readonly namespace: string; readonly run: Run }): Client & { readonly namespace: string } => ({
    ...at,
    dhcp: () =>
      at
        .run(['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', '4', '-T', '1', '-O', 'mtu', '-s', script])
        .then(({ stdout }) => /^bound (.*)$/m.exec(stdout)?.[1]?.trim() ?? null, nothing),
    resolve: (name, server) =>
      at
        .run(['timeout', '3', 'busybox', 'nslookup', '-type=a', name, server])
        .then(({ stdout }) => /^Name:.*\nAddress:\s*(\S+)/m.exec(stdout)?.[1] ?? null, nothing),
    get: (url) => at.run(['python3', '-c', GET, url]).then(({ stdout }) => stdout.trim(), nothing),
  });

  return {
    dir,
    host: host.run,
    namespace: host.namespace,
    client: async (vni, mac) => {
      const at = await enter(`c${namespaces.length}`);
      const port = portOf(mac);
      const peer = ['peer', 'name', 'eth0', 'address', mac, 'netns', at.namespace];
      await host.run(['ip', 'link', 'add', port, 'type', 'veth', ...peer]);
      await host.run(['ip', 'link', 'set', port, 'master', bridgeOf(vni), 'up']);
      await at.run(['ip', 'link', 'set', 'eth0', 'up']);
      return machine(at);
    },
    outside: async () => {
      const at = await enter('out');
      await host.run(['ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', at.namespace]);
      await host.run(['ip', 'address', 'add', '192.0.2.1/24', 'dev', 'up0']);
      await host.run(['ip', 'link', 'set', 'up0', 'up']);
      await at.run(['ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0']);
      await at.run(['ip', 'link', 'set', 'eth0', 'up']);
      return machine(at);
    },
    serve: async (where, address, port = 0) => {
      const namespace = where.namespace ?? host.namespace;
      const argv = ['netns', 'exec', namespace, 'python3', '-c', SERVER, address, `${port}`];
      const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      servers.push(child);
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      return Number(line);
    },
    end: async () => {
      for (const child of servers) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      // Left by a test that failed: a daemon does not end with its namespace.
      for (const { pid } of await findDaemons('dnsmasq', `--conf-file=${dir}/`)) process.kill(pid, 'SIGKILL');
      for (const namespace of namespaces) await run(['ip', 'netns', 'delete', namespace]);
      await rm(dir, { recursive: true });
    },
  };
}

export const missingNetworkLab = (): string | undefined =>
  missing(['ip', 'nft', 'dnsmasq', 'sysctl', 'udhcpc', 'busybox', 'python3']);

/** Whatever there is of a network on the lab's host. */
export async function tracesOf(lab: Lab, vni: Vni): Promise<readonly string[]> {
  const own = join(lab.dir, 'networks', `${vni}`);
  const links = JSON.parse((await lab.host(['ip', '-json', 'link', 'show'])).stdout) as { ifname: string }[];
  const tables = (await lab.host(['nft', 'list', 'tables'])).stdout.split('\n');
  const daemons = await findDaemons('dnsmasq', `--conf-file=${own}/`);
  return [
    ...links.map(({ ifname }) => ifname).filter((name) => name === bridgeOf(vni) || name === `vlan${vni}`),
    ...tables.filter((line) => line.endsWith(` slipway_${vni}`)),
    ...daemons.map(({ pid }) => `dnsmasq ${pid}`),
    ...(await readdir(own).catch(() => [])).sort(),
  ];
}
