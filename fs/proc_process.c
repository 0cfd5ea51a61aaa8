/*
 * The files of a process's directory in /proc, in Linux's formats (proc(5)); those about memory
 * are in proc_maps.c, proc_memory.c and proc_pages.c.
 *
 * Whatever may sleep (a page of the other process that is not in memory) holds the address space,
 * not the process, since that can end meanwhile.
 */
#include "proc.h"

#include <clock.h>
#include <format.h>
#include <string.h>
#include <task.h>
#include <tty.h>

#define COPY_CHUNK 512u

bool proc_may_inspect(const struct process *process)
{
	const struct credentials *own = &current->process->cred;

	if (process == current->process || cred_can(CAP_DAC_OVERRIDE))
		return true;
	return own->fsuid == process->cred.euid && own->fsuid == process->cred.uid &&
	       process->dumpable;
}

/* ---- what it was started with ---- */

/* [start, end) of the process's memory, as far as it can be read. */
static void append_memory(struct proc_text *text, struct mm *mm, vaddr_t start, vaddr_t end)
{
	char chunk[COPY_CHUNK];

	for (vaddr_t at = start; at < end;) {
		size_t size = MIN(end - at, COPY_CHUNK), got = mm_read(mm, at, chunk, size);

		proc_append(text, chunk, got);
		if (got < size)
			return;
		at += size;
	}
}

static int show_range(struct proc_text *text, struct process *process, bool environment)
{
	struct mm *mm = process->mm;

	if (!mm)
		return 0;
	mm_get(mm);
	if (environment)
		append_memory(text, mm, mm->env_start, mm->env_end);
	else
		append_memory(text, mm, mm->arg_start, mm->arg_end);
	mm_put(mm);
	return 0;
}

static int show_cmdline(struct proc_text *text, struct process *process)
{
	return show_range(text, process, false);
}

static int show_environ(struct proc_text *text, struct process *process)
{
	return show_range(text, process, true);
}

static int show_auxv(struct proc_text *text, struct process *process)
{
	size_t words = 0;

	if (!process->mm)
		return 0;
	while (words + 2 < ARRAY_SIZE(process->mm->saved_auxv) && process->mm->saved_auxv[words])
		words += 2;
	proc_append(text, (const char *)process->mm->saved_auxv, (words + 2) * sizeof(uint32_t));
	return 0;
}

static int show_comm(struct proc_text *text, struct process *process)
{
	proc_print(text, "%s\n", process->name);
	return 0;
}

static int show_task_comm(struct proc_text *text, const struct task *task)
{
	proc_print(text, "%s\n", task_name(task));
	return 0;
}

/* A process names its own threads alone. */
static int store_task_comm(const char *text, struct task *task)
{
	if (task->process != current->process)
		return -EINVAL;
	task_set_name(task, text);
	return 0;
}

static int store_comm(const char *text, struct process *process)
{
	struct task *first = process->id ? process->id->task : NULL;

	return first ? store_task_comm(text, first) : -EINVAL;
}

/* ---- its limits ---- */

static void print_limit(struct proc_text *text, uint32_t value)
{
	if (value == RLIM_INFINITY)
		proc_print(text, "%-20s ", "unlimited");
	else
		proc_print(text, "%-20u ", value);
}

static int show_limits(struct proc_text *text, struct process *process)
{
	static const struct {
		const char *name, *unit;
	} names[RLIMIT_COUNT] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};

	proc_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
		proc_print(text, "%-25s ", names[i].name);
		print_limit(text, process->rlimits[i].current);
		print_limit(text, process->rlimits[i].maximum);
		proc_print(text, *names[i].unit ? "%-10s\n" : "%s\n", names[i].unit);
	}
	return 0;
}

/* ---- links ---- */

static ssize_t copy_path(const char *path, char *buffer, size_t size)
{
	size_t length;

	if (IS_ERR(path))
		return PTR_ERR(path);
	length = strlen(path);
	if (length > size)
		return -ENAMETOOLONG;
	memmove(buffer, path, length);
	return (ssize_t)length;
}

/* The dentry of the place a link in the directory leads to, a reference for the caller. */
static struct dentry *context_dentry(struct process *process, bool root)
{
	struct dentry *dentry;

	if (!proc_may_inspect(process))
		return ERR_PTR(-EACCES);
	if (!process->fs)
		return ERR_PTR(-ENOENT);
	dentry = root ? process->fs->root : process->fs->cwd;
	dentry_get(dentry);
	return dentry;
}

static struct dentry *jump_cwd(struct process *process, int fd)
{
	(void)fd;
	return context_dentry(process, false);
}

static struct dentry *jump_root(struct process *process, int fd)
{
	(void)fd;
	return context_dentry(process, true);
}

static ssize_t dentry_text(struct dentry *dentry, char *buffer, size_t size)
{
	ssize_t length;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	length = copy_path(dentry_path(dentry, current_root(), buffer, size), buffer, size);
	dentry_put(dentry);
	return length;
}

static ssize_t cwd_text(struct process *process, int fd, char *buffer, size_t size)
{
	return dentry_text(jump_cwd(process, fd), buffer, size);
}

static ssize_t root_text(struct process *process, int fd, char *buffer, size_t size)
{
	return dentry_text(jump_root(process, fd), buffer, size);
}

/* The open file that exe (fd < 0) or fd/N stands for, a reference for the caller. */
static struct file *linked_file(struct process *process, int fd)
{
	struct file *file;

	if (!proc_may_inspect(process))
		return ERR_PTR(-EACCES);
	if (fd >= 0) {
		file = process->files ? files_lookup(process->files, fd) : NULL;
		return file ? file : ERR_PTR(-ENOENT);
	}
	file = process->mm ? process->mm->exe : NULL;
	if (!file)
		return ERR_PTR(-ENOENT);
	file_get(file);
	return file;
}

static struct dentry *jump_file(struct process *process, int fd)
{
	struct file *file = linked_file(process, fd);
	struct dentry *dentry;

	if (IS_ERR(file))
		return (void *)file;
	dentry = file_dentry(file);
	file_put(file);
	return dentry;
}

static ssize_t file_text(struct process *process, int fd, char *buffer, size_t size)
{
	struct file *file = linked_file(process, fd);
	ssize_t length;

	if (IS_ERR(file))
		return PTR_ERR(file);
	length = copy_path(file_path(file, buffer, size), buffer, size);
	file_put(file);
	return length;
}

/* ---- the table ---- */

#define JUMP_ENTRY(entry_name, text_function, jump_function) \
	{ \
		.name = entry_name, .mode = S_IFLNK | 0777, .link_text = text_function, \
		.jump = jump_function \
	}

const struct proc_entry proc_fd_entry = {
	.name = "", .mode = S_IFLNK | 0700, .link_text = file_text, .jump = jump_file
};

/* What a thread has beside its process: registers, signals, time. The rest is the same for all. */
const struct proc_entry proc_task_entries[] = {
	PROC_PRIVATE("auxv", 0400, show_auxv),
	PROC_FILE("cmdline", 0444, show_cmdline),
	{ .name = "comm",
	  .mode = S_IFREG | 0644,
	  .show_task = show_task_comm,
	  .store_task = store_task_comm },
	JUMP_ENTRY("cwd", cwd_text, jump_cwd),
	PROC_PRIVATE("environ", 0400, show_environ),
	JUMP_ENTRY("exe", file_text, jump_file),
	PROC_FILE("limits", 0444, show_limits),
	PROC_PARTS("maps", 0444, proc_show_maps),
	PROC_FILE("mountinfo", 0444, proc_show_mountinfo),
	PROC_FILE("mounts", 0444, proc_show_mounts),
	JUMP_ENTRY("root", root_text, jump_root),
	PROC_PARTS("smaps", 0444, proc_show_smaps),
	PROC_PRIVATE("smaps_rollup", 0444, proc_show_smaps_rollup),
	{ .name = "stat", .mode = S_IFREG | 0444, .show_task = proc_show_task_stat },
	PROC_FILE("statm", 0444, proc_show_statm),
	{ .name = "status", .mode = S_IFREG | 0444, .show_task = proc_show_task_status },
	{ .name = NULL },
};

const struct proc_entry proc_process_entries[] = {
	PROC_PRIVATE("auxv", 0400, show_auxv),
	{ .name = "clear_refs",
	  .mode = S_IFREG | 0200,
	  .store = proc_store_clear_refs,
	  .is_private = true },
	PROC_FILE("cmdline", 0444, show_cmdline),
	{ .name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .store = store_comm },
	JUMP_ENTRY("cwd", cwd_text, jump_cwd),
	PROC_PRIVATE("environ", 0400, show_environ),
	JUMP_ENTRY("exe", file_text, jump_file),
	{ .name = "fail-nth",
	  .mode = S_IFREG | 0644,
	  .file_ops = &proc_fail_ops,
	  .is_private = true },
	{ .name = "faults",
	  .mode = S_IFREG | 0400,
	  .file_ops = &proc_faults_ops,
	  .is_private = true },
	{ .name = "fd", .mode = S_IFDIR | 0500, .lists_fds = true },
	PROC_FILE("limits", 0444, show_limits),
	{ .name = "map_files", .mode = S_IFDIR | 0500, .lists_regions = true },
	PROC_PARTS("maps", 0444, proc_show_maps),
	{ .name = "mem", .mode = S_IFREG | 0600, .file_ops = &proc_mem_ops, .is_private = true },
	PROC_FILE("mountinfo", 0444, proc_show_mountinfo),
	PROC_FILE("mounts", 0444, proc_show_mounts),
	{ .name = "oom_adj",
	  .mode = S_IFREG | 0644,
	  .show = proc_show_oom_adj,
	  .store = proc_store_oom_adj },
	PROC_FILE("oom_score", 0444, proc_show_oom_score),
	{ .name = "oom_score_adj",
	  .mode = S_IFREG | 0644,
	  .show = proc_show_oom_score_adj,
	  .store = proc_store_oom_score_adj },
	{ .name = "pagemap",
	  .mode = S_IFREG | 0400,
	  .read = proc_read_pagemap,
	  .is_private = true },
	JUMP_ENTRY("root", root_text, jump_root),
	PROC_PARTS("smaps", 0444, proc_show_smaps),
	PROC_PRIVATE("smaps_rollup", 0444, proc_show_smaps_rollup),
	PROC_FILE("stat", 0444, proc_show_stat),
	PROC_FILE("statm", 0444, proc_show_statm),
	PROC_FILE("status", 0444, proc_show_status),
	{ .name = "task", .mode = S_IFDIR | 0555, .lists_tasks = true },
	{ .name = NULL },
};
