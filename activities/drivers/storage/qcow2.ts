import { open } from 'node:fs/promises';
import { internal } from '../../../domain/fault.ts';

export interface Qcow2Header {
  /** Bytes of the disk that a guest sees. */
  readonly size: number;
  /** Backing file as written in the header; null for a disk of its own. */
  readonly backing: string | null;
}

const MAGIC = 0x514649fb; // "QFI" and 0xfb
/** The format's limit for the name of a backing file. */
const NAME_MAX = 1023;

/** Reads a qcow2 file's header; about a hundred times faster than asking qemu-img, and takes no lock. */
export async function qcow2Header(path: string): Promise<Qcow2Header> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(32);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < head.length || head.readUInt32BE(0) !== MAGIC) throw internal(`'${path}' is no qcow2 file.`);
    const length = head.readUInt32BE(16);
    if (length > NAME_MAX) throw internal(`'${path}' names a backing file of ${length} bytes.`);
    const name = Buffer.alloc(length);
    await file.read(name, 0, length, Number(head.readBigUInt64BE(8)));
    return { size: Number(head.readBigUInt64BE(24)), backing: length > 0 ? name.toString() : null };
  } finally {
    await file.close();
  }
}
