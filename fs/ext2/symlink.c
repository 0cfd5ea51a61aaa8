/*
 * Symbolic links: a text of up to 59 bytes lies in the inode, where others have pointers, a longer
 * one in a block of its own, which is metadata: it is written before the inode that leads to it.
 */
#include "ext2.h"

#include <assert.h>
#include <kheap.h>
#include <string.h>

static int make_long(struct ext2_inode *own, const char *text, size_t size)
{
	struct ext2_buffer *buffer;
	uint32_t block;
	bool fresh;
	int error;

	mutex_lock(&own->blocks);
	error = ext2_map_make(own, 0, &block, &fresh);
	mutex_unlock(&own->blocks);
	if (error)
		return error;
	buffer = ext2_buffer_fresh(own->fs, block);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	memcpy(buffer->data, text, size);
	ext2_buffer_put(own->fs, buffer);
	return 0;
}

int ext2_link_make(struct inode *inode, const char *text)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	size_t size = strlen(text);
	int error = 0;

	if (size >= own->fs->geometry.block_size)
		return -ENAMETOOLONG;
	own->is_short_link = size < EXT2_SHORT_LINK;
	if (own->is_short_link)
		memcpy(own->block, text, size + 1);
	else
		error = make_long(own, text, size);
	if (!error)
		inode->pages.size = size;
	return error;
}

/* Where the text lies, size bytes; *buffer is to be put, if not NULL. ERR_PTR. */
static const void *find_text(struct ext2_inode *own, struct ext2_buffer **buffer)
{
	uint32_t block;
	int error;

	*buffer = NULL;
	if (own->is_short_link)
		return own->block;
	mutex_lock(&own->blocks);
	error = ext2_map_find(own, 0, &block);
	mutex_unlock(&own->blocks);
	if (!error && !block)
		error = ext2_error(own->fs, "link %u has no text", own->number);
	if (error)
		return ERR_PTR(error);
	*buffer = ext2_buffer_get(own->fs, block);
	return IS_ERR(*buffer) ? (void *)*buffer : (*buffer)->data;
}

int ext2_link_load(struct inode *inode)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	size_t size = (size_t)inode->pages.size;
	struct ext2_buffer *buffer;
	const void *text = find_text(own, &buffer);
	char *copy = IS_ERR(text) ? NULL : kalloc(size + 1);
	int error = IS_ERR(text) ? PTR_ERR(text) : copy ? 0 : -ENOMEM;

	if (!error) {
		memcpy(copy, text, size);
		copy[size] = '\0';
		if (strlen(copy) != size)
			error = ext2_error(own->fs, "link %u has a text with zeros", own->number);
	}
	if (buffer && !IS_ERR(buffer))
		ext2_buffer_put(own->fs, buffer);
	if (error || inode->target)
		kfree(copy);
	else
		inode->target = copy;
	return error;
}

const struct inode_ops ext2_link_ops = {
	.load_target = ext2_link_load,
	.stat = ext2_stat,
};
const struct inode_ops ext2_special_ops = {
	.stat = ext2_stat,
};
