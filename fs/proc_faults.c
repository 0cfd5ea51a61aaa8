/*
 * /proc/faults and /proc/PID/faults: the fault trace as lines.
 *
 * A reader is a number in the trace, the next record it gets, and what is left of a line that did
 * not fit its last buffer. When there is nothing for it, it sleeps, and a fault wakes it: since it
 * runs then before the program that faulted goes on, a reader that is no slower than its terminal
 * sees each fault as it happens. Records that were overwritten before it came are counted, in a
 * line of their own.
 *
 *                 begins with               ends
 *   /proc/faults      what comes from now on    never
 *   /proc/PID/faults  the oldest record kept    when the process does
 *
 * Reading makes faults too. They do not feed on themselves: a reader of /proc/faults is not shown
 * its own process's faults, and a process that reads its own file is shown those from before it
 * opened it, and then the end. A process further down a pipe is shown; it has touched all its pages
 * after a few lines.
 *
 * Protected by: the kernel not being preempted; over a copy out, which may sleep, by the reader's
 * lock.
 */
#include "proc.h"

#include <fault_trace.h>
#include <format.h>
#include <kheap.h>
#include <string.h>
#include <vdso.h>

#define LINE_SIZE 192u

struct fault_reader {
	struct mutex lock;
	uint32_t next; /* number of the first record not looked at yet */
	uint32_t end;  /* of one's own trace: where it stops */
	pid_t only;    /* 0: all processes */
	bool whole;    /* /proc/faults */
	size_t size, at;
	char line[LINE_SIZE]; /* bytes at to size are still to be read */
};

/* ---- what a reader is shown ---- */

static bool reads_itself(const struct fault_reader *reader)
{
	return !reader->whole && reader->only == current->process->pid;
}

static uint32_t end_of(const struct fault_reader *reader)
{
	return reads_itself(reader) ? reader->end : fault_trace_next();
}

static bool is_for(const struct fault_reader *reader, const struct fault_record *record)
{
	if (reader->only)
		return record->pid == reader->only;
	return record->pid != current->process->pid;
}

/* True when there is one for the reader, copied out; moves on to it. */
static bool find_record(struct fault_reader *reader, struct fault_record *record)
{
	uint32_t end = end_of(reader);

	for (; (int32_t)(end - reader->next) > 0; reader->next++)
		if (fault_trace_read(reader->next, record) && is_for(reader, record))
			return true;
	return false;
}

static bool has_ended(const struct fault_reader *reader)
{
	const struct process *process = reader->whole ? NULL : process_find(reader->only);

	return !reader->whole && (!process || !process->mm || reads_itself(reader));
}

/* ---- lines ---- */

/* What is mapped at the address, by its last name, if the process is still there; else NULL. */
static const char *file_of(const struct fault_record *record, char *buffer)
{
	struct process *process = process_find(record->pid);
	struct vma *vma = process && process->mm ? mm_find(process->mm, record->address) : NULL;
	const char *path, *slash;

	if (!vma || !(record->region & FAULT_REGION_OBJECT))
		return NULL;
	if (!vma->file)
		return vdso_region_name(vma);
	path = file_path(vma->file, buffer, PATH_MAX);
	if (IS_ERR(path))
		return NULL;
	slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void set_line(struct fault_reader *reader, int length)
{
	reader->size = MIN((size_t)length, sizeof(reader->line) - 1);
	reader->line[reader->size - 1] = '\n';
	reader->at = 0;
}

static void make_line(struct fault_reader *reader, const struct fault_record *record)
{
	char *path = path_buffer_get();
	const char *file = path ? file_of(record, path) : NULL;

	set_line(reader, fault_trace_format(reader->next, record, file, reader->line,
					    sizeof(reader->line)));
	if (path)
		path_buffer_put(path);
}

/* Sees to it that there is something of a line to read; false when there is nothing to show. */
static bool next_line(struct fault_reader *reader)
{
	struct fault_record record;
	uint32_t first = fault_trace_first();

	if (reader->at < reader->size)
		return true;
	if ((int32_t)(first - reader->next) > 0) {
		set_line(reader, format(reader->line, sizeof(reader->line),
					"# %u faults, of any process, came too fast to be read\n",
					first - reader->next));
		reader->next = first;
		return true;
	}
	if (!find_record(reader, &record))
		return false;
	make_line(reader, &record);
	reader->next++;
	return true;
}

static bool something_to_read(struct fault_reader *reader)
{
	struct fault_record record;

	return reader->at < reader->size || (int32_t)(fault_trace_first() - reader->next) > 0 ||
	       find_record(reader, &record) || has_ended(reader);
}

/* ---- the file ---- */

static int faults_open(struct inode *inode, struct file *file)
{
	const struct proc_node *node = proc_node_of(inode);
	int error = proc_open(inode);
	struct fault_reader *reader;

	if (error)
		return error;
	reader = kzalloc(sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	reader->whole = node->pid == 0;
	reader->only = node->pid;
	reader->end = fault_trace_next();
	reader->next = reader->whole ? reader->end : fault_trace_first();
	set_line(reader, (int)strlcpy(reader->line, fault_trace_heads, sizeof(reader->line)));
	file->data = reader;
	return 0;
}

static void faults_release(struct file *file)
{
	kfree(file->data);
}

static ssize_t copy_lines(struct fault_reader *reader, struct uio *io)
{
	ssize_t done = 0;

	while (io->left && next_line(reader)) {
		size_t at = reader->at;
		ssize_t got = uio_copy_out(io, reader->line + at, reader->size - at);

		if (got < 0)
			return done ? done : got;
		reader->at = MIN(at + (size_t)got, reader->size);
		done += got;
		if (sched_give_way())
			break;
	}
	return done;
}

static ssize_t faults_read(struct file *file, struct uio *io, loff_t *position)
{
	struct fault_reader *reader = file->data;
	ssize_t done = 0;

	(void)position;
	while (io->left && !done) {
		int error = 0;

		mutex_lock(&reader->lock);
		done = copy_lines(reader, io);
		mutex_unlock(&reader->lock);
		if (done || has_ended(reader))
			break;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event(&fault_trace_readers, something_to_read(reader));
		if (error)
			return error;
	}
	return done;
}

/* "echo PID" into it: that process alone from now on; 0: all again. */
static ssize_t faults_write(struct file *file, struct uio *io, loff_t *position)
{
	struct fault_reader *reader = file->data;
	ssize_t size = (ssize_t)io->left;
	char text[16];
	int32_t pid;

	(void)position;
	if (io->left >= sizeof(text))
		return -EINVAL;
	if (uio_copy_in(io, text, io->left) != size)
		return -EFAULT;
	text[size] = '\0';
	if (proc_parse_number(proc_strip(text), &pid) != 0 || pid < 0)
		return -EINVAL;
	reader->only = pid;
	return size;
}

/* To the oldest record kept, or behind the newest. */
static loff_t faults_seek(struct file *file, loff_t offset, int whence)
{
	struct fault_reader *reader = file->data;

	if (offset || (whence != SEEK_SET && whence != SEEK_END))
		return -EINVAL;
	reader->next = whence == SEEK_SET ? fault_trace_first() : fault_trace_next();
	reader->size = reader->at = 0;
	return 0;
}

static uint32_t faults_poll(struct file *file, struct poll_table *table)
{
	poll_wait(table, &fault_trace_readers);
	return something_to_read(file->data) ? POLLIN | POLLRDNORM : 0;
}

const struct file_ops proc_faults_ops = { .read = faults_read,
					  .write = faults_write,
					  .seek = faults_seek,
					  .poll = faults_poll,
					  .open = faults_open,
					  .release = faults_release };
