/*
 * Reads what the boot loader left and makes it regular: boot_info.
 *
 * Nothing in the loader's memory is trusted further than it must be: each field counts only
 * when its flag is set, an address only when the loader's mapping reaches it (boot/loader.asm
 * maps as far as the block, its strings, lists and modules go, up to LOWMEM_MAX), and a range
 * of RAM only where no entry of the map says otherwise: of overlapping entries, the one that is
 * not RAM wins.
 */
#include <boot.h>

#include <assert.h>
#include <cmdline.h>
#include <layout.h>
#include <log.h>
#include <panic.h>
#include <string.h>

#include "bootmap.h"
#include "multiboot.h"

#define HIGH_MEMORY 0x100000u /* what is below 1 MB and not conventional memory: */
#define VIDEO_MEMORY 0xa0000u /* is never RAM on a PC */

struct boot_info boot_info;

static struct bootmap ram __init_data;

/* What the loader's mapping shows at paddr, or NULL when it cannot reach that far. */
static __init_text const void *loader_memory(paddr_t paddr, uint32_t size)
{
	if (paddr >= LOWMEM_MAX || size > LOWMEM_MAX - paddr)
		return NULL;
	return paddr_to_virt(paddr);
}

static __init_text void copy_string(const char *what, paddr_t from, char *to, size_t size)
{
	const char *string = loader_memory(from, size);

	to[0] = '\0';
	if (!string)
		log_warning("boot: the %s lies out of reach at %08x", what, from);
	else if (strnlen(string, size) == size)
		log_warning("boot: the %s is longer than %u bytes and was cut", what,
			    (unsigned)size - 1);
	if (string) {
		memcpy(to, string, strnlen(string, size - 1));
		to[strnlen(string, size - 1)] = '\0';
	}
}

static __init_text void read_cmdline(const struct multiboot_info *info)
{
	if (info->flags & MULTIBOOT_HAS_CMDLINE)
		copy_string("command line", info->cmdline, boot_info.cmdline,
			    sizeof(boot_info.cmdline));
	const char *own = cmdline_skip_kernel(boot_info.cmdline);

	memmove(boot_info.cmdline, own, strlen(own) + 1);
	if (info->flags & MULTIBOOT_HAS_LOADER)
		copy_string("loader's name", info->loader, boot_info.loader,
			    sizeof(boot_info.loader));
}

/* ---- memory */

static __init_text void change_ram(bool add, uint64_t start, uint64_t size)
{
	bool done = add ? bootmap_add(&ram, start, size) : bootmap_remove(&ram, start, size);

	if (!done)
		log_warning("boot: more than %u ranges of memory: the one at %llx is left out",
			    BOOT_RANGES_MAX, start);
}

/* Goes through the map once for what is RAM (add), once for what is not. */
static __init_text void read_map(const uint8_t *map, uint32_t map_size, bool add)
{
	uint32_t at = 0;

	while (map_size - at >= sizeof(struct multiboot_range)) {
		struct multiboot_range range;

		memcpy(&range, map + at, sizeof(range));
		if (range.size < MULTIBOOT_RANGE_SIZE_MIN || range.size > map_size - at - 4) {
			log_warning("boot: entry of %u bytes ends the memory map early",
				    range.size);
			return;
		}
		if ((range.type == MULTIBOOT_RAM) == add)
			change_ram(add, (uint64_t)range.start_high << 32 | range.start_low,
				   (uint64_t)range.length_high << 32 | range.length_low);
		at += range.size + 4;
	}
}

/* True when there is a memory map. */
static __init_text bool use_map(const struct multiboot_info *info)
{
	const uint8_t *map;

	if (!(info->flags & MULTIBOOT_HAS_MAP) || info->map_size == 0)
		return false;
	map = loader_memory(info->map, info->map_size);
	if (!map) {
		log_warning("boot: the memory map lies out of reach at %08x", info->map);
		return false;
	}
	read_map(map, info->map_size, true);
	read_map(map, info->map_size, false);
	return true;
}

static __init_text void use_sizes(const struct multiboot_info *info)
{
	if (!(info->flags & MULTIBOOT_HAS_MEMORY) || info->mem_upper == 0)
		panic("the boot loader says nothing about memory: flags %08x, mem_upper %u",
		      info->flags, info->mem_upper);
	log_warning("boot: no memory map: using mem_lower %u KB, mem_upper %u KB", info->mem_lower,
		    info->mem_upper);
	change_ram(true, 0, (uint64_t)info->mem_lower * KB);
	change_ram(true, HIGH_MEMORY, (uint64_t)info->mem_upper * KB);
}

/* A number of bytes with K, M or G behind it; 0 when it is none. */
static __init_text uint64_t parse_size(const char *text)
{
	char digits[16];
	size_t size = strlcpy(digits, text, sizeof(digits));
	unsigned shift = 0;
	uint32_t number;

	if (size == 0 || size >= sizeof(digits))
		return 0;
	switch (digits[size - 1] | 0x20) {
	case 'g':
		shift = 30;
		break;
	case 'm':
		shift = 20;
		break;
	case 'k':
		shift = 10;
		break;
	}
	if (shift)
		digits[size - 1] = '\0';
	if (parse_u32(digits, 0, &number) != 0)
		return 0;
	return (uint64_t)number << shift;
}

static __init_text void apply_limit(void)
{
	const char *text = cmdline_get("mem");

	if (!text)
		return;
	uint64_t limit = parse_size(text);

	if (limit == 0) {
		log_warning("boot: mem=%s is no amount of memory", text);
		return;
	}
	log_info("boot: mem=%s: memory above is not used", text);
	change_ram(false, limit, UINT64_MAX - limit);
	ram.above = 0;
}

static __init_text void read_memory(const struct multiboot_info *info)
{
	if (!use_map(info))
		use_sizes(info);
	change_ram(false, VIDEO_MEMORY, HIGH_MEMORY - VIDEO_MEMORY);
	apply_limit();
	bootmap_trim(&ram);
	if (ram.count == 0 || ram.ranges[ram.count - 1].end <= HIGH_MEMORY)
		panic("no memory above 1 MB");
	if (!bootmap_holds(&ram, virt_to_paddr(kernel_start), virt_to_paddr(kernel_end)))
		panic("the memory map says that there is no RAM where the kernel is, %08x to %08x",
		      virt_to_paddr(kernel_start), virt_to_paddr(kernel_end));
	memcpy(boot_info.ram, ram.ranges, sizeof(boot_info.ram));
	boot_info.nram = ram.count;
	boot_info.ignored_above_4g = ram.above;
}

/* ---- modules and what else is not free */

static __init_text void add_range(struct boot_range *list, unsigned *count, paddr_t start,
				  paddr_t end)
{
	assert(*count < BOOT_RANGES_MAX && start < end);
	list[(*count)++] = (struct boot_range){ start, end };
}

/* Why a module cannot be used, or NULL. */
static __init_text const char *module_fault(const struct multiboot_module *module)
{
	if (module->end <= module->start)
		return "is empty";
	if (!bootmap_holds(&ram, module->start, module->end))
		return "lies outside RAM";
	if (module->start < virt_to_paddr(kernel_end) && module->end > (paddr_t)boot_start)
		return "overlaps the kernel";
	if (!loader_memory(module->start, module->end - module->start))
		return "lies out of the kernel's reach";
	return NULL;
}

static __init_text void read_modules(const struct multiboot_info *info)
{
	const struct multiboot_module *modules;
	uint32_t count = info->flags & MULTIBOOT_HAS_MODULES ? info->modules_count : 0;

	if (count > BOOT_MODULES_MAX) {
		log_warning("boot: %u modules: only the first %u are used", count,
			    BOOT_MODULES_MAX);
		count = BOOT_MODULES_MAX;
	}
	modules = loader_memory(info->modules, count * sizeof(*modules));
	for (uint32_t i = 0; modules && i < count; i++) {
		const char *fault = module_fault(&modules[i]);

		if (fault) {
			log_error("boot: module %u, %08x to %08x, %s: not used", i + 1,
				  modules[i].start, modules[i].end, fault);
			continue;
		}
		add_range(boot_info.modules, &boot_info.nmodules, modules[i].start, modules[i].end);
		add_range(boot_info.boot, &boot_info.nboot, ROUND_DOWN(modules[i].start, PAGE_SIZE),
			  ROUND_UP(modules[i].end, PAGE_SIZE));
	}
}

/* Do six bytes of positions and sizes describe a pixel of so many bits? */
static __init_text bool colours_fit(const uint8_t *colours, unsigned bits)
{
	for (unsigned i = 0; i < 6; i += 2) {
		if (colours[i + 1] == 0 || colours[i] + colours[i + 1] > bits)
			return false;
	}
	return colours[0] != colours[2] && colours[2] != colours[4];
}

static __init_text void read_rgb(const struct multiboot_info *info, struct framebuffer_info *to)
{
	const uint8_t *colours = info->colours;

	if (!colours_fit(colours, to->bits_per_pixel))
		colours += 2;
	if (!colours_fit(colours, to->bits_per_pixel))
		return;
	to->kind = FRAMEBUFFER_RGB;
	to->red_at = colours[0];
	to->red_bits = colours[1];
	to->green_at = colours[2];
	to->green_bits = colours[3];
	to->blue_at = colours[4];
	to->blue_bits = colours[5];
}

static __init_text void read_framebuffer(const struct multiboot_info *info)
{
	struct framebuffer_info *to = &boot_info.framebuffer;

	if (!(info->flags & MULTIBOOT_HAS_FRAMEBUFFER))
		return;
	*to = (struct framebuffer_info){
		.paddr = info->framebuffer_low,
		.pitch = info->framebuffer_pitch,
		.width = info->framebuffer_width,
		.height = info->framebuffer_height,
		.bits_per_pixel = info->framebuffer_bits,
	};
	uint64_t size = (uint64_t)to->pitch * to->height;

	if (info->framebuffer_type == MULTIBOOT_TEXT)
		to->kind = FRAMEBUFFER_TEXT;
	else if (info->framebuffer_type == MULTIBOOT_RGB)
		read_rgb(info, to);
	if (size == 0 || info->framebuffer_high || to->paddr + size > BOOTMAP_TOP) {
		log_warning("boot: a frame buffer of %llu bytes at %x%08x cannot be used", size,
			    info->framebuffer_high, info->framebuffer_low);
		to->kind = FRAMEBUFFER_NONE;
		return;
	}
	paddr_t start = ROUND_DOWN(to->paddr, PAGE_SIZE);
	paddr_t end = ROUND_UP(to->paddr + (uint32_t)size, PAGE_SIZE);

	if (bootmap_touches(&ram, start, end))
		add_range(boot_info.reserved, &boot_info.nreserved, start, end);
}

static __init_text void report(void)
{
	log_info("boot: loader \"%s\", command line \"%s\"", boot_info.loader, boot_info.cmdline);
	for (unsigned i = 0; i < boot_info.nram; i++)
		log_info("boot: RAM %08x to %08x", boot_info.ram[i].start, boot_info.ram[i].end);
	for (unsigned i = 0; i < boot_info.nmodules; i++)
		log_info("boot: module %u at %08x, %u bytes", i + 1, boot_info.modules[i].start,
			 boot_info.modules[i].end - boot_info.modules[i].start);
	if (boot_info.ignored_above_4g)
		log_info("boot: %llu MB of RAM at and above 4 GB are out of reach",
			 boot_info.ignored_above_4g / MB);
}

__init_text void boot_read(uint32_t magic, paddr_t info_paddr)
{
	const struct multiboot_info *info = loader_memory(info_paddr, sizeof(*info));

	if (magic != MULTIBOOT_MAGIC)
		panic("not called by a Multiboot loader: magic %08x", magic);
	if (!info)
		panic("the Multiboot information lies out of reach at %08x", info_paddr);
	read_cmdline(info);
	cmdline_parse(boot_info.cmdline);
	log_configure();
	/* The first page is the BIOS's: interrupt vectors and data, which later BIOS calls want. */
	add_range(boot_info.reserved, &boot_info.nreserved, 0, PAGE_SIZE);
	read_memory(info);
	read_framebuffer(info);
	add_range(boot_info.boot, &boot_info.nboot, (paddr_t)boot_start, (paddr_t)boot_end);
	read_modules(info);
	report();
}
