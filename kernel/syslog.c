/*
 * syslog(2): the kernel log as dmesg and klogd read it, each line as "<level>[    time] text\n".
 *
 * SYSLOG_READ takes lines once and for all readers together; a line that does not fit what is
 * left of the buffer waits for the next call, unless it is the first: then it comes in parts,
 * as on Linux.
 */
#include <abi/errno.h>
#include <abi/machine.h>
#include <assert.h>
#include <format.h>
#include <log.h>
#include <machine.h>
#include <task.h>
#include <uaccess.h>
#include <wait.h>

#define LINE_MAX 320

static uint32_t read_next;   /* number of the record that SYSLOG_READ comes to next, */
static size_t read_offset;   /* and how much of it has been read */
static uint32_t cleared;     /* SYSLOG_READ_ALL starts here */
static int saved_level = -1; /* of the console, while it is off */

static uint32_t at_least_first(uint32_t number)
{
	uint32_t first = log_first();

	return (int32_t)(number - first) < 0 ? first : number;
}

/* The whole line of a record into line; its size, 0 when the record is gone. */
static size_t format_line(uint32_t number, char *line, size_t size)
{
	struct log_record record;
	char text[LINE_MAX - 32];

	if (!log_read(number, &record, text, sizeof(text)))
		return 0;
	size_t used = format(line, size, "<%d>", record.level);

	used += log_format_time(line + used, size - used, record.time_us);
	used += format(line + used, size - used, "%s\n", text);
	assert(used < size);
	return used;
}

/* Lines that the ring has dropped are lost to the reader. */
static void catch_up(void)
{
	if (at_least_first(read_next) != read_next) {
		read_next = log_first();
		read_offset = 0;
	}
}

static int32_t read_some(char __user *buffer, size_t size)
{
	char line[LINE_MAX];
	size_t done = 0;

	while (read_next != log_next() && done < size) {
		catch_up(); /* the copy may have slept */
		size_t whole = format_line(read_next, line, sizeof(line));
		size_t from = MIN(read_offset, whole);
		size_t part = MIN(whole - from, size - done);
		uint32_t number = read_next;

		if (part < whole - from && done > 0)
			break;
		if (copy_to_user(buffer + done, line + from, part) != 0)
			return done ? (int32_t)done : -EFAULT;
		done += part;
		/* Another reader may have come by during the copy: then it has moved on for both. */
		if (read_next != number || read_offset != from)
			continue;
		read_offset += part;
		if (read_offset == whole) {
			read_next++;
			read_offset = 0;
		}
	}
	return done;
}

static int32_t read_once(char __user *buffer, size_t size)
{
	catch_up();
	int result = wait_event(&log_readers, read_next != log_next());

	if (result != 0)
		return result;
	return read_some(buffer, size);
}

/* The last lines that fit, oldest first. */
static int32_t read_all(char __user *buffer, size_t size)
{
	char line[LINE_MAX];
	uint32_t from = log_next(), first = at_least_first(cleared), end = log_next();
	size_t done = 0;

	for (size_t total = 0; from != first; from--) {
		total += format_line(from - 1, line, sizeof(line));
		if (total > size)
			break;
	}
	for (; from != end; from++) {
		size_t part = format_line(from, line, sizeof(line));

		/* The ring may have moved on while a page of the buffer was brought in. */
		if (done + part > size)
			break;
		if (copy_to_user(buffer + done, line, part) != 0)
			return -EFAULT;
		done += part;
	}
	return done;
}

static int32_t unread_size(void)
{
	char line[LINE_MAX];
	size_t size = 0;

	catch_up();
	for (uint32_t number = read_next; number != log_next(); number++)
		size += format_line(number, line, sizeof(line));
	return size - read_offset;
}

static int32_t set_level(int32_t level)
{
	if (level < LOG_LEVEL_MIN || level > LOG_DEBUG + 1)
		return -EINVAL;
	log_set_console_level(level);
	saved_level = -1;
	return 0;
}

static int32_t turn_console(bool on)
{
	if (!on && saved_level < 0) {
		saved_level = log_console_level();
		log_set_console_level(LOG_LEVEL_MIN);
	} else if (on && saved_level >= 0) {
		log_set_console_level(saved_level);
		saved_level = -1;
	}
	return 0;
}

static int32_t act_on_buffer(int32_t action, char __user *buffer, int32_t size)
{
	int32_t result;

	if (!buffer || size < 0)
		return -EINVAL;
	if (size == 0)
		return 0;
	if (!user_range_ok(buffer, size))
		return -EFAULT;
	if (action == SYSLOG_READ)
		return read_once(buffer, size);
	result = read_all(buffer, size);
	if (action == SYSLOG_READ_CLEAR)
		cleared = log_next();
	return result;
}

/* Reading all and asking for the size are everybody's (dmesg_restrict 0); the rest is root's. */
int32_t sys_syslog(int32_t action, char __user *buffer, int32_t size)
{
	if (action != SYSLOG_READ_ALL && action != SYSLOG_SIZE_BUFFER && !current_is_root())
		return -EPERM;
	switch (action) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return act_on_buffer(action, buffer, size);
	case SYSLOG_CLEAR:
		cleared = log_next();
		return 0;
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
		return turn_console(action == SYSLOG_CONSOLE_ON);
	case SYSLOG_CONSOLE_LEVEL:
		return set_level(size);
	case SYSLOG_SIZE_UNREAD:
		return unread_size();
	case SYSLOG_SIZE_BUFFER:
		return LOG_RING_SIZE;
	}
	return -EINVAL;
}
