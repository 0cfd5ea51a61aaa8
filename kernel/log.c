/*
 * The kernel log: records in a ring of bytes, the oldest giving way to the newest.
 *
 * A record is a header and its text, rounded up to words; it may wrap around the ring's end.
 * Positions only ever grow; a position modulo the ring's size is an index. Records are numbered
 * from 0 on and found by walking from the oldest, or from the one found last, which makes
 * reading them in order cheap.
 *
 * Everything here is guarded by interrupt-off sections: log_print may be called from anywhere.
 */
#include <log.h>

#include <assert.h>
#include <clock.h>
#include <cmdline.h>
#include <format.h>
#include <string.h>
#include <trap.h>
#include <wait.h>

#define RING_SIZE LOG_RING_SIZE
#define LINE_MAX 256
#define PREFIX_MAX 24 /* "[12345.123456] " */

struct header {
	uint16_t size; /* of the text */
	uint16_t level;
	uint32_t time_low, time_high;
};

static char ring[RING_SIZE] __attribute__((aligned(4)));
static uint32_t oldest, end;	 /* positions */
static uint32_t first, next;	 /* the numbers of the records there */
static uint32_t found, found_at; /* the record found last, and its position */
static struct log_sink *sinks;
static int console_level = LOG_DEFAULT_LEVEL;

struct wait_queue log_readers = WAIT_QUEUE_INIT(log_readers);

_Static_assert((RING_SIZE & (RING_SIZE - 1)) == 0, "positions wrap at 2^32 without a jump");

static void ring_put(uint32_t position, const void *from, size_t size)
{
	size_t at = position % RING_SIZE, part = MIN(size, RING_SIZE - at);

	memcpy(ring + at, from, part);
	memcpy(ring, (const char *)from + part, size - part);
}

static void ring_get(uint32_t position, void *to, size_t size)
{
	size_t at = position % RING_SIZE, part = MIN(size, RING_SIZE - at);

	memcpy(to, ring + at, part);
	memcpy((char *)to + part, ring, size - part);
}

static size_t record_size(size_t text_size)
{
	return ROUND_UP(sizeof(struct header) + text_size, 4);
}

static uint32_t position_after(uint32_t position)
{
	struct header header;

	ring_get(position, &header, sizeof(header));
	return position + record_size(header.size);
}

static void drop_oldest(void)
{
	assert(first != next);
	if (found == first)
		found = first + 1;
	oldest = position_after(oldest);
	if (found == ++first)
		found_at = oldest;
}

static void append(enum log_level level, uint64_t time_us, const char *text, size_t size)
{
	struct header header = {
		.size = size, .level = level, .time_low = time_us, .time_high = time_us >> 32
	};

	while (end - oldest + record_size(size) > RING_SIZE)
		drop_oldest();
	ring_put(end, &header, sizeof(header));
	ring_put(end + sizeof(header), text, size);
	end += record_size(size);
	next++;
}

int log_format_time(char *to, size_t size, uint64_t time_us)
{
	return format(to, size, "[%5u.%06u] ", (uint32_t)(time_us / 1000000),
		      (uint32_t)(time_us % 1000000));
}

static void show_on(struct log_sink *sink, uint64_t time_us, const char *text, size_t size)
{
	char prefix[PREFIX_MAX];
	int prefix_size = log_format_time(prefix, sizeof(prefix), time_us);

	sink->write(sink, prefix, prefix_size);
	sink->write(sink, text, size);
	sink->write(sink, "\n", 1);
}

void log_print(enum log_level level, const char *text, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, text);
	int wanted = vformat(line, sizeof(line), text, args);

	va_end(args);
	assert(wanted >= 0);
	size_t size = MIN((size_t)wanted, sizeof(line) - 1);
	uint64_t time_us = clock_monotonic_ns() / 1000;
	uint32_t flags = irq_save();

	append(level, time_us, line, size);
	if ((int)level < console_level) {
		for (struct log_sink *sink = sinks; sink; sink = sink->next)
			show_on(sink, time_us, line, size);
	}
	if (!list_empty(&log_readers.waiters))
		wake_all(&log_readers);
	irq_restore(flags);
}

void log_show_raw(const char *text, size_t size)
{
	uint32_t flags = irq_save();

	for (struct log_sink *sink = sinks; sink; sink = sink->next)
		sink->write(sink, text, size);
	irq_restore(flags);
}

void log_add_sink(struct log_sink *sink)
{
	char line[LINE_MAX];
	struct log_record record;
	uint32_t flags = irq_save();

	for (uint32_t number = first; number != next; number++) {
		if (log_read(number, &record, line, sizeof(line)) &&
		    (int)record.level < console_level)
			show_on(sink, record.time_us, line, strlen(line));
	}
	sink->next = sinks;
	sinks = sink;
	irq_restore(flags);
}

void log_remove_sink(struct log_sink *sink)
{
	uint32_t flags = irq_save();

	for (struct log_sink **link = &sinks; *link; link = &(*link)->next) {
		if (*link == sink) {
			*link = sink->next;
			break;
		}
	}
	irq_restore(flags);
}

void log_set_console_level(int level)
{
	console_level = MAX(level, LOG_LEVEL_MIN);
}

int log_console_level(void)
{
	return console_level;
}

void log_configure(void)
{
	const char *level = cmdline_get("loglevel");
	uint32_t number;

	if (cmdline_get("debug"))
		log_set_console_level(LOG_DEBUG + 1);
	if (cmdline_get("quiet"))
		log_set_console_level(LOG_WARNING);
	if (level && parse_u32(level, 10, &number) == 0)
		log_set_console_level(MIN(number, (uint32_t)LOG_DEBUG + 1));
}

uint32_t log_first(void)
{
	return first;
}

uint32_t log_next(void)
{
	return next;
}

/* The position of a record that is there. */
static uint32_t find(uint32_t number)
{
	assert(number - first < next - first);
	if (found - first > number - first) {
		found = first;
		found_at = oldest;
	}
	for (; found != number; found++)
		found_at = position_after(found_at);
	return found_at;
}

bool log_read(uint32_t number, struct log_record *record, char *text, size_t size)
{
	struct header header;
	uint32_t flags = irq_save();
	bool there = number - first < next - first;

	assert(size > 0);
	if (there) {
		uint32_t position = find(number);

		ring_get(position, &header, sizeof(header));
		size_t copied = MIN(header.size, size - 1);

		ring_get(position + sizeof(header), text, copied);
		text[copied] = '\0';
		record->level = header.level;
		record->time_us = (uint64_t)header.time_high << 32 | header.time_low;
		record->size = header.size;
	}
	irq_restore(flags);
	return there;
}
