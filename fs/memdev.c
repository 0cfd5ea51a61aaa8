/*
 * The devices that are made of nothing but memory and rules: null, zero, full, random, urandom, and
 * kmsg, the kernel log. Numbers are Linux's (admin-guide/devices.txt), kmsg's record format too
 * (ABI/testing/dev-kmsg).
 */
#include <vfs.h>

#include <format.h>
#include <kheap.h>
#include <log.h>
#include <random.h>
#include <string.h>

#define MEM_MAJOR 1
#define CHUNK 256u
#define ZERO_CHUNK (64u * KB)
#define KMSG_LINE_MAX 992u

/* ---- null, zero, full ---- */

static ssize_t null_read(struct file *file, struct uio *io, loff_t *position)
{
	(void)file;
	(void)io;
	(void)position;
	return 0;
}

/* Takes all there is and forgets it. */
static ssize_t null_write(struct file *file, struct uio *io, loff_t *position)
{
	size_t size = io->left;

	(void)file;
	(void)position;
	io->left = 0;
	return (ssize_t)size;
}

static ssize_t zero_read(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done = 0;

	(void)file;
	(void)position;
	while (io->left) {
		ssize_t got = uio_zero_out(io, MIN(io->left, ZERO_CHUNK));

		if (got < 0)
			return done ? done : got;
		done += got;
		if (sched_give_way())
			break;
	}
	return done;
}

static ssize_t full_write(struct file *file, struct uio *io, loff_t *position)
{
	(void)file;
	(void)io;
	(void)position;
	return -ENOSPC;
}

static struct object *zero_object(struct file *file)
{
	(void)file;
	return &object_zero;
}

/* Wherever one seeks to, one is at the beginning. */
static loff_t seek_nowhere(struct file *file, loff_t offset, int whence)
{
	(void)offset;
	(void)whence;
	file->position = 0;
	return 0;
}

/* ---- random, urandom ---- */

static ssize_t random_read(struct file *file, struct uio *io, loff_t *position)
{
	uint8_t chunk[CHUNK];
	ssize_t done = 0;

	(void)file;
	(void)position;
	while (io->left) {
		size_t size = MIN(io->left, CHUNK);
		ssize_t got;

		random_bytes(chunk, size);
		got = uio_copy_out(io, chunk, size);
		if (got < 0)
			return done ? done : got;
		done += got;
		if ((size_t)got < size || sched_give_way())
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return done;
}

/* Whatever is written is stirred in. */
static ssize_t random_write(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done = 0;

	(void)file;
	(void)position;
	while (io->left) {
		uint32_t word = 0;
		ssize_t got = uio_copy_in(io, &word, MIN(io->left, sizeof(word)));

		if (got < 0)
			return done ? done : got;
		if (got == 0)
			break;
		random_stir(word);
		done += got;
	}
	return done;
}

/* ---- kmsg ---- */

/* The next record a reader gets; its text has been copied when it is passed. */
struct kmsg_reader {
	uint32_t next;
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_reader *reader = kalloc(sizeof(*reader));

	(void)inode;
	if (!reader)
		return -ENOMEM;
	reader->next = log_first();
	file->data = reader;
	return 0;
}

static void kmsg_release(struct file *file)
{
	kfree(file->data);
}

/*
 * One record: "priority,number,microseconds,-;text\n"; -EPIPE when it was overwritten, -EINVAL when
 * it does not fit.
 */
static ssize_t kmsg_read_record(struct kmsg_reader *reader, struct uio *io)
{
	char *line = kalloc(2 * KMSG_LINE_MAX), *text = line + KMSG_LINE_MAX;
	struct log_record record;
	ssize_t done;
	int length;

	if (!line)
		return -ENOMEM;
	if (!log_read(reader->next, &record, text, KMSG_LINE_MAX - 48)) {
		kfree(line);
		reader->next = log_first();
		return -EPIPE;
	}
	length = format(line, KMSG_LINE_MAX, "%d,%u,%llu,-;%s\n", (int)record.level, reader->next,
			(unsigned long long)record.time_us, text);
	done = (size_t)length > io->left ? -EINVAL : uio_copy_out(io, line, (size_t)length);
	if (done > 0)
		reader->next++;
	kfree(line);
	return done;
}

static ssize_t kmsg_read(struct file *file, struct uio *io, loff_t *position)
{
	struct kmsg_reader *reader = file->data;
	int error;

	(void)position;
	if (reader->next == log_next() && (file->flags & O_NONBLOCK))
		return -EAGAIN;
	error = wait_event(&log_readers, reader->next != log_next());
	return error ? error : kmsg_read_record(reader, io);
}

/* "<level>text" as one line of the log; facilities beyond the kernel's keep their level. */
static void kmsg_log(char *line)
{
	enum log_level level = LOG_WARNING;
	char *end = *line == '<' ? strchr(line, '>') : NULL;
	uint32_t priority;

	if (end) {
		*end = '\0';
		if (parse_u32(line + 1, 10, &priority) == 0) {
			level = priority & 7;
			line = end + 1;
		} else {
			*end = '>';
		}
	}
	log_print(level, "%s", line);
}

static ssize_t kmsg_write(struct file *file, struct uio *io, loff_t *position)
{
	size_t size = io->left;
	char *line;
	ssize_t got;

	(void)file;
	(void)position;
	if (size > KMSG_LINE_MAX)
		return -EINVAL;
	line = kalloc(KMSG_LINE_MAX + 1);
	if (!line)
		return -ENOMEM;
	got = uio_copy_in(io, line, size);
	if (got >= 0) {
		line[got] = '\0';
		if (got && line[got - 1] == '\n')
			line[got - 1] = '\0';
		kmsg_log(line);
	}
	kfree(line);
	return got;
}

static loff_t kmsg_seek(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *reader = file->data;

	if (offset)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		reader->next = log_first();
		return 0;
	case SEEK_DATA:
	case SEEK_END:
		reader->next = log_next();
		return 0;
	default:
		return -EINVAL;
	}
}

static uint32_t kmsg_poll(struct file *file, struct poll_table *table)
{
	const struct kmsg_reader *reader = file->data;

	poll_wait(table, &log_readers);
	return POLLOUT | POLLWRNORM | (reader->next != log_next() ? POLLIN | POLLRDNORM : 0);
}

/* ---- the table ---- */

static const struct file_ops null_ops = { .read = null_read,
					  .write = null_write,
					  .seek = seek_nowhere };
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = seek_nowhere, .object = zero_object
};
static const struct file_ops full_ops = { .read = zero_read,
					  .write = full_write,
					  .seek = seek_nowhere };
static const struct file_ops random_ops = { .read = random_read,
					    .write = random_write,
					    .seek = seek_nowhere };
static const struct file_ops kmsg_ops = { .read = kmsg_read,
					  .write = kmsg_write,
					  .seek = kmsg_seek,
					  .poll = kmsg_poll,
					  .open = kmsg_open,
					  .release = kmsg_release };

void memdev_init(void)
{
	static const struct {
		unsigned minor;
		const char *name;
		mode_t mode;
		const struct file_ops *ops;
	} devices[] = {
		{ 3, "null", 0666, &null_ops },	     { 5, "zero", 0666, &zero_ops },
		{ 7, "full", 0666, &full_ops },	     { 8, "random", 0666, &random_ops },
		{ 9, "urandom", 0666, &random_ops }, { 11, "kmsg", 0644, &kmsg_ops },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		int error = chardev_register(DEV(MEM_MAJOR, devices[i].minor), devices[i].name,
					     devices[i].mode, devices[i].ops, NULL);

		if (error)
			log_error("/dev/%s: error %d", devices[i].name, -error);
	}
}
