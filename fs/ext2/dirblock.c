/*
 * One block of a directory: entries one behind the other, each saying how long it is.
 *
 * Nothing in the block is believed: ext2_dirblock_next, which all others go by, hands out only
 * entries that lie in the block whole, name included, that begin at a multiple of 4 and lead to an
 * inode that can be. Since each is at least 12 bytes long no loop here goes on for ever.
 *
 * The order of stores in ext2_dirblock_insert and _remove is what a disk relies on that reads the
 * block while it is changed: an entry becomes visible, or goes, by one store of 2 or 4 bytes.
 */
#include "geometry.h"

#include <assert.h>
#include <err.h>
#include <string.h>

#define ENTRY_MIN 12u

/* Keeps the compiler from moving stores over it. */
#define barrier() __asm__ volatile("" : : : "memory")

static const char *judge(const struct ext2_dirblock *block, uint32_t at)
{
	const struct ext2_entry *entry = (const void *)(block->data + at);

	if (block->size - at < ENTRY_MIN)
		return "an entry reaches over the block's end";
	if (entry->size < ENTRY_MIN || entry->size % 4)
		return "an entry has an impossible size";
	if (entry->size > block->size - at)
		return "an entry reaches over the block's end";
	if (ext2_entry_needs(entry->name_size) > entry->size)
		return "a name is longer than its entry";
	if (entry->inode > block->max_inode)
		return "an entry leads to an inode that cannot be";
	if (entry->inode && (entry->name_size == 0 || memchr(entry->name, 0, entry->name_size) ||
			     memchr(entry->name, '/', entry->name_size)))
		return "a name that cannot be";
	return NULL;
}

struct ext2_entry *ext2_dirblock_next(struct ext2_dirblock *block, uint32_t *at)
{
	struct ext2_entry *entry = (void *)(block->data + *at);

	assert(*at <= block->size);
	if (*at == block->size)
		return NULL;
	block->problem = judge(block, *at);
	if (block->problem)
		return ERR_PTR(-EIO);
	*at += entry->size;
	return entry;
}

struct ext2_entry *ext2_dirblock_find(struct ext2_dirblock *block, const char *name,
				      unsigned name_size, struct ext2_entry **before)
{
	struct ext2_entry *entry, *last = NULL;
	uint32_t at = 0;

	while ((entry = ext2_dirblock_next(block, &at)) && !IS_ERR(entry)) {
		if (entry->inode && entry->name_size == name_size &&
		    memcmp(entry->name, name, name_size) == 0)
			break;
		last = entry;
	}
	if (before)
		*before = last;
	return entry;
}

/* Bytes of an entry that are not its own name's. */
static unsigned spare(const struct ext2_entry *entry)
{
	return entry->inode ? entry->size - ext2_entry_needs(entry->name_size) : entry->size;
}

struct ext2_entry *ext2_dirblock_room(struct ext2_dirblock *block, unsigned name_size)
{
	struct ext2_entry *entry;
	uint32_t at = 0;

	while ((entry = ext2_dirblock_next(block, &at)) && !IS_ERR(entry))
		if (spare(entry) >= ext2_entry_needs(name_size))
			break;
	return entry;
}

static void set_target(const struct ext2_dirblock *block, struct ext2_entry *entry, uint32_t inode,
		       unsigned type)
{
	entry->type = block->types ? (uint8_t)type : 0;
	barrier();
	entry->inode = inode;
}

struct ext2_entry *ext2_dirblock_insert(struct ext2_dirblock *block, struct ext2_entry *room,
					const char *name, unsigned name_size, uint32_t inode,
					unsigned type)
{
	struct ext2_entry *entry = room;
	unsigned kept = 0;

	assert(name_size > 0 && name_size <= EXT2_NAME_MAX);
	assert(spare(room) >= ext2_entry_needs(name_size));
	if (room->inode) {
		kept = ext2_entry_needs(room->name_size);
		entry = (void *)((uint8_t *)room + kept);
		entry->inode = 0;
		entry->size = (uint16_t)(room->size - kept);
	}
	entry->name_size = (uint8_t)name_size;
	memcpy(entry->name, name, name_size);
	barrier();
	set_target(block, entry, inode, type);
	barrier();
	if (kept)
		room->size = (uint16_t)kept;
	return entry;
}

void ext2_dirblock_remove(struct ext2_entry *entry, struct ext2_entry *before)
{
	if (before)
		before->size = (uint16_t)(before->size + entry->size);
	barrier();
	entry->inode = 0;
}

void ext2_dirblock_retarget(const struct ext2_dirblock *block, struct ext2_entry *entry,
			    uint32_t inode, unsigned type)
{
	set_target(block, entry, inode, type);
}

void ext2_dirblock_clear(struct ext2_dirblock *block)
{
	struct ext2_entry *entry = (void *)block->data;

	memset(block->data, 0, block->size);
	entry->size = (uint16_t)block->size;
}

void ext2_dirblock_begin(struct ext2_dirblock *block, uint32_t self, uint32_t parent)
{
	struct ext2_entry *entry;

	ext2_dirblock_clear(block);
	entry = ext2_dirblock_insert(block, (void *)block->data, ".", 1, self, EXT2_TYPE_DIRECTORY);
	ext2_dirblock_insert(block, entry, "..", 2, parent, EXT2_TYPE_DIRECTORY);
}

int ext2_dirblock_empty(struct ext2_dirblock *block, uint32_t self)
{
	struct ext2_entry *entry;
	uint32_t at = 0;

	while ((entry = ext2_dirblock_next(block, &at))) {
		if (IS_ERR(entry))
			return PTR_ERR(entry);
		if (!entry->inode)
			continue;
		if (entry->name[0] != '.' || entry->name_size > 2)
			return 0;
		if (entry->name_size == 1 ? entry->inode != self : entry->name[1] != '.')
			return 0;
	}
	return 1;
}
