/*
 * /proc: a file system whose files are made up when they are read.
 *
 * Its tree is a table of entries (proc_system.c, proc_process.c) with three places that no table
 * can hold: a directory for each process and, in each of these, a link for each open file and for
 * each region that maps a file. An inode remembers its entry and, by number, the process and the
 * descriptor or page: never a pointer, since both may be gone by the next look. Every inode is
 * volatile: each walk makes it anew.
 *
 * How a file is read and written is in proc_file.c.
 */
#include "proc.h"

#include <abi/dirent.h>
#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <string.h>

#define PROC_MAGIC 0x9fa0

/* Positions in directories: the two dots, the table, then numbers (processes, descriptors). */
#define POSITION_TABLE 2
#define POSITION_NUMBERS 4096

static const struct proc_entry root_entry = {
	.name = "", .mode = S_IFDIR | 0555, .children = proc_root_entries, .lists_processes = true
};
static const struct proc_entry process_entry = { .name = "",
						 .mode = S_IFDIR | 0555,
						 .children = proc_process_entries };
static const struct proc_entry task_entry = { .name = "",
					      .mode = S_IFDIR | 0555,
					      .children = proc_task_entries };
static const struct inode_ops proc_inode_ops, proc_link_ops, proc_jump_ops;
static const struct file_ops proc_dir_ops;

/* ---- inodes ---- */

/* An index that tells entries apart, stable while the kernel runs. */
static ino_t node_number(const struct proc_entry *entry, pid_t pid, int fd)
{
	uint32_t place = (vaddr_t)entry / sizeof(*entry);

	if (entry == &proc_region_entry)
		return (ino_t)(0x40000000u ^ ((uint32_t)pid << 14) ^ (uint32_t)fd);
	if (fd >= 0)
		return (ino_t)(0x80000000u | ((uint32_t)pid << 16) | (uint32_t)fd);
	return 1 + (((uint32_t)pid << 14) ^ (place & 0x3fff));
}

struct proc_node *proc_node_of(const struct inode *inode)
{
	return inode->data;
}

struct task *proc_node_task(const struct proc_node *node)
{
	struct task *task = node->tid ? task_find(node->tid) : NULL;

	return task && task->process->pid == node->pid ? task : NULL;
}

/*
 * The process whose directory the node is in; NULL when there is none, or it is gone: *error is
 * then -ESRCH, as when the thread is that the node belongs to.
 */
static struct process *node_process(const struct proc_node *node, int *error)
{
	struct process *process = node->pid ? process_find(node->pid) : NULL;

	*error = node->pid && (!process || (node->tid && !proc_node_task(node))) ? -ESRCH : 0;
	return *error ? NULL : process;
}

pid_t file_process_directory(const struct file *file)
{
	const struct inode *inode = file->inode;

	if (file->ops != &proc_dir_ops || proc_node_of(inode)->entry != &process_entry)
		return -1;
	return proc_node_of(inode)->pid;
}

struct process *proc_process_to_read(const struct proc_node *node, int *error)
{
	struct process *process = node_process(node, error);

	if (process && node->entry->is_private && !proc_may_inspect(process))
		*error = -EACCES;
	return process;
}

/* Files of a process belong to its user. */
static void proc_refresh(struct inode *inode)
{
	const struct process *process;
	pid_t pid = S_ISLNK(inode->mode) ? 0 : proc_node_of(inode)->pid;

	if (!pid)
		return;
	process = process_find(pid);
	inode->uid = process && process->dumpable ? process->cred.euid : 0;
	inode->gid = process && process->dumpable ? process->cred.egid : 0;
}

static unsigned count_directories(const struct proc_entry *entry)
{
	unsigned count = 2;

	for (const struct proc_entry *at = entry->children; at && at->name; at++)
		count += S_ISDIR(at->mode);
	return count;
}

static void set_operations(struct inode *inode, const struct proc_entry *entry)
{
	inode->ops = &proc_inode_ops;
	if (S_ISDIR(entry->mode)) {
		inode->file_ops = &proc_dir_ops;
		inode->nlink = count_directories(entry);
	} else if (S_ISLNK(entry->mode)) {
		inode->ops = entry->jump ? &proc_jump_ops : &proc_link_ops;
	} else if (entry->file_ops) {
		inode->file_ops = entry->file_ops;
	} else {
		inode->file_ops = entry->read ? &proc_position_ops : &proc_text_ops;
	}
}

/* A link that leads by its text has it as its target from the start; others keep the node there. */
static int set_content(struct inode *inode, const struct proc_node *node)
{
	const struct proc_entry *entry = node->entry;
	char text[64];
	ssize_t length;

	if (!S_ISLNK(entry->mode) || entry->jump) {
		inode->data = kalloc(sizeof(*node));
		if (!inode->data)
			return -ENOMEM;
		*proc_node_of(inode) = *node;
		return 0;
	}
	length = entry->link_text(process_find(node->pid), node->fd, text, sizeof(text) - 1);
	if (length < 0)
		return (int)length;
	text[length] = '\0';
	inode->target = kstrdup(text);
	return inode->target ? 0 : -ENOMEM;
}

static struct inode *make_inode(struct superblock *superblock, const struct proc_node *node)
{
	struct inode *inode = inode_create(superblock, node->entry->mode);
	int error;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->number = node_number(node->entry, node->tid ? node->tid : node->pid, node->fd);
	inode->flags = INODE_VOLATILE | INODE_FIXED;
	set_operations(inode, node->entry);
	error = set_content(inode, node);
	if (!error) {
		if (!S_ISLNK(node->entry->mode))
			proc_refresh(inode);
		return inode;
	}
	inode_put(inode);
	return ERR_PTR(error);
}

static void proc_evict(struct inode *inode)
{
	/* A link's target or node goes with the inode. */
	if (!S_ISLNK(inode->mode))
		kfree(inode->data);
}

/* ---- looking up ---- */

/* A decimal number without sign or leading zero, or -1. */
static int parse_number(const struct name *name)
{
	char text[12];
	uint32_t value;

	if (name->size > 10 || (name->text[0] == '0' && name->size > 1))
		return -1;
	memcpy(text, name->text, name->size);
	text[name->size] = '\0';
	if (parse_u32(text, 10, &value) != 0 || value > INT32_MAX)
		return -1;
	return (int)value;
}

static bool name_is(const struct name *name, const char *text)
{
	return strlen(text) == name->size && memcmp(name->text, text, name->size) == 0;
}

static bool fd_is_open(pid_t pid, int fd)
{
	struct process *process = process_find(pid);
	struct file *file = process && process->files ? files_lookup(process->files, fd) : NULL;

	if (file)
		file_put(file);
	return file;
}

/* A name in map_files: the bounds of a region that maps a file. */
static struct inode *lookup_region(struct superblock *superblock, pid_t pid,
				   const struct name *name)
{
	const struct vma *vma = proc_next_region(process_find(pid), 0);
	struct proc_node node = { .entry = &proc_region_entry, .pid = pid };
	char text[PROC_REGION_NAME];

	for (; vma; vma = proc_next_region(process_find(pid), vma->end)) {
		proc_region_name(vma, text);
		node.fd = (int)(vma->start >> PAGE_SHIFT);
		if (name_is(name, text))
			return make_inode(superblock, &node);
	}
	return ERR_PTR(-ENOENT);
}

/* A number in a directory that lists processes, threads or descriptors: what it stands for. */
static int lookup_number(const struct proc_node *directory, int number, struct proc_node *node)
{
	const struct proc_entry *entry = directory->entry;

	if (entry->lists_processes && number > 0 && process_find(number)) {
		*node = (struct proc_node){ .entry = &process_entry, .pid = number, .fd = -1 };
		return 0;
	}
	*node = (struct proc_node){ .entry = &task_entry, .pid = directory->pid, .fd = -1 };
	node->tid = number;
	if (entry->lists_tasks && number > 0 && proc_node_task(node))
		return 0;
	*node = (struct proc_node){ .entry = &proc_fd_entry, .pid = directory->pid, .fd = number };
	return entry->lists_fds && number >= 0 && fd_is_open(node->pid, number) ? 0 : -ENOENT;
}

static struct inode *proc_lookup(struct inode *directory, const struct name *name)
{
	const struct proc_node *node = proc_node_of(directory);
	const struct proc_entry *entry = node->entry;
	struct proc_node found = *node;
	int error;

	node_process(node, &error);
	if (error)
		return ERR_PTR(-ENOENT);
	for (const struct proc_entry *at = entry->children; at && at->name; at++) {
		found.entry = at;
		if (name_is(name, at->name))
			return make_inode(directory->superblock, &found);
	}
	if (lookup_number(node, parse_number(name), &found) == 0)
		return make_inode(directory->superblock, &found);
	if (entry->lists_regions)
		return lookup_region(directory->superblock, node->pid, name);
	return ERR_PTR(-ENOENT);
}

/* ---- listing ---- */

/* Adds one entry at the file's position and moves it on; false when the sink is full. */
static bool list_one(struct file *file, struct readdir_sink *sink, const char *name, ino_t number,
		     unsigned type, loff_t next)
{
	if (!sink->add(sink, name, strlen(name), number, type, next))
		return false;
	file->position = next;
	return true;
}

static bool list_dots(struct file *file, struct readdir_sink *sink)
{
	ino_t number = file->inode->number;

	if (file->position == 0 && !list_one(file, sink, ".", number, DT_DIR, 1))
		return false;
	return file->position != 1 || list_one(file, sink, "..", number, DT_DIR, POSITION_TABLE);
}

static bool list_table(struct file *file, struct readdir_sink *sink, const struct proc_node *node)
{
	const struct proc_entry *children = node->entry->children;
	loff_t count = 0;

	while (children && children[count].name)
		count++;
	while (file->position - POSITION_TABLE < count) {
		const struct proc_entry *at = &children[file->position - POSITION_TABLE];

		if (!list_one(file, sink, at->name,
			      node_number(at, node->tid ? node->tid : node->pid, -1),
			      DT_OF_MODE(at->mode), file->position + 1))
			return false;
	}
	if (file->position < POSITION_NUMBERS)
		file->position = POSITION_NUMBERS;
	return true;
}

static bool list_number(struct file *file, struct readdir_sink *sink, int number,
			const struct proc_entry *entry, pid_t pid, int fd)
{
	char name[12];

	format(name, sizeof(name), "%d", number);
	return list_one(file, sink, name, node_number(entry, pid, fd), DT_OF_MODE(entry->mode),
			POSITION_NUMBERS + number + 1);
}

static void list_processes(struct file *file, struct readdir_sink *sink)
{
	struct process *process;

	while ((process = process_next((pid_t)(file->position - POSITION_NUMBERS))))
		if (!list_number(file, sink, process->pid, &process_entry, process->pid, -1))
			return;
}

/* The number of the process's first thread at or above from, 0: none. */
static pid_t next_task_of(const struct process *process, pid_t from)
{
	const struct task *task;
	pid_t next = 0;

	if (!process)
		return 0;
	list_for_each(task, &process->tasks, process_link)
		if (task->tid >= from && (!next || task->tid < next))
			next = task->tid;
	return next;
}

static void list_tasks(struct file *file, struct readdir_sink *sink, pid_t pid)
{
	pid_t tid;

	while ((tid = next_task_of(process_find(pid), (pid_t)(file->position - POSITION_NUMBERS))))
		if (!list_number(file, sink, tid, &task_entry, tid, -1))
			return;
}

/* The first open descriptor of a process at or above from, -1: none, or the process is gone. */
static int next_fd_of(pid_t pid, int from)
{
	const struct process *process = process_find(pid);

	return process && process->files ? files_next_fd(process->files, from) : -1;
}

static void list_fds(struct file *file, struct readdir_sink *sink, pid_t pid)
{
	int fd;

	while ((fd = next_fd_of(pid, (int)(file->position - POSITION_NUMBERS))) >= 0)
		if (!list_number(file, sink, fd, &proc_fd_entry, pid, fd))
			return;
}

static void list_regions(struct file *file, struct readdir_sink *sink, pid_t pid)
{
	const struct vma *vma;
	char name[PROC_REGION_NAME];

	for (;;) {
		vaddr_t from = (vaddr_t)(file->position - POSITION_NUMBERS) << PAGE_SHIFT;
		uint32_t page;

		vma = proc_next_region(process_find(pid), from);
		if (!vma)
			return;
		page = vma->start >> PAGE_SHIFT;
		proc_region_name(vma, name);
		if (!list_one(file, sink, name, node_number(&proc_region_entry, pid, (int)page),
			      DT_LNK, POSITION_NUMBERS + (loff_t)page + 1))
			return;
	}
}

static int proc_readdir(struct file *file, struct readdir_sink *sink)
{
	const struct proc_node *node = proc_node_of(file->inode);
	int error;

	node_process(node, &error);
	if (error)
		return -ENOENT;
	if (!list_dots(file, sink) || !list_table(file, sink, node))
		return 0;
	if (node->entry->lists_processes)
		list_processes(file, sink);
	if (node->entry->lists_tasks)
		list_tasks(file, sink, node->pid);
	if (node->entry->lists_fds)
		list_fds(file, sink, node->pid);
	if (node->entry->lists_regions)
		list_regions(file, sink, node->pid);
	return 0;
}

/* ---- links ---- */

static ssize_t proc_link_text(struct inode *inode, char *buffer, size_t size)
{
	const struct proc_node *node = proc_node_of(inode);
	int error;
	struct process *process = node_process(node, &error);

	return error ? -ENOENT : node->entry->link_text(process, node->fd, buffer, size);
}

static struct dentry *proc_jump(struct inode *inode)
{
	const struct proc_node *node = proc_node_of(inode);
	int error;
	struct process *process = node_process(node, &error);

	return error ? ERR_PTR(-ENOENT) : node->entry->jump(process, node->fd);
}

/* ---- the file system ---- */

static const struct inode_ops proc_inode_ops = { .lookup = proc_lookup, .refresh = proc_refresh };
static const struct inode_ops proc_link_ops = { .lookup = NULL };
static const struct inode_ops proc_jump_ops = { .jump = proc_jump, .link_text = proc_link_text };

static const struct file_ops proc_dir_ops = { .read = dir_read, .readdir = proc_readdir };
static const struct super_ops proc_super_ops = { .evict = proc_evict };

static int proc_mount(struct superblock *superblock, const char *options)
{
	struct name name = { "", 0, 0 };
	struct proc_node node = { .entry = &root_entry, .fd = -1 };
	struct inode *inode;

	(void)options;
	superblock->ops = &proc_super_ops;
	inode = make_inode(superblock, &node);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->flags &= ~INODE_VOLATILE;
	superblock->root = dentry_create(NULL, &name, inode);
	if (superblock->root)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

struct filesystem proc_type = {
	.name = "proc",
	.mount = proc_mount,
	.magic = PROC_MAGIC,
	.single = true,
	.no_programs = true,
};

void proc_init(void)
{
	filesystem_register(&proc_type);
}
