/*
 * Thread-local storage: three GDT entries that each task fills for itself (set_thread_area),
 * loaded at every switch that changes them. A program asks for entry -1 to get a free one and
 * is told its number.
 *
 * What may be set is what Linux allows: 32-bit data segments that are present, or nothing.
 * Anything else could make a later load of a segment register fault in the kernel.
 */
#include <task.h>

#include <assert.h>
#include <uaccess.h>

/* struct user_desc of the ABI (asm/ldt.h); flags is a bit-field there, lowest bit first. */
struct user_desc {
	uint32_t entry;
	uint32_t base;
	uint32_t limit;
	uint32_t flags;
};
#define DESC_32BIT 0x01u
/* 0 data, 1 expand-down, 2 code, 3 conforming code */
#define DESC_CONTENTS(flags) (((flags) >> 1) & 3)
#define DESC_READ_ONLY 0x08u
#define DESC_LIMIT_IN_PAGES 0x10u
#define DESC_NOT_PRESENT 0x20u
#define DESC_USEABLE 0x40u
#define DESC_FLAGS 0x7fu
/* The flags of "no segment": read-only, not present, all else 0. */
#define DESC_EMPTY_FLAGS (DESC_READ_ONLY | DESC_NOT_PRESENT)

void tls_load(const struct task *from, const struct task *to)
{
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		if (to->tls[i] != from->tls[i])
			traps_set_tls(i, to->tls[i]);
}

static void tls_store(struct task *task, unsigned index, uint64_t descriptor)
{
	task->tls[index] = descriptor;
	if (task == current)
		traps_set_tls(index, descriptor);
}

void tls_clear(struct task *task)
{
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		tls_store(task, i, 0);
}

/* Intel SDM 3A 3.4.5: type data, accessed, DPL 3, S and P set. */
static uint64_t descriptor_of(const struct user_desc *desc)
{
	uint32_t type = 1 | (desc->flags & DESC_READ_ONLY ? 0 : 2) |
			DESC_CONTENTS(desc->flags) << 2;
	uint32_t low = desc->base << 16 | (desc->limit & 0xffff);
	uint32_t high = (desc->base & 0xff000000u) | ((desc->base >> 16) & 0xff) |
			(desc->limit & 0xf0000u) | type << 8 | 0xf000u;

	if (desc->flags & DESC_USEABLE)
		high |= 1u << 20;
	high |= 1u << 22; /* 32-bit: others are refused */
	if (desc->flags & DESC_LIMIT_IN_PAGES)
		high |= 1u << 23;
	return (uint64_t)high << 32 | low;
}

static void desc_of(struct user_desc *desc, uint64_t descriptor)
{
	uint32_t low = (uint32_t)descriptor, high = (uint32_t)(descriptor >> 32);

	desc->base = (high & 0xff000000u) | (high & 0xff) << 16 | low >> 16;
	desc->limit = (high & 0xf0000u) | (low & 0xffff);
	desc->flags = 0;
	if (high & (1u << 22))
		desc->flags |= DESC_32BIT;
	desc->flags |= ((high >> 10) & 3) << 1;
	if (!(high & (1u << 9)))
		desc->flags |= DESC_READ_ONLY;
	if (high & (1u << 23))
		desc->flags |= DESC_LIMIT_IN_PAGES;
	if (!(high & (1u << 15)))
		desc->flags |= DESC_NOT_PRESENT;
	if (high & (1u << 20))
		desc->flags |= DESC_USEABLE;
}

/* "No segment", in the two ways that programs say it. */
static bool desc_is_empty(const struct user_desc *desc)
{
	uint32_t flags = desc->flags & DESC_FLAGS;

	return desc->base == 0 && desc->limit == 0 && (flags == DESC_EMPTY_FLAGS || flags == 0);
}

static bool desc_is_allowed(const struct user_desc *desc)
{
	return desc_is_empty(desc) ||
	       ((desc->flags & DESC_32BIT) && DESC_CONTENTS(desc->flags) <= 1 &&
		!(desc->flags & DESC_NOT_PRESENT));
}

static int find_free(const struct task *task)
{
	for (int i = 0; i < GDT_TLS_COUNT; i++)
		if (task->tls[i] == 0)
			return i;
	return -ESRCH;
}

int tls_set(struct task *task, void __user *user_desc, bool allocate)
{
	struct user_desc desc;
	int index;

	if (copy_from_user(&desc, user_desc, sizeof(desc)))
		return -EFAULT;
	if (!desc_is_allowed(&desc))
		return -EINVAL;
	if (desc.entry == UINT32_MAX && allocate) {
		index = find_free(task);
		if (index < 0)
			return index;
		if (put_user((uint32_t __user *)user_desc, GDT_TLS_FIRST + (uint32_t)index))
			return -EFAULT;
	} else {
		if (desc.entry < GDT_TLS_FIRST || desc.entry >= GDT_TLS_FIRST + GDT_TLS_COUNT)
			return -EINVAL;
		index = (int)(desc.entry - GDT_TLS_FIRST);
	}
	tls_store(task, (unsigned)index, desc_is_empty(&desc) ? 0 : descriptor_of(&desc));
	return 0;
}

bool tls_selector_ok(const struct task *task, uint32_t selector)
{
	uint32_t index = (selector & 0xffff) >> 3;

	if (index == 0 && !(selector & 4))
		return true; /* the null selector */
	if (selector & 4)
		return false; /* there is no LDT */
	if (index == USER_DS >> 3 || index == USER_CS >> 3)
		return true;
	return index >= GDT_TLS_FIRST && index < GDT_TLS_FIRST + GDT_TLS_COUNT &&
	       task->tls[index - GDT_TLS_FIRST] != 0;
}

int32_t sys_set_thread_area(void __user *user_desc)
{
	int error = tls_set(current, user_desc, true);
	struct trap_frame *frame = current->frame;

	if (error)
		return error;
	/* A register may hold the selector of an entry that is empty now. */
	if (!tls_selector_ok(current, frame->gs))
		frame->gs = 0;
	if (!tls_selector_ok(current, frame->fs))
		frame->fs = 0;
	if (!tls_selector_ok(current, frame->es))
		frame->es = 0;
	if (!tls_selector_ok(current, frame->ds))
		frame->ds = 0;
	return 0;
}

int32_t sys_get_thread_area(void __user *user_desc)
{
	struct user_desc desc;
	uint32_t index;

	if (get_user(&desc.entry, (const uint32_t __user *)user_desc))
		return -EFAULT;
	index = desc.entry - GDT_TLS_FIRST;
	if (index >= GDT_TLS_COUNT)
		return -EINVAL;
	desc_of(&desc, current->tls[index]);
	return copy_to_user(user_desc, &desc, sizeof(desc));
}
