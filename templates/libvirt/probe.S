# A guest of one disk sector that works as an operating system does: real mode, long mode with paging, CPUID, page-table
# switches, copying of memory, arithmetic. Then it ends QEMU through the isa-debug-exit device at 0xf4 (exit status 33).
# What only interprets a guest's instructions, or runs firmware alone, does not get there in the time given.
#
# Its 512 bytes stand in activities/drivers/hypervisor/accel.ts; a test assembles this file and compares:
#   as -o probe.o probe.S && ld -Ttext 0x7c00 --oformat binary -o probe.bin probe.o
.code16
.global _start
_start:
  cli
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x7c00, %sp
  # Page tables at 0x1000, 0x2000, 0x3000: the first 128 MiB as they are, in pages of 2 MiB.
  mov $0x1000, %edi
  mov %edi, %cr3
  xor %eax, %eax
  mov $3072, %ecx
  addr32 rep stosl
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  mov $0x3000, %edi
  mov $0x83, %eax
  mov $64, %ecx
1: mov %eax, (%edi)
  add $0x200000, %eax
  add $8, %edi
  loop 1b
  lgdt gdtr
  mov %cr4, %eax
  or $0x20, %eax
  mov %eax, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80000001, %eax
  mov %eax, %cr0
  ljmp $8, $long
.code64
long:
  mov $10000, %ebp
2: xor %eax, %eax
  cpuid
  mov %cr3, %rax
  mov %rax, %cr3
  dec %ebp
  jnz 2b
  # 16 MiB from 16 MiB to 64 MiB.
  mov $0x1000000, %esi
  mov $0x4000000, %edi
  mov $0x200000, %ecx
  rep movsq
  mov $200000000, %ecx
3: dec %ecx
  jnz 3b
  mov $0xf4, %dx
  mov $16, %al
  out %al, %dx
4: hlt
  jmp 4b
.balign 8
gdt: .quad 0
  .quad 0x00209a0000000000
gdtr: .word 15
  .long gdt
.org 510
.word 0xaa55
