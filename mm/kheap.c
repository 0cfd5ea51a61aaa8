/*
 * The kernel heap.
 *
 * Small objects come in classes of one size each. A slab is one frame cut into objects of a
 * class; all about it is in its struct frame, so that an object's slab is found from its
 * address alone and a page is all objects: `free_objects` chains those given back, and `index`
 * packs the class, how many are in use, and how many have ever been used: what was never used
 * lies behind and needs no chaining. Slabs with a free object are on their class's list; full
 * ones on none. Of the empty slabs a class keeps one. Larger objects are blocks of frames.
 *
 * A free object is junk (0x6b) but for its first word, the chain. That is checked when it is
 * handed out again, in its second word, and finds most writes to freed memory; freeing twice is
 * found when the second word is junk and the object is in the chain.
 */
#include <kheap.h>

#include <assert.h>
#include <fail.h>
#include <frame.h>
#include <string.h>

#define JUNK_BYTE 0x6b
#define JUNK_WORD 0x6b6b6b6bu
#define SMALL_MAX 2048u
#define LARGE_MAX (PAGE_SIZE << FRAME_MAX_ORDER)
#define UNIT 16u /* every object's size and alignment is a multiple */

/* Sizes that fill a page well; multiples of UNIT. */
static const uint16_t class_sizes[] = { 16,  32,  48,  64,  96,	  128,	192,
					256, 384, 512, 672, 1024, 1344, SMALL_MAX };
#define NCLASSES ARRAY_SIZE(class_sizes)

struct size_class {
	uint32_t size;
	uint32_t capacity; /* objects in a slab */
	uint32_t nempty;   /* slabs on the list that have none in use */
	struct list slabs; /* with a free object; empty ones last */
};

static struct size_class classes[NCLASSES];
/* The class for a size in units, rounded up. */
static uint8_t class_by_units[SMALL_MAX / UNIT + 1];
static uint32_t objects_in_use, bytes_in_use;

/* A slab's `index`: bits 0 to 9 objects in use, 10 to 19 objects ever used, 20 and up the class. */
#define ONE_IN_USE 1u
#define ONE_EVER_USED (1u << 10)
#define CLASS_SHIFT 20

static uint32_t in_use(const struct frame *slab)
{
	return slab->index & 0x3ff;
}

static uint32_t ever_used(const struct frame *slab)
{
	return slab->index >> 10 & 0x3ff;
}

static struct size_class *class_of(const struct frame *slab)
{
	assert(slab->index >> CLASS_SHIFT < NCLASSES);
	return &classes[slab->index >> CLASS_SHIFT];
}

void kheap_init(void)
{
	unsigned units = 0;

	for (unsigned i = 0; i < NCLASSES; i++) {
		classes[i].size = class_sizes[i];
		classes[i].capacity = PAGE_SIZE / class_sizes[i];
		list_init(&classes[i].slabs);
		for (; units <= class_sizes[i] / UNIT; units++)
			class_by_units[units] = (uint8_t)i;
	}
}

/* ---- slabs ---- */

static struct frame *slab_make(struct size_class *class)
{
	struct frame *slab = frame_alloc(FRAME_KERNEL, FRAME_LOW);

	if (!slab)
		return NULL;
	slab->flags |= FRAME_FLAG_SLAB;
	slab->index = (uint32_t)(class - classes) << CLASS_SHIFT;
	list_add(&class->slabs, &slab->link);
	class->nempty++;
	return slab;
}

static void slab_release(struct size_class *class, struct frame *slab)
{
	assert(in_use(slab) == 0 && class->nempty > 0);
	list_remove(&slab->link);
	class->nempty--;
	frame_put(slab);
}

/* Takes an object out of a slab that has a free one. */
static void *slab_take(const struct size_class *class, struct frame *slab)
{
	uint32_t *object = slab->free_objects;

	if (object) {
		assert(object[1] == JUNK_WORD);
		slab->free_objects = (void *)(uintptr_t)object[0];
	} else {
		object = (void *)((char *)frame_virt(slab) + ever_used(slab) * class->size);
		slab->index += ONE_EVER_USED;
	}
	slab->index += ONE_IN_USE;
	return object;
}

static void *small_alloc(struct size_class *class)
{
	struct frame *slab;
	void *object;

	if (list_empty(&class->slabs))
		slab = slab_make(class);
	else
		slab = list_first(&class->slabs, struct frame, link);
	if (!slab)
		return NULL;
	if (in_use(slab) == 0)
		class->nempty--;
	object = slab_take(class, slab);
	if (in_use(slab) == class->capacity)
		list_remove(&slab->link);
	bytes_in_use += class->size;
	return object;
}

static bool is_in_chain(const struct frame *slab, const void *object)
{
	for (const uint32_t *at = slab->free_objects; at; at = (const void *)(uintptr_t)at[0]) {
		if (at == object)
			return true;
	}
	return false;
}

static void small_free(struct frame *slab, uint32_t *object)
{
	struct size_class *class = class_of(slab);

	assert(((uintptr_t)object & PAGE_MASK) % class->size == 0);
	assert(in_use(slab) > 0);
	assert(object[1] != JUNK_WORD || !is_in_chain(slab, object));
	if (in_use(slab) == class->capacity)
		list_add(&class->slabs, &slab->link);
	memset(object, JUNK_BYTE, class->size);
	object[0] = (uint32_t)(uintptr_t)slab->free_objects;
	slab->free_objects = object;
	slab->index -= ONE_IN_USE;
	bytes_in_use -= class->size;
	if (in_use(slab) > 0)
		return;
	class->nempty++;
	if (class->nempty > 1) {
		slab_release(class, slab);
	} else {
		list_remove(&slab->link);
		list_add_tail(&class->slabs, &slab->link);
	}
}

void kheap_trim(void)
{
	for (unsigned i = 0; i < NCLASSES; i++) {
		struct size_class *class = &classes[i];

		while (class->nempty > 0)
			slab_release(class, list_entry(class->slabs.prev, struct frame, link));
	}
}

/* ---- large objects ---- */

static unsigned order_for(size_t size)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

static void *large_alloc(size_t size)
{
	struct frame *first;
	unsigned order;

	/* Programs choose how long some lists are: too long is no fault of the kernel's. */
	if (size > LARGE_MAX)
		return NULL;
	order = order_for(size);
	first = frame_alloc_block(FRAME_KERNEL, order, FRAME_LOW);
	if (!first)
		return NULL;
	first->flags |= FRAME_FLAG_LARGE;
	bytes_in_use += PAGE_SIZE << order;
	return frame_virt(first);
}

static void large_free(struct frame *first, void *object)
{
	unsigned order = first->order;

	assert(first->flags & FRAME_FLAG_LARGE && ((uintptr_t)object & PAGE_MASK) == 0);
	memset(object, JUNK_BYTE, PAGE_SIZE << order);
	bytes_in_use -= PAGE_SIZE << order;
	frame_free_block(first, order);
}

/* ---- the contract ---- */

void *kalloc(size_t size)
{
	void *object;

	assert(size > 0);
	if (fail_allocation())
		return NULL;
	if (size <= SMALL_MAX)
		object = small_alloc(&classes[class_by_units[(size + UNIT - 1) / UNIT]]);
	else
		object = large_alloc(size);
	if (object)
		objects_in_use++;
	return object;
}

void *kzalloc(size_t size)
{
	void *object = kalloc(size);

	if (object)
		memset(object, 0, size);
	return object;
}

void kfree(void *object)
{
	struct frame *frame;

	if (!object)
		return;
	frame = frame_from_pfn(virt_to_paddr(object) >> PAGE_SHIFT);
	assert(frame && frame->kind == FRAME_KERNEL);
	objects_in_use--;
	if (frame->flags & FRAME_FLAG_SLAB)
		small_free(frame, object);
	else
		large_free(frame, object);
}

char *kstrdup(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = kalloc(size);

	if (copy)
		memcpy(copy, string, size);
	return copy;
}

void kheap_count(uint32_t *objects, uint32_t *bytes)
{
	*objects = objects_in_use;
	*bytes = bytes_in_use;
}
