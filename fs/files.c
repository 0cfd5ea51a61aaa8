/*
 * Descriptor tables, and what each process has of paths: root, working directory, umask.
 *
 * A table holds one reference to each open file. Small ones live in the structure itself; larger
 * ones grow by doubling. The lowest free descriptor is found from a hint below which none is free.
 */
#include <fs_calls.h>
#include <socket_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <string.h>

#define FIRST_CAPACITY 32u
#define WORD_BITS 32u

struct files {
	uint32_t refs;
	uint32_t capacity; /* a multiple of WORD_BITS */
	uint32_t none_free_below;
	struct file **open;
	uint32_t *close_on_exec; /* a bit for each descriptor */
	struct file *first_open[FIRST_CAPACITY];
	uint32_t first_close_on_exec[FIRST_CAPACITY / WORD_BITS];
};

struct files *files_create(void)
{
	struct files *files = kzalloc(sizeof(*files));

	if (!files)
		return NULL;
	files->refs = 1;
	files->capacity = FIRST_CAPACITY;
	files->open = files->first_open;
	files->close_on_exec = files->first_close_on_exec;
	return files;
}

static void free_arrays(struct files *files)
{
	if (files->open == files->first_open)
		return;
	kfree(files->open);
	kfree(files->close_on_exec);
}

/* Makes room for at least `wanted` descriptors. */
static int grow(struct files *files, uint32_t wanted)
{
	uint32_t capacity = files->capacity;
	struct file **open;
	uint32_t *bits;

	while (capacity < wanted)
		capacity *= 2;
	if (capacity == files->capacity)
		return 0;
	open = kzalloc(capacity * sizeof(*open));
	bits = kzalloc(capacity / 8);
	if (!open || !bits) {
		kfree(open);
		kfree(bits);
		return -ENOMEM;
	}
	memcpy(open, files->open, files->capacity * sizeof(*open));
	memcpy(bits, files->close_on_exec, files->capacity / 8);
	free_arrays(files);
	files->open = open;
	files->close_on_exec = bits;
	files->capacity = capacity;
	return 0;
}

static uint32_t end_of_open(const struct files *files)
{
	uint32_t end = files->capacity;

	while (end > 0 && !files->open[end - 1])
		end--;
	return end;
}

struct files *files_copy(struct files *from)
{
	struct files *files = files_create();
	uint32_t end = end_of_open(from);

	if (!files)
		return NULL;
	if (grow(files, end) != 0) {
		kfree(files);
		return NULL;
	}
	for (uint32_t fd = 0; fd < end; fd++) {
		files->open[fd] = from->open[fd];
		if (files->open[fd])
			file_get(files->open[fd]);
	}
	memcpy(files->close_on_exec, from->close_on_exec, ROUND_UP(end, WORD_BITS) / 8);
	files->none_free_below = from->none_free_below;
	return files;
}

void files_get(struct files *files)
{
	assert(files->refs > 0);
	files->refs++;
}

static bool has_bit(const struct files *files, uint32_t fd)
{
	return files->close_on_exec[fd / WORD_BITS] & (1u << (fd % WORD_BITS));
}

static void set_bit(struct files *files, uint32_t fd, bool on)
{
	uint32_t bit = 1u << (fd % WORD_BITS);

	if (on)
		files->close_on_exec[fd / WORD_BITS] |= bit;
	else
		files->close_on_exec[fd / WORD_BITS] &= ~bit;
}

static struct file *open_at(const struct files *files, uint32_t fd)
{
	return fd < files->capacity ? files->open[fd] : NULL;
}

/* Empties a descriptor that is in use. May sleep. */
static int close_one(struct files *files, uint32_t fd)
{
	struct file *file = files->open[fd];

	assert(file);
	files->open[fd] = NULL;
	set_bit(files, fd, false);
	files->none_free_below = MIN(files->none_free_below, fd);
	if (file->inode->locks && !(file->flags & O_PATH))
		locks_close(file->inode, files);
	file_put(file);
	if (unlikely(unix_sockets_in_flight))
		unix_collect();
	return 0;
}

void files_put(struct files *files)
{
	assert(files->refs > 0);
	if (--files->refs > 0)
		return;
	for (uint32_t fd = 0; fd < files->capacity; fd++)
		if (files->open[fd])
			close_one(files, fd);
	free_arrays(files);
	kfree(files);
}

void files_close_on_exec(struct files *files)
{
	for (uint32_t word = 0; word < files->capacity / WORD_BITS; word++) {
		while (files->close_on_exec[word]) {
			uint32_t bit = (uint32_t)__builtin_ctz(files->close_on_exec[word]);

			close_one(files, word * WORD_BITS + bit);
		}
	}
}

/* The lowest free descriptor at or above from. */
static uint32_t lowest_free(struct files *files, uint32_t from)
{
	uint32_t fd = MAX(from, files->none_free_below);

	while (open_at(files, fd))
		fd++;
	if (from <= files->none_free_below)
		files->none_free_below = fd;
	return fd;
}

static uint32_t limit_of_current(void)
{
	return current->process->rlimits[RLIMIT_NOFILE].current;
}

int files_install(struct files *files, struct file *file, int from, bool close_on_exec)
{
	uint32_t fd = lowest_free(files, (uint32_t)from);

	if (fd >= limit_of_current() || fd > INT32_MAX)
		return -EMFILE;
	if (grow(files, fd + 1) != 0)
		return -ENOMEM;
	files->open[fd] = file;
	set_bit(files, fd, close_on_exec);
	return (int)fd;
}

struct file *files_lookup(struct files *files, int fd)
{
	struct file *file = open_at(files, (uint32_t)fd);

	if (file)
		file_get(file);
	return file;
}

int files_next_fd(struct files *files, int from)
{
	for (uint32_t fd = (uint32_t)from; fd < files->capacity; fd++)
		if (files->open[fd])
			return (int)fd;
	return -1;
}

unsigned files_capacity(struct files *files)
{
	return files->capacity;
}

bool files_close_on_exec_of(struct files *files, int fd)
{
	return open_at(files, (uint32_t)fd) && has_bit(files, (uint32_t)fd);
}

struct file *file_from_fd_any(int fd)
{
	struct files *files = current->process->files;
	struct file *file = files ? open_at(files, (uint32_t)fd) : NULL;

	if (!file)
		return ERR_PTR(-EBADF);
	file_get(file);
	return file;
}

struct file *file_from_fd(int fd)
{
	struct files *files = current->process->files;
	struct file *file = files ? open_at(files, (uint32_t)fd) : NULL;

	if (!file || (file->flags & O_PATH))
		return ERR_PTR(-EBADF);
	file_get(file);
	return file;
}

/* ---- root, working directory, umask ---- */

struct fs_context *fs_context_create(void)
{
	struct fs_context *fs = kalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	*fs = (struct fs_context){ .refs = 1, .umask = 022, .root = fs_root, .cwd = fs_root };
	dentry_get(fs_root);
	dentry_get(fs_root);
	return fs;
}

struct fs_context *fs_context_copy(struct fs_context *from)
{
	struct fs_context *fs = kalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	*fs = *from;
	fs->refs = 1;
	dentry_get(fs->root);
	dentry_get(fs->cwd);
	return fs;
}

void fs_context_get(struct fs_context *fs)
{
	assert(fs->refs > 0);
	fs->refs++;
}

void fs_context_put(struct fs_context *fs)
{
	assert(fs->refs > 0);
	if (--fs->refs > 0)
		return;
	dentry_put(fs->root);
	dentry_put(fs->cwd);
	kfree(fs);
	mount_reap_detached();
}

const char *fs_context_cwd(struct fs_context *fs, char *buffer, size_t size)
{
	return dentry_path(fs->cwd, fs->root, buffer, size);
}

struct dentry *current_root(void)
{
	struct fs_context *fs = current->process->fs;

	return fs ? fs->root : fs_root;
}

struct dentry *current_cwd(void)
{
	struct fs_context *fs = current->process->fs;

	return fs ? fs->cwd : fs_root;
}

mode_t current_umask(void)
{
	struct fs_context *fs = current->process->fs;

	return fs ? fs->umask : 0;
}

/* ---- system calls ---- */

int32_t sys_close(int fd)
{
	struct files *files = current->process->files;

	if (!open_at(files, (uint32_t)fd))
		return -EBADF;
	return close_one(files, (uint32_t)fd);
}

/* Makes `to` another name of file (a reference is taken over), closing what it was. */
static int32_t put_at(struct files *files, struct file *file, uint32_t to, bool close_on_exec)
{
	struct file *old;

	if (grow(files, to + 1) != 0) {
		file_put(file);
		return -ENOMEM;
	}
	old = files->open[to];
	if (old)
		file_get(old);
	if (old)
		close_one(files, to);
	assert(!files->open[to]);
	files->open[to] = file;
	set_bit(files, to, close_on_exec);
	/* Closing may sleep: the descriptor was filled before that can happen. */
	if (old)
		file_put(old);
	return (int32_t)to;
}

static int32_t dup_to(int from, int to, bool close_on_exec)
{
	struct file *file;

	if ((uint32_t)to >= limit_of_current())
		return -EBADF;
	file = file_from_fd_any(from);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return put_at(current->process->files, file, (uint32_t)to, close_on_exec);
}

int32_t file_duplicate(int fd, int from, bool close_on_exec)
{
	struct file *file = file_from_fd_any(fd);
	int installed;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if ((uint32_t)from >= limit_of_current())
		installed = -EINVAL;
	else
		installed = files_install(current->process->files, file, from, close_on_exec);
	if (installed < 0)
		file_put(file);
	return installed;
}

int32_t file_close_on_exec(int fd, int set)
{
	struct files *files = current->process->files;

	if (!open_at(files, (uint32_t)fd))
		return -EBADF;
	if (set < 0)
		return has_bit(files, (uint32_t)fd);
	set_bit(files, (uint32_t)fd, set);
	return 0;
}

int32_t sys_dup(int fd)
{
	struct file *file = file_from_fd_any(fd);
	int installed;

	if (IS_ERR(file))
		return PTR_ERR(file);
	installed = files_install(current->process->files, file, 0, false);
	if (installed < 0)
		file_put(file);
	return installed;
}

int32_t sys_dup2(int from, int to)
{
	if (from == to)
		return open_at(current->process->files, (uint32_t)from) ? to : -EBADF;
	return dup_to(from, to, false);
}

int32_t sys_dup3(int from, int to, uint32_t flags)
{
	if ((flags & ~O_CLOEXEC) || from == to)
		return -EINVAL;
	return dup_to(from, to, flags & O_CLOEXEC);
}

/* A table that current alone has, as after fork. */
static int unshare(void)
{
	struct process *process = current->process;
	struct files *copy;

	if (process->files->refs == 1)
		return 0;
	copy = files_copy(process->files);
	if (!copy)
		return -ENOMEM;
	files_put(process->files);
	process->files = copy;
	return 0;
}

int32_t sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
	struct files *files;
	int error = 0;

	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE)
		error = unshare();
	if (error)
		return error;
	files = current->process->files;
	for (uint32_t fd = first; fd <= last && fd < files->capacity; fd++) {
		if (!files->open[fd])
			continue;
		if (flags & CLOSE_RANGE_CLOEXEC)
			set_bit(files, fd, true);
		else
			close_one(files, fd);
	}
	return 0;
}
