/*
 * grow: contiguous memory grows over scattered frames, and nothing is copied.
 *
 * A region grows a page at a time, with brk and then with mremap, while another takes frames
 * in between, so that its frames cannot lie side by side. /proc/self/pagemap tells which frame
 * stands behind each page: those that were there must stay the same while it grows. Then
 * something is put in the way, and mremap must move: the same frames appear at the new
 * address, and nothing is left at the old one.
 */
#include "libc/libc.h"

#define COUNT 64u /* pages at the end */

static unsigned wrong;

static void expect(bool condition, const char *what)
{
	print("  %s: %s\n", what, condition ? "yes" : "NO   <- WRONG");
	wrong += !condition;
}

/* Fills frames[] with the frame numbers of pages; 0 where no page is present. */
static void read_frames(const char *start, uint32_t *frames, uint32_t count)
{
	int fd = open("/proc/self/pagemap", O_RDONLY, 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t entry[2] = { 0, 0 };
		uint32_t offset = ((uint32_t)start / PAGE + i) * 8;
		syscall6(SYS_pread64, fd, (uint32_t)entry, 8, offset, 0, 0);
		/* Bit 63: present; bits 0 to 54: the frame's number. */
		frames[i] = entry[1] >> 31 ? entry[0] : 0;
	}
	if (fd < 0) {
		print("/proc/self/pagemap: error %d\n", -fd);
		exit(2);
	}
	close(fd);
}

static void fill(char *page, uint32_t index)
{
	for (uint32_t i = 0; i < PAGE / 4; i++)
		((uint32_t *)page)[i] = index * 0x01000193u + i;
}

static bool filled(const char *page, uint32_t index)
{
	for (uint32_t i = 0; i < PAGE / 4; i++)
		if (((const uint32_t *)page)[i] != index * 0x01000193u + i)
			return false;
	return true;
}

static bool all_filled(const char *start, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!filled(start + i * PAGE, i))
			return false;
	return true;
}

static bool same_frames(const uint32_t *a, const uint32_t *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!a[i] || a[i] != b[i])
			return false;
	return true;
}

static uint32_t scattered(const uint32_t *frames)
{
	uint32_t breaks = 0;
	for (uint32_t i = 1; i < COUNT; i++)
		breaks += frames[i] != frames[i - 1] + 1;
	return breaks;
}

static char *grow_by_brk(char *start, uint32_t pages)
{
	return set_brk(start + pages * PAGE) == start + pages * PAGE ? start : NULL;
}

static char *grow_by_mremap(char *start, uint32_t pages)
{
	int32_t result = syscall6(SYS_mremap, (uint32_t)start, (pages - 1) * PAGE, pages * PAGE, 0,
				  0, 0);
	return (uint32_t)result >= -PAGE ? NULL : (char *)result;
}

/* Grows a region of no or one page to COUNT, a page of `between` for each page of its own. */
static void grow(const char *name, char *start, uint32_t have,
		 char *(*grow_to)(char *start, uint32_t pages), char *between)
{
	static uint32_t early[COUNT], late[COUNT];
	bool stayed = true;
	for (uint32_t pages = have + 1; pages <= COUNT; pages++) {
		stayed &= grow_to(start, pages) == start;
		if (!stayed)
			break;
		fill(start + (pages - 1) * PAGE, pages - 1);
		between[pages * PAGE] = 1;
		if (pages == COUNT / 2)
			read_frames(start, early, COUNT / 2);
	}
	print("%s: 0x%08x, %u pages\n", name, (uint32_t)start, COUNT);
	expect(stayed, "grew in its place, a page at a time");
	if (!stayed)
		return;
	read_frames(start, late, COUNT);
	expect(same_frames(early, late, COUNT / 2), "frames of the first half are as they were");
	expect(all_filled(start, COUNT), "every word is as it was written");
	print("  frames 0x%x 0x%x 0x%x 0x%x...; %u of %u steps are not to the next frame\n",
	      late[0], late[1], late[2], late[3], scattered(late), COUNT - 1);
	expect(scattered(late) > 0, "frames are scattered");
}

static void move(char *start)
{
	static uint32_t before[COUNT], after[COUNT], left[COUNT];
	read_frames(start, before, COUNT);
	int32_t result = syscall6(SYS_mremap, (uint32_t)start, COUNT * PAGE, 2 * COUNT * PAGE,
				  MREMAP_MAYMOVE, 0, 0);
	char *moved = (char *)result;
	print("mremap with something in the way: from 0x%08x to 0x%08x\n", (uint32_t)start,
	      (uint32_t)moved);
	expect((uint32_t)result < -PAGE && moved != start, "it moved");
	if ((uint32_t)result >= -PAGE)
		return;
	read_frames(moved, after, COUNT);
	read_frames(start, left, COUNT);
	expect(same_frames(before, after, COUNT), "the very same frames are at the new address");
	uint32_t remaining = 0;
	for (uint32_t i = 0; i < COUNT; i++)
		remaining += left[i] != 0;
	expect(remaining == 0, "nothing is left at the old one");
	expect(all_filled(moved, COUNT), "every word is as it was written");
	moved[2 * COUNT * PAGE - 1] = 1;
	expect(moved[COUNT * PAGE] == 0, "the new half is zeros");
}

int main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	char *between = map_anonymous(NULL, 2 * (COUNT + 1) * PAGE, PROT_READ | PROT_WRITE, 0);
	char *heap = (char *)(((uint32_t)set_brk(NULL) + PAGE - 1) & -PAGE);
	if (!between)
		return 2;
	grow("brk", heap, 0, grow_by_brk, between);

	/* Room for COUNT pages, of which only the first stays; then a page right behind it. */
	char *region = map_anonymous(NULL, (COUNT + 1) * PAGE, PROT_READ | PROT_WRITE, 0);
	if (!region)
		return 2;
	munmap(region + PAGE, COUNT * PAGE);
	fill(region, 0);
	grow("mremap", region, 1, grow_by_mremap, between + COUNT * PAGE);
	if (!map_anonymous(region + COUNT * PAGE, PAGE, PROT_READ, MAP_FIXED))
		return 2;
	move(region);
	print("grow: %u not as expected\n", wrong);
	return wrong ? 1 : 0;
}
