/*
 * Paths as programs give them, in buffers of the kernel's. One buffer is kept at hand, since most
 * calls need just one; further ones are of the heap.
 */
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <uaccess.h>

static char spare_buffer[PATH_MAX];
static bool spare_taken;

char *path_buffer_get(void)
{
	if (spare_taken)
		return kalloc(PATH_MAX);
	spare_taken = true;
	return spare_buffer;
}

void path_buffer_put(char *buffer)
{
	if (buffer != spare_buffer) {
		kfree(buffer);
		return;
	}
	assert(spare_taken);
	spare_taken = false;
}

char *path_from_user_or_empty(const char __user *path)
{
	char *buffer = path_buffer_get();
	int length;

	if (!buffer)
		return ERR_PTR(-ENOMEM);
	length = strncpy_from_user(buffer, path, PATH_MAX);
	if (length >= 0)
		return buffer;
	path_buffer_put(buffer);
	return ERR_PTR(length);
}

char *path_from_user(const char __user *path)
{
	char *buffer = path_from_user_or_empty(path);

	if (IS_ERR(buffer) || *buffer)
		return buffer;
	path_buffer_put(buffer);
	return ERR_PTR(-ENOENT);
}
