/*
 * Files of /proc, read and written.
 *
 * A text is made whole by the first read, and again by each read at position 0; reads further on go
 * on in that same text. A write is taken as a whole: what it says is what the file is told,
 * whatever was written before it. So a value in two writes is two values; as on Linux, a write
 * that is not at position 0 changes no number. The inode's lock is held over each read and write.
 */
#include "proc.h"

#include <kheap.h>
#include <string.h>

#define WRITE_MAX (PAGE_SIZE - 1)

/* ---- reading ---- */

static int show_entry(const struct proc_node *node, struct proc_text *text, struct process *process)
{
	const struct proc_entry *entry = node->entry;

	if (entry->show_from)
		return 0; /* show_part does */
	if (entry->show_task)
		return entry->show_task(text, proc_node_task(node));
	if (!entry->number)
		return entry->show(text, process);
	if (entry->number->natural)
		proc_print(text, "%u\n", *entry->number->natural);
	else
		proc_print(text, "%d\n", *entry->number->value);
	return 0;
}

/* Makes the text of a file; ERR_PTR. May sleep. */
static struct proc_text *make_text(const struct proc_node *node)
{
	int error;
	struct process *process = proc_process_to_read(node, &error);
	struct proc_text *text = error ? ERR_PTR(error) : kzalloc(sizeof(*text));

	if (!text)
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(text))
		return text;
	error = show_entry(node, text, process);
	if (!error && text->failed)
		error = -ENOMEM;
	if (!error)
		return text;
	proc_text_free(text);
	return ERR_PTR(error);
}

int proc_open(struct inode *inode)
{
	int error;

	proc_process_to_read(proc_node_of(inode), &error);
	return error;
}

static int open_entry(struct inode *inode, struct file *file)
{
	(void)file;
	return proc_open(inode);
}

/*
 * Of a text made in parts, makes parts until the one that position is in; an empty one is the end.
 * May sleep.
 */
static int show_part(const struct proc_node *node, struct proc_text *text, loff_t position)
{
	if (position < text->start) {
		text->start = text->used = 0;
		text->cursor = 0;
	}
	while (position >= text->start + (loff_t)text->used) {
		int error;
		struct process *process = proc_process_to_read(node, &error);

		text->start += (loff_t)text->used;
		text->used = 0;
		if (!error)
			error = node->entry->show_from(text, process, &text->cursor);
		if (error || text->failed)
			return error ? error : -ENOMEM;
		if (!text->used)
			return 0;
		if (sched_give_way())
			return -EINTR;
	}
	return 0;
}

/* The inode's lock is held. */
static ssize_t read_text(struct file *file, struct uio *io, loff_t *position)
{
	const struct proc_node *node = proc_node_of(file->inode);
	struct proc_text *text = file->data;
	ssize_t done;
	size_t at;
	int error;

	if (!text || *position == 0) {
		text = make_text(node);
		if (IS_ERR(text))
			return PTR_ERR(text);
		proc_text_free(file->data);
		file->data = text;
	}
	if (*position < 0 || io->left == 0)
		return 0;
	if (node->entry->show_from) {
		error = show_part(node, text, *position);
		if (error)
			return error;
	}
	if (*position - text->start >= (loff_t)text->used)
		return 0;
	at = (size_t)(*position - text->start);
	done = uio_copy_out(io, text->bytes + at, text->used - at);
	if (done > 0)
		*position += done;
	return done;
}

/* One reader at a time: a copy may sleep, and another read at 0 makes the text anew. */
static ssize_t text_read(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done;

	mutex_lock(&file->inode->lock);
	done = read_text(file, io, position);
	mutex_unlock(&file->inode->lock);
	return done;
}

/* Where a text ends is known when it has been made. */
static loff_t text_seek(struct file *file, loff_t offset, int whence)
{
	return whence > SEEK_CUR ? -EINVAL : file_seek_default(file, offset, whence);
}

static void text_release(struct file *file)
{
	proc_text_free(file->data);
}

static ssize_t position_read(struct file *file, struct uio *io, loff_t *position)
{
	const struct proc_node *node = proc_node_of(file->inode);
	int error;
	struct process *process = proc_process_to_read(node, &error);

	return error ? error : node->entry->read(process, io, position);
}

/* ---- writing ---- */

static bool is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

char *proc_strip(char *text)
{
	char *end;

	while (is_space(*text))
		text++;
	end = text + strlen(text);
	while (end > text && is_space(end[-1]))
		end--;
	*end = '\0';
	return text;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Digits, from *text on, which is left behind them; cut off at 33 bits. -EINVAL: there are none. */
static int parse_digits(const char **text, uint64_t *value)
{
	const char *at = *text;
	int base = *at == '0' ? 8 : 10;

	if (digit_value(*at) > 9)
		return -EINVAL;
	if (base == 8 && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16) {
		base = 16;
		at += 2;
	}
	for (*value = 0; digit_value(*at) < base; at++)
		*value = MIN(*value * (unsigned)base + (unsigned)digit_value(*at), 1ull << 33);
	*text = at;
	return 0;
}

/* The same with a sign, in the bounds of an int: -EINVAL, -ERANGE. */
static int parse_integer(const char **text, int32_t *number)
{
	bool negative = **text == '-';
	uint64_t value;

	*text += negative || **text == '+';
	if (parse_digits(text, &value) != 0)
		return -EINVAL;
	if (value > (uint64_t)INT32_MAX + negative)
		return -ERANGE;
	*number = (int32_t)(negative ? 0 - (uint32_t)value : (uint32_t)value);
	return 0;
}

int proc_parse_number(const char *text, int32_t *number)
{
	int error = parse_integer(&text, number);

	return error || !*text ? error : -EINVAL;
}

/* What follows a blank behind the number is not looked at, as on Linux. */
static int store_number(const struct proc_number *number, const char *text)
{
	uint64_t natural = 0;
	int32_t value = 0;
	int error = number->natural ? parse_digits(&text, &natural) : parse_integer(&text, &value);

	if (error || natural > UINT32_MAX || (*text && !is_space(*text)))
		return -EINVAL;
	if (!number->natural && (value < number->minimum || value > number->maximum))
		return -EINVAL;
	error = number->set ? number->set(number->natural ? (int32_t)natural : value) : 0;
	if (error)
		return error;
	if (number->natural)
		*number->natural = (uint32_t)natural;
	else
		*number->value = value;
	return 0;
}

/* The bytes are copied in already: nothing sleeps between the look for the process and store. */
static int store_text(const struct proc_node *node, const char *text, loff_t position)
{
	int error;
	struct process *process = proc_process_to_read(node, &error);

	if (error)
		return error;
	if (node->entry->number)
		return position ? 0 : store_number(node->entry->number, text);
	if (node->entry->store_task)
		return node->entry->store_task(text, proc_node_task(node));
	return node->entry->store(text, process);
}

static ssize_t text_write(struct file *file, struct uio *io, loff_t *position)
{
	const struct proc_node *node = proc_node_of(file->inode);
	ssize_t size = (ssize_t)io->left;
	char *bytes;
	int error;

	if (!node->entry->store && !node->entry->store_task && !node->entry->number)
		return -EIO;
	if (io->left > WRITE_MAX)
		return -EINVAL;
	bytes = kalloc(io->left + 1);
	if (!bytes)
		return -ENOMEM;
	error = uio_copy_in(io, bytes, io->left) == size ? 0 : -EFAULT;
	bytes[size] = '\0';
	if (!error)
		error = store_text(node, proc_strip(bytes), *position);
	kfree(bytes);
	if (error)
		return error;
	*position += size;
	return size;
}

/* ---- the operations ---- */

const struct file_ops proc_text_ops = { .open = open_entry,
					.read = text_read,
					.write = text_write,
					.seek = text_seek,
					.release = text_release };
const struct file_ops proc_position_ops = { .open = open_entry,
					    .read = position_read,
					    .seek = text_seek };
