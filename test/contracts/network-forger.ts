import type { Client } from './network-lab.ts';

/** A DHCP message as no honest client sends it. */
export interface Forged {
  /** Of the DHCP message; the frame is from the sender's own device, whatever this says. */
  readonly chaddr: string;
  readonly kind: 'decline' | 'release';
  /** Address that is declined or released. */
  readonly ip: string;
  readonly server: string;
  /** MAC that the client identifier holds; none by default. */
  readonly client?: string;
  /** EtherTypes of the VLAN tags with number 0 before it, outermost first. */
  readonly tags?: readonly number[];
  /** Bytes of the first of two fragments, a multiple of 8; whole by default. */
  readonly cut?: number;
  /** How often it is sent; once by default. */
  readonly times?: number;
}

const FORGE = `
import json, socket, struct, sys
asked = json.loads(sys.argv[1])
octets = lambda text: bytes.fromhex(text.replace(':', ''))
kind = {'decline': 4, 'release': 7}[asked['kind']]
wanted, server = socket.inet_aton(asked['ip']), socket.inet_aton(asked['server'])
options = b'\\x63\\x82\\x53\\x63' + bytes([53, 1, kind, 54, 4]) + server
if kind == 4: options += bytes([50, 4]) + wanted
if 'client' in asked: options += bytes([61, 7, 1]) + octets(asked['client'])
bootp = struct.pack('!BBBBIHH4s4s4s4s16s192s', 1, 1, 6, 0, 7, 0, 0, wanted if kind == 7 else bytes(4), bytes(4), bytes(4),
                    bytes(4), octets(asked['chaddr']), b'') + options + b'\\xff'
bootp = bootp.ljust(300, b'\\0')
udp = struct.pack('!HHHH', 68, 67, 8 + len(bootp), 0) + bootp
def packet(fragment, data):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(data), 7, fragment, 64, 17, 0, bytes(4), b'\\xff' * 4)
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack('!H', ~((total & 0xffff) + (total >> 16)) & 0xffff) + head[12:] + data
cut = asked.get('cut')
packets = [packet(0, udp)] if cut is None else [packet(0x2000, udp[:cut]), packet(cut // 8, udp[cut:])]
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind(('eth0', 0))
mac = port.getsockname()[4]
tags = b''.join(struct.pack('!HH', tag, 0) for tag in asked.get('tags', []))
for _ in range(asked.get('times', 1)):
    for each in packets: port.send(b'\\xff' * 6 + mac + tags + b'\\x08\\x00' + each)
`;

/** Sends it from the machine's device. */
export const forge = async (sender: Client, message: Forged): Promise<void> => {
  await sender.run(['python3', '-c', FORGE, JSON.stringify(message)]);
};

const ROGUE = `
import socket, struct, sys
ip = socket.inet_aton(sys.argv[1])
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800))
port.bind(('eth0', 0))
mac = port.getsockname()[4]
print('ready', flush=True)
while True:
    frame = port.recv(2048)
    if frame[23] != 17 or frame[36:38] != b'\\0\\x43' or frame[42] != 1: continue
    xid, chaddr = frame[46:50], frame[70:76]
    kind = frame[frame.index(b'\\x63\\x82\\x53\\x63') + 6]
    options = b'\\x63\\x82\\x53\\x63' + bytes([53, 1, 2 if kind == 1 else 5, 54, 4]) + ip + bytes([51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 255])
    bootp = struct.pack('!BBBB4sHH4s4s4s4s6s10s192s', 2, 1, 6, 0, xid, 0, 0, bytes(4), ip, ip, bytes(4), chaddr, b'', b'') + options
    udp = struct.pack('!HHHH', 6767, 68, 8 + len(bootp), 0) + bootp
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0, ip, b'\\xff' * 4)
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xffff) + (total >> 16)
    head = head[:10] + struct.pack('!H', ~((total & 0xffff) + (total >> 16)) & 0xffff) + head[12:]
    for _ in range(5): port.send(b'\\xff' * 6 + mac + b'\\x08\\x00' + head + udp)
`;

/** Runs `body` while the machine answers all DHCP requests with this address, from a port that is no DHCP server's. */
export async function answering<T>(rogue: Client, ip: string, body: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const ready = Promise.withResolvers<void>();
  const served = rogue.run(['python3', '-c', ROGUE, ip], { signal: over.signal, line: () => ready.resolve() });
  served.catch(ready.reject);
  try {
    await ready.promise;
    return await body();
  } finally {
    over.abort();
    await served.catch(() => undefined);
  }
}

const SEND = `
import json, socket, sys
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind(('eth0', 0))
mac = port.getsockname()[4]
for rest in json.loads(sys.argv[1]): port.send(b'\\xff' * 6 + mac + bytes.fromhex(rest).ljust(46, b'\\0'))
`;

/** Sends frames to everybody; each is given from the field after its addresses on, in hexadecimal digits. */
export const send = async (sender: Client, frames: readonly string[]): Promise<void> => {
  await sender.run(['python3', '-c', SEND, JSON.stringify(frames)]);
};

const HEAR = `
import socket, sys
sender, last = (bytes.fromhex(text) for text in sys.argv[1:])
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
port.bind(('eth0', 0))
print('ready', flush=True)
while True:
    frame = port.recv(2048)
    if frame[6:12] != sender: continue
    print(frame[12:].hex(), flush=True)
    if frame[12:].startswith(last): break
`;

/** What comes to the machine of the frames that a MAC sends during `body`, up to and with the one that begins with `last`. */
export async function heard(
  witness: Client,
  { mac, last }: { readonly mac: string; readonly last: string },
  body: () => Promise<void>,
): Promise<readonly string[]> {
  const ready = Promise.withResolvers<void>();
  const listening = witness.run(['timeout', '20', 'python3', '-c', HEAR, mac.replaceAll(':', ''), last], {
    line: () => ready.resolve(),
  });
  listening.catch(ready.reject);
  await ready.promise;
  await body();
  const { stdout } = await listening;
  return stdout.trim().split('\n').slice(1);
}
