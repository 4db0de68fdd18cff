import { type MetadataLookup, publicKeysOf } from '../../api/metadata/record.ts';
import { hostNameOn } from '../../domain/guest.ts';
import { findGuestByAddress } from '../../store/guest.ts';
import type { Store } from '../../store/open.ts';
import { renderUserdata } from '../../templates/cloud-init/userdata.ts';

/** Guests as the metadata service shows them: one indexed query, and user-data rendered only when asked for. */
export const guestRecords =
  (store: Store): MetadataLookup =>
  async (ip) => {
    const guest = await findGuestByAddress(store.read, ip);
    const own = guest?.nics.find((nic) => nic.ip === ip);
    if (!guest || !own) return null;
    return {
      instanceId: guest.id,
      name: guest.name,
      hostname: hostNameOn(guest, own),
      profile: guest.profile,
      node: guest.node,
      localIpv4: ip,
      mac: own.mac,
      nics: guest.nics.map(({ mac, ip: address }) => ({ mac, ip: address })),
      publicKeys: publicKeysOf(guest.args),
      userData: () => renderUserdata(guest),
    };
  };
