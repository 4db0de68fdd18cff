import type { MetadataRecord } from './record.ts';

/** A path's content: a text, or a directory of more. */
export type Tree = string | { readonly [name: string]: Tree };

/** EC2's meta-data of a VM, as far as cloud-init and PVC's guests read it. */
export function metaData(record: MetadataRecord): Tree {
  const { instanceId, name, hostname, profile, node, localIpv4, mac, nics, publicKeys } = record;
  return {
    'instance-id': instanceId,
    name,
    ...(profile !== null && { profile }),
    hostname,
    'local-hostname': hostname,
    'local-ipv4': localIpv4,
    mac,
    placement: { 'availability-zone': node },
    network: {
      interfaces: {
        macs: Object.fromEntries(
          nics.map((nic, index) => [
            nic.mac,
            {
              'device-number': `${index}`,
              mac: nic.mac,
              'local-hostname': hostname,
              ...(nic.ip !== null && { 'local-ipv4s': nic.ip }),
            },
          ]),
        ),
      },
    },
    ...(publicKeys.length > 0 && {
      'public-keys': Object.fromEntries(publicKeys.map((key, index) => [`${index}`, { 'openssh-key': key }])),
    }),
  };
}

/** What stands at a path; undefined for nothing. */
export function at(tree: Tree, path: readonly string[]): Tree | undefined {
  let here: Tree | undefined = tree;
  for (const part of path) {
    here = typeof here === 'object' && Object.hasOwn(here, part) ? here[part] : undefined;
  }
  return here;
}

/** A directory as EC2 lists it: a name a line, a slash behind those that are directories; keys as `0=name`. */
export function listing(directory: Exclude<Tree, string>, isKeys: boolean): string {
  const line = (name: string): string => {
    if (isKeys) return `${name}=key-${name}`;
    return typeof directory[name] === 'string' ? name : `${name}/`;
  };
  return Object.keys(directory).map(line).join('\n');
}
