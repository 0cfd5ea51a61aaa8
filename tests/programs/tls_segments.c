/* Thread-local segments: set_thread_area, get_thread_area, and loading their selectors. */
#include "task.h"

#include <asm/ldt.h>

static unsigned int area[4] = { 0xaaaa0000, 0xbbbb0000, 0xcccc0000, 0xdddd0000 };
static unsigned int second[4] = { 1, 2, 3, 4 };

static unsigned int load(int entry, unsigned int offset)
{
	unsigned int value, selector = entry * 8 + 3, old;

	__asm__ volatile("movl %%fs, %1; movl %2, %%fs; movl %%fs:(%3), %0; movl %1, %%fs"
			 : "=&r"(value), "=&r"(old)
			 : "r"(selector), "r"(offset));
	return value;
}

static struct user_desc describe(int entry, void *base, unsigned int limit)
{
	return (struct user_desc){ .entry_number = entry,
				   .base_addr = (unsigned int)base,
				   .limit = limit,
				   .seg_32bit = 1,
				   .useable = 1 };
}

static int set(struct user_desc *desc)
{
	return syscall(SYS_set_thread_area, desc);
}

static void show(const char *what, int entry, int first)
{
	struct user_desc desc = { .entry_number = entry };
	int result = syscall(SYS_get_thread_area, &desc);

	printf("%s: %s, entry +%d, base %s, limit %x, 32-bit %d, contents %d, read-only %d, pages "
	       "%d, "
	       "absent %d, useable %d\n",
	       what, result_name(result), desc.entry_number - first,
	       desc.base_addr == (unsigned int)area	? "the area"
	       : desc.base_addr == (unsigned int)second ? "the second"
	       : desc.base_addr				? "?"
							: "0",
	       desc.limit, desc.seg_32bit, desc.contents, desc.read_exec_only, desc.limit_in_pages,
	       desc.seg_not_present, desc.useable);
}

static void try(const char *what, struct user_desc desc)
{
	printf("%s: %s\n", what, result_name(set(&desc)));
}

int main(void)
{
	struct user_desc desc = describe(-1, area, 15), other, bad;
	int entry, first;
	pid_t child;

	TELL(set(&desc));
	entry = desc.entry_number;
	first = entry - 1; /* the library has the one before */
	printf("first %x, third %x\n", load(entry, 0), load(entry, 8));
	show("one", entry, first);
	other = describe(-1, second, 0xfffff);
	other.limit_in_pages = 1;
	other.read_exec_only = 1;
	TELL(set(&other));
	show("two", other.entry_number, first);
	printf("its last %x\n", load(other.entry_number, 12));
	bad = describe(-1, area, 15);
	TELL(set(&bad));

	try("entry 0", describe(0, area, 15));
	try("entry 4", describe(4, area, 15));
	try("entry 100", describe(100, area, 15));
	bad = describe(entry, area, 15);
	bad.seg_32bit = 0;
	try("16-bit", bad);
	bad = describe(entry, area, 15);
	bad.contents = 2;
	try("code", bad);
	bad = describe(entry, area, 15);
	bad.seg_not_present = 1;
	try("absent", bad);
	TELL(set((struct user_desc *)16));
	TELL(syscall(SYS_get_thread_area, 16));
	bad.entry_number = 4;
	TELL(syscall(SYS_get_thread_area, &bad));

	child = split();
	if (child == 0) {
		printf("child: %x\n", load(entry, 4));
		desc = describe(entry, second, 15);
		set(&desc);
		printf("child, changed: %x\n", load(entry, 4));
		leave(0);
	}
	reap("child", child);
	printf("parent: %x\n", load(entry, 4));
	memset(&bad, 0, sizeof(bad));
	bad.entry_number = entry;
	bad.read_exec_only = 1;
	bad.seg_not_present = 1;
	try("emptied", bad);
	show("empty", entry, first);
	child = split();
	if (child == 0) {
		load(entry, 0);
		leave(0);
	}
	reap("loading an empty one", child);
	desc = describe(-1, area, 15);
	set(&desc);
	printf("the free one again: %d\n", (int)desc.entry_number == entry);
	return 0;
}
