/*
 * What /proc says of file systems: filesystems, mounts, mountinfo (Documentation/filesystems/
 * proc.rst, 3.5), and of the caches of names and inodes: sys/fs/dentry-state, inode-nr, inode-state
 * (Documentation/admin-guide/sysctl/fs.rst).
 */
#include "proc.h"

#include <string.h>
#include <vfs.h>

#define OPTIONS_SIZE 256

int proc_show_filesystems(struct proc_text *text, struct process *process)
{
	struct filesystem *type;

	(void)process;
	list_for_each(type, &filesystems, link)
		proc_print(text, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
	return 0;
}

/* A field of a line: what would end it stands as \ooo, as Linux's mangle has it. */
static void print_field(struct proc_text *text, const char *field, const char *special)
{
	for (; *field; field++) {
		if (strchr(special, *field))
			proc_print(text, "\\%03o", (unsigned char)*field);
		else
			proc_append(text, field, 1);
	}
	proc_append(text, " ", 1);
}

/* Where it is mounted, as seen from the root of current, in a buffer of PATH_MAX; NULL: nowhere. */
static const char *place_of(const struct superblock *superblock, char *buffer)
{
	const struct dentry *root = current_root();
	char *path;

	/* The root of the process covers what is below it, and that cannot be seen. */
	if (superblock->root != fs_root && !superblock->covers)
		return NULL;
	if (superblock->root == root)
		return "/";
	if (!superblock->covers || !dentry_is_below(superblock->covers, root))
		return NULL;
	path = dentry_path(superblock->covers, root, buffer, PATH_MAX);
	return IS_ERR(path) ? NULL : path;
}

/* One line for each file system that can be seen. */
static int show_each(struct proc_text *text,
		     void (*show)(struct proc_text *text, const struct superblock *superblock,
				  const char *place))
{
	char *path = path_buffer_get();
	struct superblock *at;

	if (!path)
		return -ENOMEM;
	list_for_each(at, &superblocks, link) {
		const char *place = place_of(at, path);

		if (place)
			show(text, at, place);
	}
	path_buffer_put(path);
	return 0;
}

static void show_mount(struct proc_text *text, const struct superblock *superblock,
		       const char *place)
{
	char options[OPTIONS_SIZE];

	superblock_options(superblock, OPTIONS_ALL, options, sizeof(options));
	print_field(text, superblock->source, " \t\n\\#");
	print_field(text, place, " \t\n\\");
	proc_print(text, "%s %s 0 0\n", superblock->type->name, options);
}

int proc_show_mounts(struct proc_text *text, struct process *process)
{
	(void)process;
	return show_each(text, show_mount);
}

/* The number of what the mount point lies in; 0 as Linux has it for what is outside. */
static unsigned parent_number(const struct superblock *superblock)
{
	return superblock->covers ? superblock->covers->inode->superblock->number : 0;
}

static void show_info(struct proc_text *text, const struct superblock *superblock,
		      const char *place)
{
	char options[OPTIONS_SIZE];

	superblock_options(superblock, OPTIONS_OF_MOUNT, options, sizeof(options));
	proc_print(text, "%u %u %u:%u / ", superblock->number, parent_number(superblock),
		   device_major(superblock->device), device_minor(superblock->device));
	print_field(text, place, " \t\n\\");
	proc_print(text, "%s - %s ", options, superblock->type->name);
	print_field(text, superblock->source, " \t\n\\#");
	superblock_options(superblock, OPTIONS_OF_SUPERBLOCK, options, sizeof(options));
	proc_print(text, "%s\n", options);
}

int proc_show_mountinfo(struct proc_text *text, struct process *process)
{
	(void)process;
	return show_each(text, show_info);
}

/* ---- caches ---- */

/* Linux's age limit (45 s) is used by nobody; want_pages is 0. */
int proc_show_dentry_state(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "%u\t%u\t45\t0\t%u\t0\n", dentry_count, dentry_unused_count,
		   dentry_negative_count);
	return 0;
}

int proc_show_inode_nr(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "%u\t%u\n", inode_count, inode_unused_count);
	return 0;
}

int proc_show_inode_state(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "%u\t%u\t0\t0\t0\t0\t0\n", inode_count, inode_unused_count);
	return 0;
}
