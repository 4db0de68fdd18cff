const SECTOR = 512;
const IMAGE_BYTES = 1024 * 1024;

/** A disk whose boot sector counts in its register for ever: a line of four hexadecimal digits on the first serial port, about five a second. */
export function countingGuest(): Buffer {
  // biome-ignore format: one instruction a line
  const code = [
    0x31, 0xc0,             //        xor  ax, ax
    0x8e, 0xd8,             //        mov  ds, ax
    0x31, 0xdb,             //        xor  bx, bx
    0xb9, 0x04, 0x00,       // line:  mov  cx, 4
    0xc1, 0xc3, 0x04,       // digit: rol  bx, 4
    0x88, 0xd8,             //        mov  al, bl
    0x24, 0x0f,             //        and  al, 0xf
    0x04, 0x30,             //        add  al, '0'
    0x3c, 0x39,             //        cmp  al, '9'
    0x76, 0x02,             //        jbe  out
    0x04, 0x07,             //        add  al, 'A' - '9' - 1
    0xba, 0xf8, 0x03,       // out:   mov  dx, 0x3f8
    0xee,                   //        out  dx, al
    0xe2, 0xeb,             //        loop digit
    0xb0, 0x0d,             //        mov  al, '\r'
    0xee,                   //        out  dx, al
    0xb0, 0x0a,             //        mov  al, '\n'
    0xee,                   //        out  dx, al
    0x43,                   //        inc  bx
    0xb9, 0x04, 0x00,       //        mov  cx, 4
    0xfb,                   // tick:  sti
    0xf4,                   //        hlt
    0xe2, 0xfc,             //        loop tick
    0xeb, 0xd8,             //        jmp  line
  ];
  const sector = Buffer.alloc(SECTOR);
  Buffer.from(code).copy(sector);
  sector.writeUInt16LE(0xaa55, SECTOR - 2);
  return Buffer.concat([sector, Buffer.alloc(IMAGE_BYTES - SECTOR)]);
}

/** What such a guest has written: whole lines only. */
export const countsIn = (console: string): readonly number[] =>
  [...console.matchAll(/^([0-9A-F]{4})\r?\n/gm)].map(([, digits = '']) => Number.parseInt(digits, 16));
