/** What a guest may know of itself. */
export interface MetadataRecord {
  /** UUID of the VM. */
  readonly instanceId: string;
  readonly name: string;
  /** Host name with the network's domain, if it has one. */
  readonly hostname: string;
  readonly profile: string | null;
  /** Node it runs on, shown as the availability zone. */
  readonly node: string;
  /** Address and MAC it asked from. */
  readonly localIpv4: string;
  readonly mac: string;
  /** Every network device, in the order of the guest's Ethernet devices. */
  readonly nics: readonly { readonly mac: string; readonly ip: string | null }[];
  /** SSH keys for the default user: see `publicKeysOf`. */
  readonly publicKeys: readonly string[];
  /** The rendered user-data; asked for only when the guest asks. */
  readonly userData: () => string | Promise<string>;
}

/** The VM that has this IPv4 address on a managed network; null for none. One indexed query, since every boot asks often. */
export type MetadataLookup = (ip: string) => Promise<MetadataRecord | null>;

/**
 * SSH public keys among a VM's arguments (the profile's, overridden by the request's): `ssh_authorized_keys`, one key a
 * line, and `ssh_key`. Both may be given; a key stands once.
 */
export function publicKeysOf(args: Readonly<Record<string, string>>): readonly string[] {
  const lines = [args.ssh_authorized_keys, args.ssh_key].flatMap((text) => (text ?? '').split('\n'));
  return [...new Set(lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')))];
}
