/*
 * newc archives, as `cpio -H newc` (and -H crc) makes them (cpio(5), Linux's
 * driver-api/early-userspace/buffer-format): one entry at a time, from memory. Knows nothing of
 * files and can be tested anywhere.
 */
#ifndef LOFT_NEWC_H
#define LOFT_NEWC_H

#include <types.h>

#define NEWC_HEADER_SIZE 110u
#define NEWC_NAME_MAX 4095u /* with its end: behind a '/' it is a path of PATH_MAX */
#define NEWC_TRAILER "TRAILER!!!"

struct newc_entry {
	uint32_t ino, mode, uid, gid, nlink, mtime;
	uint32_t size; /* of data */
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
	const char *name; /* terminated, in the archive */
	const uint8_t *data;
	size_t total; /* bytes from this header to the next */
};

enum newc_result {
	NEWC_OK,
	NEWC_NO_MAGIC,	 /* no header here */
	NEWC_COMPRESSED, /* gzip, xz, zstd... instead of an archive */
	NEWC_BAD_FIELD,	 /* a number that is none */
	NEWC_BAD_NAME,	 /* no length, no end, or longer than NEWC_NAME_MAX */
	NEWC_CUT,	 /* the archive ends before the entry does */
	NEWC_BAD_SUM,	 /* crc format: the data does not add up */
	NEWC_RESULTS
};

/* Takes apart the entry at `at`, of which `left` bytes are there. entry is valid with NEWC_OK alone. */
enum newc_result newc_parse(const uint8_t *at, size_t left, struct newc_entry *entry);

/* What a result means, for the log. */
const char *newc_result_name(enum newc_result result);

/*
 * The next component of a path, from *path on, which moves behind it: its length, *component points
 * to it; 0 at the end. Empty components and "." are passed over.
 */
size_t newc_component(const char **path, const char **component);
/* True when a component is "..", so that the path may lead out of where it is unpacked. */
bool newc_escapes(const char *path);

#endif
