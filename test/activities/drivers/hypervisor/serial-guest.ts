const SECTOR = 512;
const IMAGE_BYTES = 1024 * 1024;

/** A disk whose boot sector writes a line to the first serial port and then halts for ever, deaf to its power button. */
export function serialGuest(text: string): Buffer {
  // biome-ignore format: one instruction a line
  const code = [
    0x31, 0xc0,             //       xor  ax, ax
    0x8e, 0xd8,             //       mov  ds, ax
    0xbe, 0x1a, 0x7c,       //       mov  si, 0x7c1a
    0xba, 0xf8, 0x03,       //       mov  dx, 0x3f8
    0xac,                   // next: lodsb
    0x84, 0xc0,             //       test al, al
    0x74, 0x03,             //       jz   done
    0xee,                   //       out  dx, al
    0xeb, 0xf8,             //       jmp  next
    0xfa,                   // done: cli
    0xf4,                   //       hlt
    0xeb, 0xfd,             //       jmp  done + 1
  ];
  const sector = Buffer.alloc(SECTOR);
  Buffer.from(code).copy(sector);
  sector.write(`${text}\r\n\0`, 0x1a, 'latin1');
  sector.writeUInt16LE(0xaa55, SECTOR - 2);
  return Buffer.concat([sector, Buffer.alloc(IMAGE_BYTES - SECTOR)]);
}
