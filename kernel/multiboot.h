/*
 * What a Multiboot loader leaves for us: Multiboot Specification 0.6.96, sections 3.3 and 3.4.
 */
#ifndef LOFT_KERNEL_MULTIBOOT_H
#define LOFT_KERNEL_MULTIBOOT_H

#include <types.h>

#define MULTIBOOT_MAGIC 0x2badb002u

/* Which fields are there. */
#define MULTIBOOT_HAS_MEMORY (1u << 0)
#define MULTIBOOT_HAS_CMDLINE (1u << 2)
#define MULTIBOOT_HAS_MODULES (1u << 3)
#define MULTIBOOT_HAS_MAP (1u << 6)
#define MULTIBOOT_HAS_LOADER (1u << 9)
#define MULTIBOOT_HAS_FRAMEBUFFER (1u << 12)

struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KB from 0, and from 1 MB up to the first hole */
	uint32_t boot_device;
	paddr_t cmdline;
	uint32_t modules_count;
	paddr_t modules;
	uint32_t symbols[4];
	uint32_t map_size; /* bytes */
	paddr_t map;
	uint32_t drives_size;
	paddr_t drives;
	paddr_t config_table;
	paddr_t loader; /* its name */
	paddr_t apm_table;
	uint32_t vbe[4];
	uint32_t framebuffer_low, framebuffer_high;
	uint32_t framebuffer_pitch;
	uint32_t framebuffer_width, framebuffer_height;
	uint8_t framebuffer_bits; /* per pixel */
	uint8_t framebuffer_type;
	/*
	 * Position and size of red, green and blue, six bytes: from the first on as the
	 * specification has it (offset 110), from the third on as GRUB 2 lays it out, whose
	 * compiler aligned the union they are in.
	 */
	uint8_t colours[8];
};
_Static_assert(offsetof(struct multiboot_info, framebuffer_low) == 88,
	       "as the specification has it");

enum multiboot_framebuffer { MULTIBOOT_PALETTE, MULTIBOOT_RGB, MULTIBOOT_TEXT };

struct multiboot_module {
	paddr_t start, end;
	paddr_t string;
	uint32_t reserved;
};

/* An entry of the map is size + 4 bytes long; size itself does not count. */
struct multiboot_range {
	uint32_t size;
	uint32_t start_low, start_high;
	uint32_t length_low, length_high;
	uint32_t type;
};

#define MULTIBOOT_RANGE_SIZE_MIN 20
#define MULTIBOOT_RAM 1

#endif
