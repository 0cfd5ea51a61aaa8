/*
 * The root file system on a disk: root= and its kin on the command line.
 *
 *   root=/dev/sda1, root=8:1, root=0801   the device: by name, by number, by number in hexadecimal
 *   root=PARTUUID=1234abcd-01   the partition of that name (block.h)
 *   rootfstype=a,b   the types to be tried; else each that needs a device, in /proc/filesystems'
 *                    order
 *   rootflags=       its mount options
 *   ro, rw           read-only, as without either word, or not
 *   rootwait, rootdelay=N   waits until the device is there; N seconds before it looks
 *
 * As on Linux an initramfs that has the program that is to be process 1 keeps the root for itself;
 * one without it, or none, is covered by the disk's file system. What is mounted on /dev moves there,
 * if it has such a directory. (Linux: init/do_mounts.c, init/main.c.)
 */
#include <vfs.h>

#include <assert.h>
#include <block.h>
#include <clock.h>
#include <cmdline.h>
#include <format.h>
#include <log.h>
#include <panic.h>
#include <string.h>

#define SOURCE "/dev/root" /* what /proc/mounts calls it */
#define LOOK_AGAIN_NS (NSEC_PER_SEC / 10)

static bool on_disk;

bool root_is_on_disk(void)
{
	return on_disk;
}

static void pause(uint64_t ns)
{
	static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	int result = wait_until(&nobody, false, WAIT_UNINTERRUPTIBLE, clock_monotonic_ns() + ns);

	assert(result == -ETIMEDOUT);
}

/* ---- the device ---- */

/* "8:1", decimal; 0: it is not that. */
static dev_t number_from_pair(const char *text)
{
	const char *colon = strchr(text, ':');
	char major[8];
	uint32_t numbers[2];

	if (!colon || (size_t)(colon - text) >= sizeof(major))
		return 0;
	memcpy(major, text, (size_t)(colon - text));
	major[colon - text] = '\0';
	if (parse_u32(major, 10, &numbers[0]) != 0 || parse_u32(colon + 1, 10, &numbers[1]) != 0 ||
	    numbers[0] > 0xfff || numbers[1] > 0xff)
		return 0;
	return DEV(numbers[0], numbers[1]);
}

/* Capitals may stand for small letters. */
static bool same_uuid(const char *uuid, const char *text)
{
	while (*text && (*uuid == *text || *uuid == (*text | 0x20))) {
		uuid++;
		text++;
	}
	return !*uuid && !*text;
}

static dev_t number_of_uuid(const char *text)
{
	struct block_device *block = NULL;

	while ((block = block_next(block)))
		if (block_is_partition(block) && same_uuid(block->uuid, text))
			return block->device;
	return 0;
}

/* The number that root= gives, 0 for a name that is not there. */
static dev_t number_from(const char *text)
{
	const struct block_device *block;
	uint32_t number;

	if (strncmp(text, "PARTUUID=", 9) == 0)
		return number_of_uuid(text + 9);
	if (strncmp(text, "/dev/", 5) == 0) {
		block = block_find_name(text + 5);
		return block ? block->device : 0;
	}
	number = number_from_pair(text);
	return number || parse_u32(text, 16, &number) == 0 ? number : 0;
}

static struct block_device *find_device(const char *text, dev_t *number)
{
	*number = number_from(text);
	return *number ? block_find(*number) : NULL;
}

static struct block_device *wait_for_device(const char *text, dev_t *number)
{
	const char *delay = cmdline_get("rootdelay");
	struct block_device *block;
	uint32_t seconds;

	if (delay && parse_u32(delay, 10, &seconds) == 0)
		pause(seconds * NSEC_PER_SEC);
	block = find_device(text, number);
	if (block || !cmdline_get("rootwait"))
		return block;
	log_notice("root: waiting for %s", text);
	while (!(block = find_device(text, number)))
		pause(LOOK_AGAIN_NS);
	return block;
}

/* ---- when it cannot be mounted ---- */

static void list_partitions(void)
{
	struct block_device *block = NULL;

	log_error("root: these are the partitions there are:");
	while ((block = block_next(block)))
		log_error("root: %02x%02x %10u %s", device_major(block->device),
			  device_minor(block->device), (uint32_t)(block->nsectors / 2),
			  block->name);
}

static __noreturn void give_up(const char *text, dev_t number, int error)
{
	log_error("VFS: Cannot open root device \"%s\" or unknown-block(%u,%u): error %d", text,
		  device_major(number), device_minor(number), error);
	list_partitions();
	panic("VFS: Unable to mount root fs on unknown-block(%u,%u): error %d",
	      device_major(number), device_minor(number), -error);
}

/* ---- mounting ---- */

/* -EINVAL: it is no file system of that type. One that must not be written is mounted read-only. */
static int try_type(const char *type, struct block_device *block, uint32_t flags)
{
	const char *options = cmdline_get("rootflags");
	int error = mount_device_at(type, SOURCE, block, fs_root, flags, options ? options : "");

	if (error == -EACCES && !(flags & MS_RDONLY))
		return try_type(type, block, flags | MS_RDONLY);
	return error;
}

/* The types named in a list with commas between them. */
static int try_named(const char *types, struct block_device *block, uint32_t flags)
{
	int error = -EINVAL;

	while (*types && error == -EINVAL) {
		char type[32];
		const char *comma = strchr(types, ',');
		size_t size = comma ? (size_t)(comma - types) : strlen(types);

		strlcpy(type, types, MIN(size + 1, sizeof(type)));
		error = try_type(type, block, flags);
		types += size + (comma != NULL);
	}
	return error;
}

static int try_all(struct block_device *block, uint32_t flags)
{
	struct filesystem *type;
	int error = -EINVAL;

	list_for_each(type, &filesystems, link) {
		if (!type->needs_device)
			continue;
		error = try_type(type->name, block, flags);
		if (error != -EINVAL)
			break;
	}
	return error;
}

static uint32_t flags_wanted(void)
{
	/* Both given: the one that makes it writable counts, as only Linux's last one would. */
	return cmdline_get("rw") ? 0 : MS_RDONLY;
}

static void move_dev(struct dentry *dev)
{
	struct dentry *to = path_lookup(AT_FDCWD, "/dev", LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	int error = IS_ERR(to) ? PTR_ERR(to) : mount_move(dev, to);

	if (!IS_ERR(to))
		dentry_put(to);
	if (error)
		log_error("devtmpfs: error mounting %d", error);
}

static void mount_over_first(const char *text)
{
	const char *types = cmdline_get("rootfstype");
	struct dentry *dev = path_lookup(AT_FDCWD, "/dev", LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	dev_t number;
	struct block_device *block = wait_for_device(text, &number);
	int error = -ENXIO;

	if (block)
		error = types ? try_named(types, block, flags_wanted())
			      : try_all(block, flags_wanted());
	if (error)
		give_up(text, number, error);
	on_disk = true;
	fs_root = fs_root->mounted->root;
	log_info("VFS: Mounted root (%s filesystem)%s on device %u:%u.",
		 fs_root->inode->superblock->type->name,
		 superblock_writable(fs_root->inode->superblock) ? " readonly" : "",
		 device_major(number), device_minor(number));
	if (IS_ERR(dev))
		return;
	move_dev(dev);
	dentry_put(dev);
}

void root_mount_if_asked(void)
{
	const char *text = cmdline_get("root"), *program = cmdline_get("rdinit");
	struct dentry *init;

	if (!text)
		return;
	init = path_lookup(AT_FDCWD, program ? program : "/init", LOOKUP_FOLLOW);
	if (IS_ERR(init)) {
		mount_over_first(text);
		return;
	}
	dentry_put(init);
}
