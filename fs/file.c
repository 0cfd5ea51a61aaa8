/*
 * Open files: their life, what opening means for each type, and reading and writing with all that
 * Linux asks for around it: rights of the file, limits, O_APPEND, set-id bits, times.
 *
 * A file is shared by all descriptors that dup and fork make of it. Writes to a regular file follow
 * one another by the inode's lock, the position included, so that two writers never overlap.
 */
#include <vfs.h>

#include <assert.h>
#include <blockdev.h>
#include <format.h>
#include <kheap.h>
#include <string.h>

#define NON_LARGE_MAX 0x7fffffffull /* without O_LARGEFILE */

const struct file_ops path_only_ops;

struct file *file_create(struct inode *inode, struct dentry *dentry, uint32_t flags)
{
	struct file *file = kzalloc(sizeof(*file));

	if (!file)
		return NULL;
	file->refs = 1;
	file->inode = inode;
	file->dentry = dentry;
	file->flags = flags;
	list_init(&file->watchers);
	inode_get(inode);
	if (dentry)
		dentry_get(dentry);
	return file;
}

void file_free_unopened(struct file *file)
{
	if (file->dentry)
		dentry_put(file->dentry);
	inode_put(file->inode);
	kfree(file);
}

void file_release(struct file *file)
{
	assert(file->refs == 0);
	if (unlikely(!list_empty(&file->watchers)))
		epoll_forget(file);
	if (file->inode->locks)
		locks_release_file(file);
	if (file->ops->release)
		file->ops->release(file);
	if (file->flags & FILE_WRITER)
		inode_put_write(file->inode);
	if (file->flags & FILE_RUNS)
		inode_allow_write(file->inode);
	file_free_unopened(file);
	mount_reap_detached();
}

bool file_may_read(const struct file *file)
{
	return file_readable(file);
}

bool file_may_write(const struct file *file)
{
	return file_writable(file);
}

bool file_may_execute(const struct file *file)
{
	const struct inode *inode = file->inode;

	if (!inode->superblock)
		return !S_ISFIFO(inode->mode) && !S_ISSOCK(inode->mode);
	return !(inode->superblock->flags & MS_NOEXEC) && !inode->superblock->type->no_programs;
}

/* ---- opening ---- */

/*
 * The operations that a file of this inode begins with: ERR_PTR(-ENXIO, -ELOOP) where there is
 * nothing to open.
 */
static const struct file_ops *ops_of(const struct inode *inode)
{
	switch (inode->mode & S_IFMT) {
	case S_IFCHR:
		return &chardev_ops;
	case S_IFBLK:
		return &blockdev_ops;
	case S_IFIFO:
		return &fifo_ops;
	case S_IFLNK:
		return ERR_PTR(-ELOOP);
	case S_IFREG:
	case S_IFDIR:
		assert(inode->file_ops);
		return inode->file_ops;
	default:
		return ERR_PTR(-ENXIO);
	}
}

static bool wants_write(const struct file *file)
{
	return S_ISREG(file->inode->mode) && (file->flags & O_ACCMODE) != O_RDONLY;
}

/* Counts writers and asks the inode's own open routine. */
static int open_inode(struct file *file)
{
	int error = 0;

	if (IS_ERR(file->ops))
		return PTR_ERR(file->ops);
	if (wants_write(file)) {
		error = inode_get_write(file->inode);
		if (error)
			return error;
		file->flags |= FILE_WRITER;
	}
	if (file->ops->open)
		error = file->ops->open(file->inode, file);
	if (error && (file->flags & FILE_WRITER))
		inode_put_write(file->inode);
	return error;
}

struct file *file_open_dentry(struct dentry *dentry, uint32_t flags)
{
	struct file *file = file_create(dentry->inode, dentry, flags & FILE_FLAGS_ABI);
	int error;

	if (!file)
		return ERR_PTR(-ENOMEM);
	if (flags & O_PATH) {
		file->ops = &path_only_ops;
		file->flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
		return file;
	}
	file->ops = ops_of(dentry->inode);
	file->flags &= ~(O_CREAT | O_TRUNC | O_CLOEXEC);
	file->error_seen = object_error_sample(&dentry->inode->pages);
	error = open_inode(file);
	file->flags &= ~(O_NOCTTY | O_EXCL);
	if (!error && (file->flags & O_DIRECT) && !file->ops->direct) {
		file_put(file);
		return ERR_PTR(-EINVAL);
	}
	if (!error)
		return file;
	file_free_unopened(file);
	return ERR_PTR(error);
}

struct file *file_create_anonymous(const struct file_ops *ops, void *data, uint32_t flags,
				   mode_t type, const char *kind)
{
	struct inode *inode = inode_create(NULL, type);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->kind = kind;
	inode->uid = current->process->cred.fsuid;
	inode->gid = current->process->cred.fsgid;
	file = file_create(inode, NULL, flags);
	inode_put(inode);
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->ops = ops;
	file->data = data;
	return file;
}

int file_install(struct file *file, bool close_on_exec)
{
	int fd = files_install(current->process->files, file, 0, close_on_exec);

	if (fd < 0)
		file_put(file);
	return fd;
}

int file_install_anonymous(const struct file_ops *ops, void *data, uint32_t flags, const char *kind)
{
	uint32_t kept = flags & (O_ACCMODE | O_NONBLOCK);
	struct file *file = file_create_anonymous(ops, data, kept, 0600, kind);

	if (IS_ERR(file)) {
		struct file failed = { .data = data };

		ops->release(&failed);
		return PTR_ERR(file);
	}
	return file_install(file, flags & O_CLOEXEC);
}

struct dentry *file_dentry(struct file *file)
{
	struct name name = { "", 0, 0 };
	struct dentry *dentry = file->dentry;

	if (dentry) {
		dentry_get(dentry);
		return dentry;
	}
	dentry = dentry_create(NULL, &name, file->inode);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	inode_get(file->inode);
	return dentry;
}

/* ---- reading and writing ---- */

void signal_self(int signal)
{
	struct siginfo info = {
		.signo = signal,
		.code = SI_USER,
		.sender = { .pid = current->process->pid, .uid = current->process->cred.uid },
	};

	signal_send_task(current, signal, &info);
}

/* How far a write at `at` may go: the bytes that are allowed, or -EFBIG, -ETXTBSY. */
static int64_t write_room(const struct file *file, uint64_t at)
{
	uint32_t limit = current->process->rlimits[RLIMIT_FSIZE].current;
	uint64_t end = FILE_SIZE_MAX;

	/* It may have become one while its lock was waited for. */
	if (unlikely(file->inode->flags & INODE_SWAP))
		return -ETXTBSY;
	if (limit != RLIM_INFINITY && current->process->mm) {
		if (at >= limit) {
			signal_self(SIGXFSZ);
			return -EFBIG;
		}
		end = limit;
	}
	if (!(file->flags & O_LARGEFILE) && current->process->mm)
		end = MIN(end, NON_LARGE_MAX);
	return at >= end ? -EFBIG : (int64_t)(end - at);
}

ssize_t file_write_content(struct file *file, struct uio *io, loff_t *position)
{
	struct inode *inode = file->inode;
	size_t held_back = 0;
	int64_t room;
	ssize_t done;

	if (unlikely(inode->flags & INODE_SWAP))
		return -ETXTBSY;
	if (io->left == 0)
		return 0;
	mutex_lock(&inode->lock);
	if ((file->flags & O_APPEND) || io->append)
		*position = (loff_t)inode->pages.size;
	room = write_room(file, (uint64_t)*position);
	done = room < 0 ? (ssize_t)room : 0;
	if (!done) {
		if (io->left > (uint64_t)room)
			held_back = io->left - (size_t)room;
		io->left -= held_back;
		inode_drop_setid(inode);
		done = file->ops->write(file, io, position);
		io->left += held_back;
		if (done > 0)
			inode_modified(inode);
	}
	mutex_unlock(&inode->lock);
	return done > 0 ? file_write_synced(file, (uint64_t)(*position - done), done) : done;
}

ssize_t file_read_kernel(struct file *file, void *to, size_t size, loff_t offset)
{
	struct iovec vec;
	struct uio io;

	if (!file->ops->read)
		return -EINVAL;
	uio_init(&io, &vec, to, size, true);
	return file->ops->read(file, &io, &offset);
}

/* ---- positions ---- */

loff_t file_no_seek(struct file *file, loff_t offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

loff_t file_stay(struct file *file, loff_t offset, int whence)
{
	(void)offset;
	(void)whence;
	return file->position;
}

/* SEEK_DATA and SEEK_HOLE: a file is all data, with a hole at its end. */
static loff_t seek_data(const struct inode *inode, loff_t offset, int whence)
{
	if (offset < 0 || (uint64_t)offset >= inode->pages.size)
		return -ENXIO;
	return whence == SEEK_DATA ? offset : (loff_t)inode->pages.size;
}

loff_t file_seek_default(struct file *file, loff_t offset, int whence)
{
	uint64_t base;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (uint64_t)file->position;
		break;
	case SEEK_END:
		base = file->inode->pages.size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		offset = seek_data(file->inode, offset, whence);
		base = 0;
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	/* Unsigned, so that an overflow is defined and shows as a negative or too large sum. */
	offset = (loff_t)(base + (uint64_t)offset);
	if (offset < 0 || (uint64_t)offset > FILE_SIZE_MAX)
		return -EINVAL;
	file->position = offset;
	return offset;
}

/* ---- what others ask of a file ---- */

struct object *file_mmap_object(struct file *file)
{
	if (file->flags & O_PATH)
		return ERR_PTR(-EBADF);
	return file->ops->object ? file->ops->object(file) : ERR_PTR(-ENODEV);
}

void file_mapped(struct file *file)
{
	file->ops->mapped(file);
}

void file_unmapped(struct file *file)
{
	file->ops->unmapped(file);
}

const char *file_path(const struct file *file, char *buffer, size_t size)
{
	const struct inode *inode = file->inode;

	if (inode->kind && !(inode->mode & S_IFMT)) {
		format(buffer, size, "%s", inode->kind);
		return buffer;
	}
	if (inode->kind) {
		format(buffer, size, "%s:[%u]", inode->kind, inode->number);
		return buffer;
	}
	assert(file->dentry);
	return dentry_path(file->dentry, current_root(), buffer, size);
}

uint32_t file_inode_number(const struct file *file)
{
	return file->inode->number;
}

dev_t file_device(const struct file *file)
{
	return file->inode->superblock ? file->inode->superblock->device : pipe_device();
}

void file_stat(const struct file *file, struct stat64 *to)
{
	inode_stat(file->inode, to);
}

bool file_may_raise(const struct file *file)
{
	const struct superblock *superblock = file->inode->superblock;

	return !superblock || !(superblock->flags & MS_NOSUID);
}
