/*
 * fs/ext2 when the machine stops at any moment of random work: e2fsck repairs what is left, and what
 * fsync promised is there.
 */
#include "ext2_work.h"

static uint8_t *base_image, *crashed;

/* The disk as a crash behind event `at` leaves it. */
static void crash_image(unsigned at)
{
	unsigned flushed = 0;

	memcpy(disk, base_image, disk_size);
	for (unsigned i = 0; i < at; i++)
		if (!events[i].size)
			flushed = i;
	for (unsigned i = 0; i < at; i++)
		if (events[i].size && (i < flushed || unit_random() % 2))
			memcpy(disk + events[i].place, events[i].data, events[i].size);
}

static bool promise_kept(const struct promise *promise)
{
	bool found = false;

	for (unsigned i = 0; !found && i < promise->nplaces; i++) {
		const struct place *place = &promise->places[i];
		struct name name = { place->name, strlen(place->name), 0 };
		struct inode *directory, *inode;

		directory = ext2_inode_get(ext2_of(&host_super), place->directory);
		if (IS_ERR(directory))
			continue;
		inode = S_ISDIR(directory->mode) ? directory->ops->lookup(directory, &name)
						 : ERR_PTR(-ENOENT);
		if (!IS_ERR(inode)) {
			found = S_ISREG(inode->mode) &&
				content_is(inode, promise->size, promise->npages, promise->index,
					   (uint8_t *const *)promise->data);
			inode_put(inode);
		}
		inode_put(directory);
	}
	return found;
}

static void check_crash(unsigned at, const char *kind)
{
	int status;

	crash_image(at);
	memcpy(crashed, disk, disk_size);
	status = check_image(disk, "-fy", false);
	assert_true(status == 0 || status == 1);
	host_new_disk(disk_size);
	quiet_log = true;
	assert_int_equal(host_mount(MS_RDONLY, ""), 0);
	for (int i = 0; i < npromises; i++) {
		if (at < promises[i].from || at >= promises[i].until || promise_kept(&promises[i]))
			continue;
		host_unmount();
		memcpy(disk, crashed, disk_size);
		check_image(disk, "-fy", true);
		fail_msg("%s: after event %u of %u: %s of %u, promised at %u, is lost", kind, at,
			 nevents, promises[i].places[0].name, promises[i].places[0].directory,
			 promises[i].from);
	}
	host_unmount();
	quiet_log = false;
}

static void crashes(void **state)
{
	(void)state;
	promises = calloc(PROMISES_MAX, sizeof(*promises));
	base_image = malloc(DEVICE_PAGES * PAGE_SIZE);
	crashed = malloc(DEVICE_PAGES * PAGE_SIZE);
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(3 * MB, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		for (unsigned i = 0; i < 200; i++)
			do_something();
		host_sync();
		memcpy(base_image, disk, disk_size);
		logging = true;
		for (unsigned i = 0; i < 800; i++)
			do_something();
		logging = false;
		host_unmount();
		for (unsigned i = 0; i < 12 * effort(); i++)
			check_crash(unit_random() % (nevents + 1), kinds[k]);
		log_clear();
		model_end();
	}
	free(promises);
	promises = NULL;
	free(base_image);
	free(crashed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crashes),
	};

	return cmocka_run_group_tests(tests, ext2_begin_all, ext2_end_all);
}
