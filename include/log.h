/*
 * The kernel log: a ring of lines with a level and a time, shown on the consoles as
 * far as the log level lets through, and read by /dev/kmsg, syslog(2) and a panic.
 */
#ifndef LOFT_LOG_H
#define LOFT_LOG_H

#include <types.h>
#include <stdarg.h>

/* Linux's numbers (syslog(2)). */
enum log_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG
};

#define LOG_RING_SIZE (16 * 1024)
#define LOG_DEFAULT_LEVEL 7
#define LOG_LEVEL_MIN 1 /* LOG_EMERG is always shown */

/*
 * One line, without the newline; cut after 255 bytes. Callable from anywhere, interrupt
 * handlers and panics included.
 */
void log_print(enum log_level level, const char *text, ...) __printf(2, 3);

#define log_error(...) log_print(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_print(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

/*
 * A place where log lines are shown. write may be called with interrupts off and must not sleep
 * or allocate.
 */
struct log_sink {
	void (*write)(struct log_sink *sink, const char *text, size_t size);
	struct log_sink *next;
};
/* Adds a sink and replays to it what is in the ring already. */
void log_add_sink(struct log_sink *sink);
/*
 * Takes it away again: when a better one has come for the same device. No harm when it is not
 * there.
 */
void log_remove_sink(struct log_sink *sink);
/* For a panic: text to every sink as it is, whatever the level, and not into the ring. */
void log_show_raw(const char *text, size_t size);
/* Writes "[    0.123456] " as consoles show it: the size of the whole text. */
int log_format_time(char *to, size_t size, uint64_t time_us);
/* Lines of a level below `level` are shown (Linux's loglevel=; quiet is 4). Default 7. */
void log_set_console_level(int level);
int log_console_level(void);
/*
 * Sets the level by the command line: debug (8), quiet (4), loglevel=N, the later of these
 * before the earlier.
 */
void log_configure(void);

/* Record number of the oldest line kept, and of the next one to be written. */
uint32_t log_first(void);
uint32_t log_next(void);
struct log_record {
	enum log_level level;
	uint64_t time_us; /* since boot */
	size_t size;	  /* of the text, without newline */
};
/*
 * Copies record `number` out: false when it is gone or not yet there. text gets at most size
 * bytes, terminated.
 */
bool log_read(uint32_t number, struct log_record *record, char *text, size_t size);
/* Readers of /dev/kmsg sleep here. */
struct wait_queue;
extern struct wait_queue log_readers;

#endif
