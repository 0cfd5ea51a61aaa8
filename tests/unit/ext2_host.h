/*
 * A small world for fs/ext2 on the host: a disk in memory, the page cache of its device, inodes
 * and the pages of files, so that the whole file system runs in a unit test. To be included once.
 *
 * There is one task; what would sleep runs what it waits for at once. Writes go to a log, with the
 * flushes between them, from which the disk can be had as a crash at any moment would leave it:
 * all that was flushed, and of the rest any part. Pages of the device that nobody holds are
 * forgotten at random and come back from the disk; allocations fail at random when asked to.
 *
 * SOURCES: fs/ext2/geometry.c fs/ext2/bitmap.c fs/ext2/dirblock.c fs/ext2/buffer.c fs/ext2/order.c
 * fs/ext2/window.c fs/ext2/balloc.c fs/ext2/ialloc.c fs/ext2/map.c fs/ext2/truncate.c fs/ext2/inode.c
 * fs/ext2/delete.c fs/ext2/dir.c fs/ext2/symlink.c fs/ext2/namei.c fs/ext2/file.c
 * fs/ext2/super.c fs/ext2/options.c lib/radix.c lib/integer.c lib/string.c
 */
#ifndef LOFT_EXT2_HOST_H
#define LOFT_EXT2_HOST_H

#include "unit.h"

#include "../../fs/ext2/ext2.h"

#include <clock.h>
#include <frame.h>
#include <kheap.h>
#include <ledger.h>
#include <random.h>
#include <signal.h>
#include <string.h>
#include <uaccess.h>
#include <vm_events.h>
#include <writeback.h>

void *mmap(void *at, size_t size, int protection, int flags, int fd, long offset);
int system(const char *command);
int open(const char *path, int flags, ...);
ssize_t read(int fd, void *to, size_t size);
ssize_t write(int fd, const void *from, size_t size);
int close(int fd);
int unlink(const char *path);
int getpid(void);
int snprintf(char *to, size_t size, const char *text, ...);
int vsnprintf(char *to, size_t size, const char *text, va_list args);

#define DEVICE_PAGES 4096u /* 16 MB at most */
#define FILE_PAGES 8192u
#define ALL_PAGES (DEVICE_PAGES + FILE_PAGES)

/* ---- memory ---- */

struct frame *frame_array;
pfn_t frame_array_end = ALL_PAGES;
paddr_t frame_low_limit = ALL_PAGES * PAGE_SIZE;
static unsigned fail_one_in; /* allocations; 0: none fails */

static bool fails(void)
{
	return fail_one_in && unit_random() % fail_one_in == 0;
}

void *kalloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *kzalloc(size_t size)
{
	return fails() ? NULL : calloc(1, size);
}

void kfree(void *pointer)
{
	free(pointer);
}

char *kstrdup(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = kalloc(size);

	return copy ? memcpy(copy, string, size) : NULL;
}

uint32_t frame_usable(void)
{
	return 4096;
}

static struct frame *spare[FILE_PAGES];
static unsigned nspare;

static struct frame *page_alloc(void)
{
	struct frame *frame;

	assert_true(nspare > 0);
	frame = spare[--nspare];
	frame->refs = 1;
	memset(frame_virt(frame), 0, PAGE_SIZE);
	return frame;
}

void frame_free(struct frame *frame)
{
	assert_int_equal(frame->holds, 0);
	/* The device's pages stay where they are. */
	if (frame < &frame_array[DEVICE_PAGES])
		return;
	frame->flags = 0;
	spare[nspare++] = frame;
}

/* ---- the disk, and the log of writes ---- */

static uint8_t *disk; /* as the host was given it */
static uint32_t disk_size;

struct logged {
	uint64_t place;
	uint32_t size; /* 0: a flush */
	uint8_t *data;
};
static struct logged *events;
static unsigned nevents, events_room;
static bool logging;

static void log_event(uint64_t place, const void *data, uint32_t size)
{
	if (!logging)
		return;
	if (nevents == events_room) {
		struct logged *more = malloc((events_room * 2 + 64) * sizeof(*more));

		for (unsigned i = 0; i < nevents; i++)
			more[i] = events[i];
		free(events);
		events = more;
		events_room = events_room * 2 + 64;
	}
	events[nevents] = (struct logged){ place, size, size ? malloc(size) : NULL };
	if (size)
		memcpy(events[nevents].data, data, size);
	nevents++;
}

static void log_clear(void)
{
	while (nevents > 0)
		free(events[--nevents].data);
}

static void disk_write(uint64_t place, const void *data, uint32_t size)
{
	assert_true(place + size <= disk_size);
	memcpy(disk + place, data, size);
	log_event(place, data, size);
}

/* ---- block devices ---- */

static struct disk host_disk = { .nsectors = 0 };
static struct object device_pages;
static struct block_device host_device = { .name = "hda",
					   .disk = &host_disk,
					   .pages = &device_pages };
static struct block_request *queue_first;

struct block_request *block_request_get(bool may_wait)
{
	assert_true(may_wait);
	return calloc(1, sizeof(struct block_request));
}

void block_request_put(struct block_request *request)
{
	free(request);
}

void block_submit(struct block_request *request)
{
	request->next = queue_first;
	queue_first = request;
}

static bool run_requests(void)
{
	struct block_request *request = queue_first;
	uint64_t place;

	if (!request)
		return false;
	queue_first = request->next;
	assert_int_equal(request->op, BLOCK_WRITE);
	place = request->sector * SECTOR_SIZE;
	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];

		disk_write(place, (uint8_t *)frame_virt(segment->frame) + segment->offset,
			   segment->size);
		place += segment->size;
	}
	request->done(request, 0);
	return true;
}

int block_flush(struct block_device *device)
{
	assert_ptr_equal(device, &host_device);
	assert_null(queue_first);
	log_event(0, NULL, 0);
	return 0;
}

/* ---- pages ---- */

static bool page_known[DEVICE_PAGES];

void object_init(struct object *object, const struct object_ops *ops, void *owner)
{
	*object = (struct object){ .ops = ops, .refs = 1, .owner = owner };
}

static struct frame *device_page(uint32_t index, bool read_it)
{
	struct frame *frame = &frame_array[index];

	assert_true(index < DEVICE_PAGES && (index + 1) * PAGE_SIZE <= disk_size);
	assert_true(frame->refs >= frame->holds);
	/* Nobody has it: it may have left the cache. */
	if (frame->refs == 0 && unit_random() % 4 == 0)
		page_known[index] = false;
	frame->refs++;
	if (!page_known[index] && read_it)
		memcpy(frame_virt(frame), disk + index * PAGE_SIZE, PAGE_SIZE);
	else if (!page_known[index])
		memset(frame_virt(frame), 0, PAGE_SIZE);
	page_known[index] = true;
	return frame;
}

/* Where a page lies, whatever it takes. False: the disk does not say. */
static bool map_page(struct object *object, uint32_t index, struct page_blocks *blocks)
{
	unsigned saved = fail_one_in;
	int error;

	fail_one_in = 0;
	error = object->ops->map_blocks(object, index, NULL, blocks);
	fail_one_in = saved;
	assert_true(!error || error == -EIO);
	return !error;
}

static void read_blocks(struct object *object, uint32_t index, struct frame *frame)
{
	struct page_blocks blocks;

	if (!map_page(object, index, &blocks))
		return;
	for (unsigned i = 0; i < blocks.nblocks; i++) {
		uint8_t *to = (uint8_t *)frame_virt(frame) + i * blocks.block_size;

		if (blocks.sector[i] != BLOCK_HOLE)
			memcpy(to, disk + blocks.sector[i] * SECTOR_SIZE, blocks.block_size);
	}
}

/* The device's pages are frames 0.. themselves; a file's are in its tree. */
struct frame *object_get_page(struct object *object, uint32_t index)
{
	struct frame *frame;

	if (fails())
		return ERR_PTR(-ENOMEM);
	if (object == &device_pages)
		return device_page(index, true);
	frame = radix_lookup(&object->pages, index);
	if (!frame) {
		frame = page_alloc();
		read_blocks(object, index, frame);
		if (((uint64_t)index + 1) << PAGE_SHIFT > object->size) {
			uint64_t start = (uint64_t)index << PAGE_SHIFT;
			unsigned keep = object->size > start ? (unsigned)(object->size - start) : 0;

			memset((uint8_t *)frame_virt(frame) + keep, 0, PAGE_SIZE - keep);
		}
		while (radix_insert(&object->pages, index, frame) != 0)
			;
	}
	frame->refs++;
	return frame;
}

struct frame *object_get_page_over(struct object *object, uint32_t index, unsigned from,
				   unsigned to)
{
	assert_ptr_equal(object, &device_pages);
	if (fails())
		return ERR_PTR(-ENOMEM);
	return device_page(index, from != 0 || to != PAGE_SIZE);
}

void object_mark_dirty_range(struct frame *frame, unsigned from, unsigned to)
{
	assert_true(from < to && to <= PAGE_SIZE);
	frame->flags |= FRAME_FLAG_DIRTY;
}

static void write_page(struct object *object, uint32_t index, struct frame *frame)
{
	struct page_blocks blocks;

	if (!map_page(object, index, &blocks))
		return;
	for (unsigned i = 0; i < blocks.nblocks; i++) {
		const uint8_t *from = (uint8_t *)frame_virt(frame) + i * blocks.block_size;
		uint64_t start = ((uint64_t)index << PAGE_SHIFT) + i * blocks.block_size;

		if (blocks.sector[i] != BLOCK_HOLE && start < object->size)
			disk_write(blocks.sector[i] * SECTOR_SIZE, from, blocks.block_size);
	}
	frame->flags &= (uint16_t)~FRAME_FLAG_DIRTY;
}

int object_write_back(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	uint32_t index = first;
	struct frame *frame;

	(void)wait;
	while ((frame = radix_next(&object->pages, &index)) && index <= last) {
		if (frame->flags & FRAME_FLAG_DIRTY)
			write_page(object, index, frame);
		index++;
	}
	return 0;
}

void object_remove_pages(struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first;
	struct frame *frame;

	while ((frame = radix_next(&object->pages, &index)) && index <= last) {
		radix_remove(&object->pages, index);
		frame_put(frame);
	}
}

int object_truncate(struct object *object, uint64_t size)
{
	uint32_t index = (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	struct frame *frame;

	object->size = size;
	object_remove_pages(object, index, UINT32_MAX);
	frame = size & PAGE_MASK ? radix_lookup(&object->pages, index - 1) : NULL;
	if (frame)
		memset((uint8_t *)frame_virt(frame) + (size & PAGE_MASK), 0,
		       PAGE_SIZE - (size & PAGE_MASK));
	return 0;
}

ssize_t file_cache_read(struct file *file, struct uio *io, loff_t *position)
{
	fail_msg("file_cache_read %p %p %p", file, io, position);
	return 0;
}

ssize_t file_cache_write(struct file *file, struct uio *io, loff_t *position)
{
	return file_cache_read(file, io, position);
}

/* ---- waiting ---- */

static uint64_t host_now = 1000000000ull * NSEC_PER_SEC;

static struct task only_task;
struct task *current = &only_task;
static struct process only_process;

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue;
	list_init(&waiter->link);
}

void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}

void wait_prepare(enum wait_kind kind)
{
	(void)kind;
}

int wait_sleep(uint64_t deadline)
{
	if (run_requests())
		return 0;
	if (deadline == WAIT_FOREVER)
		fail_msg("sleeping for ever");
	host_now = MAX(host_now, deadline);
	return -ETIMEDOUT;
}

void wait_cancel(void)
{
}

void wake_events(struct wait_queue *queue, uint32_t events_known)
{
	(void)queue;
	(void)events_known;
}

void mutex_wait(struct mutex *mutex)
{
	fail_msg("a mutex is held: %p", mutex);
}

void mutex_wake(struct mutex *mutex)
{
	fail_msg("nobody waits: %p", mutex);
}

/* ---- time, chance, the log ---- */

volatile uint32_t clock_stamp;
uint32_t vm_events[VM_EVENTS_COUNT];
static bool quiet_log;
static unsigned nlog_errors;

uint64_t clock_monotonic_ns(void)
{
	return host_now;
}

uint64_t inode_now(void)
{
	return host_now;
}

void random_bytes(void *to, size_t size)
{
	memset(to, 7, size);
}

void log_print(enum log_level level, const char *text, ...)
{
	char line[256];
	va_list args;

	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	if (level <= LOG_ERR)
		nlog_errors++;
	if (!quiet_log)
		printf("log: %s\n", line);
}

int vformat(char *to, size_t size, const char *text, va_list args)
{
	return vsnprintf(to, size, text, args);
}

int format(char *to, size_t size, const char *text, ...)
{
	va_list args;
	int length;

	va_start(args, text);
	length = vsnprintf(to, size, text, args);
	va_end(args);
	return length;
}

void panic(const char *text, ...)
{
	fail_msg("panic: %s", text);
	__builtin_unreachable();
}

/* It is always another's turn, who does nothing. */
volatile bool sched_need_resched = true;
static unsigned nturns;

void sched_preempt(void)
{
	nturns++;
}

bool signal_fatal_pending(void)
{
	return false;
}

/* ---- inodes: all in one list, and nothing of rights ---- */

#define INODES_MAX 4096u
static struct inode *inodes[INODES_MAX];

static struct inode **slot_of(ino_t number)
{
	struct inode **free_slot = NULL;

	for (unsigned i = 0; i < INODES_MAX; i++) {
		if (inodes[i] && inodes[i]->number == number)
			return &inodes[i];
		if (!inodes[i] && !free_slot)
			free_slot = &inodes[i];
	}
	assert_non_null(free_slot);
	return free_slot;
}

struct inode *inode_find_or_new(struct superblock *superblock, ino_t number, bool *is_new)
{
	struct inode **slot = slot_of(number), *inode = *slot;

	*is_new = !inode;
	if (inode) {
		inode->refs++;
		return inode;
	}
	inode = kzalloc(sizeof(*inode));
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->refs = 1;
	inode->number = number;
	inode->superblock = superblock;
	inode->flags = INODE_NEW;
	list_init(&inode->dirty_link);
	mutex_init(&inode->lock);
	object_init(&inode->pages, NULL, inode);
	*slot = inode;
	return inode;
}

void inode_ready(struct inode *inode)
{
	assert_true(inode->flags & INODE_NEW);
	inode->flags &= ~INODE_NEW;
}

static void host_free_inode(struct inode *inode)
{
	*slot_of(inode->number) = NULL;
	if (S_ISLNK(inode->mode))
		free(inode->target);
	free(inode);
}

void inode_failed(struct inode *inode)
{
	assert_true((inode->flags & INODE_NEW) && !inode->own);
	host_free_inode(inode);
}

static void host_evict(struct inode *inode)
{
	object_remove_pages(&inode->pages, 0, UINT32_MAX);
	inode->superblock->ops->evict(inode);
	host_free_inode(inode);
}

/* Unused ones stay, until evict_some. */
void inode_release(struct inode *inode)
{
	if (inode->nlink == 0)
		host_evict(inode);
}

int inode_write(struct inode *inode, bool times_too, bool wait)
{
	uint32_t dirty = INODE_DIRTY | INODE_DIRTY_TIMES, how = inode->flags & dirty;
	int error;

	if (!(times_too ? how : how & INODE_DIRTY))
		return 0;
	inode->flags &= ~dirty;
	error = inode->superblock->ops->write_inode(inode, wait);
	if (error)
		inode->flags |= how;
	return error;
}

void inode_mark_dirty(struct inode *inode)
{
	inode->flags |= INODE_DIRTY;
}

void inode_mark_dirty_times(struct inode *inode)
{
	inode->flags |= INODE_DIRTY_TIMES;
}

void inode_set_modified(struct inode *inode)
{
	inode->mtime = inode->ctime = host_now;
	inode_mark_dirty_times(inode);
}

void inode_changed(struct inode *inode)
{
	inode->ctime = host_now;
	inode_mark_dirty(inode);
}

void inode_new_owner(struct inode *inode, const struct inode *directory, mode_t mode)
{
	(void)directory;
	inode->mode = mode;
}

bool cred_can(unsigned capability)
{
	(void)capability;
	return true;
}

bool cred_in_group(gid_t gid)
{
	(void)gid;
	return true;
}

bool inode_is_mine(const struct inode *inode)
{
	(void)inode;
	return true;
}

int superblock_writable(const struct superblock *superblock)
{
	return superblock->flags & MS_RDONLY ? -EROFS : 0;
}

void inode_release_pages(struct object *pages)
{
	(void)pages;
}

struct dentry *dentry_create(struct dentry *parent, const struct name *name, struct inode *inode)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry));

	(void)parent;
	(void)name;
	if (dentry)
		dentry->inode = inode;
	return dentry;
}

static struct filesystem *host_type;

void filesystem_register(struct filesystem *type)
{
	host_type = type;
}

static struct writeback_client *host_client;

void writeback_register(struct writeback_client *client)
{
	host_client = client;
}

ssize_t dir_read(struct file *file, struct uio *io, loff_t *position)
{
	(void)file;
	(void)io;
	(void)position;
	return -EISDIR;
}

loff_t file_seek_default(struct file *file, loff_t offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return -EINVAL;
}

int get_user(uint32_t *to, const uint32_t __user *from)
{
	*to = *from;
	return 0;
}

int put_user(uint32_t __user *to, uint32_t value)
{
	*to = value;
	return 0;
}

/* ---- mounting ---- */

static struct superblock host_super;

static void host_setup(void)
{
	void *at = mmap((void *)0xc0000000u, ALL_PAGES * PAGE_SIZE, 3, 0x100032, -1, 0);

	assert_ptr_equal(at, (void *)0xc0000000u);
	frame_array = calloc(ALL_PAGES, sizeof(*frame_array));
	disk = malloc(DEVICE_PAGES * PAGE_SIZE);
	for (unsigned i = 0; i < FILE_PAGES; i++)
		spare[nspare++] = &frame_array[DEVICE_PAGES + i];
	only_task.process = &only_process;
	object_init(&device_pages, NULL, NULL);
	ext2_init();
}

/* What the device's cache knows is forgotten: another image. */
static void host_new_disk(uint32_t size)
{
	assert_true(size <= DEVICE_PAGES * PAGE_SIZE && size % PAGE_SIZE == 0);
	disk_size = size;
	host_device.nsectors = size / SECTOR_SIZE;
	for (unsigned i = 0; i < DEVICE_PAGES; i++) {
		assert_int_equal(frame_array[i].refs, 0);
		page_known[i] = false;
	}
}

static int host_mount(uint32_t flags, const char *options)
{
	host_super =
		(struct superblock){ .type = host_type, .block = &host_device, .flags = flags };
	mutex_init(&host_super.names);
	list_init(&host_super.dirty);
	return host_type->mount(&host_super, options);
}

static int host_sync(void)
{
	int error = 0;

	for (unsigned i = 0; i < INODES_MAX; i++) {
		if (!inodes[i])
			continue;
		object_write_back(&inodes[i]->pages, 0, UINT32_MAX, true);
		error = inode_write(inodes[i], true, false) ?: error;
	}
	return host_super.ops->sync(&host_super, true) ?: error;
}

/* Unused inodes that are clean leave memory, at random or (all) after all was written. */
static void host_evict_some(bool all)
{
	for (unsigned i = 0; i < INODES_MAX; i++) {
		struct inode *inode = inodes[i];

		if (!inode || inode->refs || (!all && unit_random() % 4))
			continue;
		object_write_back(&inode->pages, 0, UINT32_MAX, true);
		if (inode_write(inode, true, false) == 0)
			host_evict(inode);
	}
}

static void host_unmount(void)
{
	inode_put(host_super.root->inode);
	free(host_super.root);
	fail_one_in = 0;
	assert_int_equal(host_sync(), 0);
	host_evict_some(true);
	for (unsigned i = 0; i < INODES_MAX; i++)
		assert_null(inodes[i]);
	host_super.ops->release(&host_super);
}

/* ---- images in files, for the host's tools ---- */

static void image_path(char *to, size_t size)
{
	snprintf(to, size, "/tmp/loft-ext2-%d.img", getpid());
}

static int run(const char *text, ...)
{
	char command[512];
	va_list args;

	va_start(args, text);
	vsnprintf(command, sizeof(command), text, args);
	va_end(args);
	return system(command);
}

static void image_load(const char *path)
{
	int fd = open(path, 0);

	assert_true(fd >= 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_int_equal(read(fd, disk + at, MIN(65536, disk_size - at)),
				 MIN(65536, disk_size - at));
	close(fd);
}

static void image_save(const char *path, const uint8_t *from)
{
	int fd = open(path, 01101, 0600);

	assert_true(fd >= 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_int_equal(write(fd, from + at, MIN(65536, disk_size - at)),
				 MIN(65536, disk_size - at));
	close(fd);
}

/* A new file system of so many bytes; options for mke2fs. */
static void make_image(uint32_t size, const char *options)
{
	char path[64];

	image_path(path, sizeof(path));
	host_new_disk(size);
	unlink(path);
	assert_int_equal(run("PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext2 %s %s %uk >/dev/null",
			     options, path, size / 1024),
			 0);
	image_load(path);
}

/* What e2fsck says: its exit status. flags: "-fn", "-fy". The image is read back. */
static int check_image(uint8_t *image, const char *flags, bool show)
{
	char path[64];
	int status, fd;

	image_path(path, sizeof(path));
	image_save(path, image);
	status = run("PATH=$PATH:/usr/sbin:/sbin e2fsck %s %s %s 2>&1", flags, path,
		     show ? "" : ">/dev/null");
	fd = open(path, 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_true(read(fd, image + at, MIN(65536, disk_size - at)) > 0);
	close(fd);
	return status >> 8;
}

#endif
