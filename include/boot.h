/*
 * What the boot loader told us, copied out of its memory before any frame is
 * handed out, checked and made regular: kernel/boot.c fills it.
 */
#ifndef LOFT_BOOT_H
#define LOFT_BOOT_H

#include <types.h>

#define BOOT_RANGES_MAX 64
#define BOOT_MODULES_MAX 8
#define BOOT_CMDLINE_MAX 2048

/*
 * [start, end): bytes; end of 0 is never stored (memory at and above 4 GB is cut to the last
 * page below).
 */
struct boot_range {
	paddr_t start;
	paddr_t end;
};

enum framebuffer_kind { FRAMEBUFFER_NONE, FRAMEBUFFER_TEXT, FRAMEBUFFER_RGB };

struct framebuffer_info {
	enum framebuffer_kind kind;
	paddr_t paddr;
	uint32_t pitch;		/* bytes from one row to the next */
	uint32_t width, height; /* pixels; characters when text */
	uint8_t bits_per_pixel;
	uint8_t red_at, red_bits, green_at, green_bits, blue_at, blue_bits;
};

struct boot_info {
	/* Usable RAM: sorted, disjoint, not touching, whole pages. */
	struct boot_range ram[BOOT_RANGES_MAX];
	unsigned nram;
	/*
	 * In use while booting, given back later: modules and the loader's part. Sorted by
	 * nothing.
	 */
	struct boot_range boot[BOOT_RANGES_MAX];
	unsigned nboot;
	/* RAM never to be used: firmware data at 0, frame buffer inside RAM. */
	struct boot_range reserved[BOOT_RANGES_MAX];
	unsigned nreserved;
	struct boot_range modules[BOOT_MODULES_MAX]; /* exact byte ranges; also covered by boot[] */
	unsigned nmodules;
	struct framebuffer_info framebuffer;
	char cmdline[BOOT_CMDLINE_MAX];
	char loader[64];	   /* its name, "" if unknown */
	uint64_t ignored_above_4g; /* bytes of RAM that we cannot address */
};

extern struct boot_info boot_info;

/*
 * Reads the Multiboot information at physical address `info` (Multiboot 0.6.96, 3.3), with all
 * that it points to in the loader's mapping. Panics, saying why, when magic is wrong, there is
 * no memory map and no usable mem_upper, or no RAM above 1 MB. A module that lies outside RAM
 * is dropped with a message.
 */
void boot_read(uint32_t magic, paddr_t info);

/*
 * C entry; never returns. Called by boot/loader.asm on the boot stack, identity map already
 * gone.
 */
__noreturn void kernel_main(uint32_t magic, paddr_t info);

#endif
