/*
 * The vDSO, the kernel's side: its pages, mapping them, keeping the clocks in them.
 *
 * Data and code are two objects, whose pages are all there from boot on and never change hands:
 * one copy for all programs, brought into an address space by a fault like pages of a file. A
 * program may write to its private copy of the code when it has made it writable, as debuggers do;
 * to the data it may not.
 *
 * The pages are low memory: the kernel writes the data page at each tick through the direct map.
 */
#include <vdso.h>

#include <assert.h>
#include <clock.h>
#include <cpu.h>
#include <err.h>
#include <ledger.h>
#include <panic.h>
#include <string.h>
#include <task.h>

#include "clock_internal.h"
#include "vdso/data.h"

extern const char vdso_image[], vdso_image_end[];

static struct object data_object, code_object;
static struct vdso_data *data;
vaddr_t sysenter_landing;

/* ---- the pages */

static void release_never(struct object *object)
{
	panic("the vDSO's object %p lost its last reference", (void *)object);
}

/* mremap has moved a region of the code: the landing moves with it. */
static void code_moved(const struct vma *vma)
{
	if (vma->page_offset != 0)
		return;
	vma->mm->vdso = vma->start;
	if (vma->mm == current->process->mm)
		vdso_use(vma->mm);
}

static const struct object_ops data_ops = { .release = release_never };
static const struct object_ops code_ops = { .release = release_never, .moved = code_moved };

/* A zeroed page of the object's, for the kernel to write to: held, so that it never goes to swap. */
static __init_text void *add_page(struct object *object, uint32_t index)
{
	struct frame *frame = frame_alloc(FRAME_CACHE, FRAME_LOW | FRAME_ZERO);

	if (!frame || object_enter_page(object, index, frame) != 0)
		panic("no memory for the vDSO");
	ledger_hold(frame);
	object->size = (uint64_t)(index + 1) << PAGE_SHIFT;
	return frame_virt(frame);
}

/* movl %esp, %ebp; sysenter */
static __init_text void use_sysenter(char *page)
{
	static const uint8_t code[] = { 0x89, 0xe5, 0x0f, 0x34 };

	assert(vdso_offsets[VDSO_SYSENTER] + sizeof(code) <= PAGE_SIZE);
	memcpy(page + vdso_offsets[VDSO_SYSENTER], code, sizeof(code));
}

__init_text void vdso_init(void)
{
	size_t size = (size_t)(vdso_image_end - vdso_image);

	object_init(&data_object, &data_ops, NULL);
	object_init(&code_object, &code_ops, NULL);
	data = add_page(&data_object, 0);
	data->coarse = NSEC_PER_TICK;
	for (uint32_t index = 0; index << PAGE_SHIFT < size; index++) {
		size_t at = index << PAGE_SHIFT;
		char *page = add_page(&code_object, index);

		memcpy(page, vdso_image + at, MIN(size - at, (size_t)PAGE_SIZE));
		if (index == 0 && cpu_has(CPU_SEP))
			use_sysenter(page);
	}
}

/* ---- mapping them */

static int map_object(struct mm *mm, struct object *object, vaddr_t at, uint32_t flags)
{
	struct mm_map_request request = {
		.address = at,
		.size = (size_t)object->size,
		.flags = flags,
		.fixed = true,
		.object = object,
	};

	return mm_map(mm, &request, &at);
}

int vdso_map(struct mm *mm)
{
	struct mm_map_request room = { .size = (size_t)(data_object.size + code_object.size) };
	vaddr_t at;
	int error = mm_map(mm, &room, &at);

	if (!error)
		error = map_object(mm, &data_object, at, VMA_READ | VMA_DENYWRITE_MAX);
	at += (size_t)data_object.size;
	if (!error)
		error = map_object(mm, &code_object, at, VMA_READ | VMA_EXEC);
	if (!error)
		mm->vdso = at;
	return error;
}

const char *vdso_region_name(const struct vma *vma)
{
	if (vma->object == &data_object)
		return "[vvar]";
	return vma->object == &code_object ? "[vdso]" : NULL;
}

/* ---- the clocks */

static void set_base(enum vdso_clock clock, uint64_t ns)
{
	data->base[clock].sec = split_ns(ns, &data->base[clock].nsec);
}

void vdso_set_clocks(uint64_t realtime_ns, uint64_t monotonic_ns, uint64_t tsc_base, uint32_t scale)
{
	enum vdso_mode with_tsc = cpu_has(CPU_SSE2) ? VDSO_MODE_TSC_FENCED : VDSO_MODE_TSC;

	assert(!irq_enabled());
	data->sequence++;
	data->mode = scale ? with_tsc : VDSO_MODE_CALL;
	data->scale = scale;
	data->tsc_base = tsc_base;
	set_base(VDSO_REALTIME, realtime_ns);
	set_base(VDSO_MONOTONIC, monotonic_ns);
}
