/*
 * mount -o: the words of Linux's ext2 (Documentation/filesystems/ext2.rst). Those about what Loft
 * has in one way only (allocators, debugging, attributes, quota) are taken and mean nothing.
 */
#include "options.h"

#include <format.h>
#include <kheap.h>
#include <string.h>

static const char *const without_meaning[] = {
	"nogrpid",	"sysvgroups", "check",	     "nocheck",	      "check=none",
	"debug",	"oldalloc",   "orlov",	     "nobh",	      "user_xattr",
	"nouser_xattr", "acl",	      "noacl",	     "grpquota",      "usrquota",
	"quota",	"noquota",    "reservation", "noreservation",
};

static int read_errors(struct ext2_options *options, const char *value)
{
	if (strcmp(value, "continue") == 0)
		options->errors = EXT2_ERRORS_CONTINUE;
	else if (strcmp(value, "remount-ro") == 0)
		options->errors = EXT2_ERRORS_READ_ONLY;
	else if (strcmp(value, "panic") == 0)
		options->errors = EXT2_ERRORS_PANIC;
	else
		return -EINVAL;
	return 0;
}

/* One "name=value". */
static int read_pair(struct ext2_options *options, const char *name, const char *value)
{
	if (strcmp(name, "errors") == 0)
		return read_errors(options, value);
	if (strcmp(name, "resuid") == 0)
		return parse_u32(value, 10, &options->reserved_uid);
	if (strcmp(name, "resgid") == 0)
		return parse_u32(value, 10, &options->reserved_gid);
	if (strcmp(name, "sb") == 0)
		return parse_u32(value, 10, &options->superblock);
	return -EINVAL;
}

static int read_word(struct ext2_options *options, char *word)
{
	char *value = strchr(word, '=');

	for (size_t i = 0; i < ARRAY_SIZE(without_meaning); i++)
		if (strcmp(word, without_meaning[i]) == 0)
			return 0;
	if (value) {
		*value++ = '\0';
		return read_pair(options, word, value) ? -EINVAL : 0;
	}
	if (strcmp(word, "minixdf") == 0 || strcmp(word, "bsddf") == 0)
		options->minix_df = *word == 'm';
	else if (strcmp(word, "grpid") == 0 || strcmp(word, "bsdgroups") == 0)
		options->grpid = true;
	else if (strcmp(word, "nouid32") == 0)
		options->nouid32 = true;
	else
		return -EINVAL;
	return 0;
}

int ext2_options_read(struct ext2_options *options, const char *text)
{
	struct ext2_options changed = *options;
	char *copy = kstrdup(text), *at = copy;
	int error = copy ? 0 : -ENOMEM;

	while (!error && at) {
		char *comma = strchr(at, ',');

		if (comma)
			*comma++ = '\0';
		if (*at)
			error = read_word(&changed, at);
		at = comma;
	}
	kfree(copy);
	if (!error)
		*options = changed;
	return error;
}

void ext2_options_show(const struct ext2_options *options, const struct ext2_super_disk *disk,
		       char *to, size_t size)
{
	static const char *const errors[] = { "", ",errors=continue", ",errors=remount-ro",
					      ",errors=panic" };
	char uid[24] = "", gid[24] = "";

	if (options->reserved_uid != disk->reserved_uid)
		format(uid, sizeof(uid), ",resuid=%u", options->reserved_uid);
	if (options->reserved_gid != disk->reserved_gid)
		format(gid, sizeof(gid), ",resgid=%u", options->reserved_gid);
	format(to, size, "%s%s%s%s%s%s", options->minix_df ? ",minixdf" : "",
	       options->grpid ? ",grpid" : "", uid, gid,
	       options->errors != disk->errors ? errors[options->errors] : "",
	       options->nouid32 ? ",nouid32" : "");
}
