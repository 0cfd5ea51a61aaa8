/*
 * select and pselect: poll with bit sets, one bit a descriptor.
 *
 * Six sets are kept in one block: three as asked, three as answered. "Ready to read" and so on mean
 * certain poll events each, as Linux has it.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/poll.h>
#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <kvrange.h>
#include <string.h>
#include <uaccess.h>

#include "poll_internal.h"

#define SETS 3
#define WORD_BITS 32u
#define FEW_FDS 64u

static const uint32_t events_of[SETS] = {
	POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
	POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
	POLLPRI,
};

struct select_call {
	struct polling polling;
	uint32_t count; /* descriptors 0..count-1 are looked at */
	uint32_t *asked[SETS], *answered[SETS];
	struct file **files; /* NULL where nothing is asked */
};

static bool has(const uint32_t *set, uint32_t fd)
{
	return set[fd / WORD_BITS] & (1u << (fd % WORD_BITS));
}

static size_t set_bytes(uint32_t count)
{
	return DIV_ROUND_UP(count, WORD_BITS) * sizeof(uint32_t);
}

/* One descriptor in all three sets: how many bits were answered. */
static int scan_fd(struct select_call *call, uint32_t fd, struct poll_table *table)
{
	uint32_t events = poll_file(call->files[fd], table);
	int ready = 0;

	for (unsigned set = 0; set < SETS; set++) {
		if (has(call->asked[set], fd) && (events & events_of[set])) {
			call->answered[set][fd / WORD_BITS] |= 1u << (fd % WORD_BITS);
			ready++;
		}
	}
	return ready;
}

static int scan_sets(struct polling *polling, struct poll_table *table)
{
	struct select_call *call = container_of(polling, struct select_call, polling);
	int ready = 0;

	for (uint32_t fd = 0; fd < call->count; fd++)
		if (call->files[fd])
			ready += scan_fd(call, fd, ready ? NULL : table);
	return ready;
}

static void drop_files(struct select_call *call, uint32_t count)
{
	for (uint32_t fd = 0; fd < count; fd++)
		if (call->files[fd])
			file_put(call->files[fd]);
}

/* -EBADF when a descriptor that is asked for is not open. */
static int hold_files(struct select_call *call)
{
	for (uint32_t fd = 0; fd < call->count; fd++) {
		struct file *file = NULL;

		if (has(call->asked[0], fd) || has(call->asked[1], fd) || has(call->asked[2], fd))
			file = file_from_fd((int)fd);
		if (IS_ERR(file)) {
			drop_files(call, fd);
			return PTR_ERR(file);
		}
		call->files[fd] = file;
	}
	return 0;
}

static int copy_sets_in(struct select_call *call, uint32_t __user *const users[SETS])
{
	size_t bytes = set_bytes(call->count);

	for (unsigned set = 0; set < SETS; set++) {
		memset(call->answered[set], 0, bytes);
		if (!users[set])
			memset(call->asked[set], 0, bytes);
		else if (copy_from_user(call->asked[set], users[set], bytes) != 0)
			return -EFAULT;
	}
	return 0;
}

static int copy_sets_out(const struct select_call *call, uint32_t __user *const users[SETS])
{
	for (unsigned set = 0; set < SETS; set++)
		if (users[set] &&
		    copy_to_user(users[set], call->answered[set], set_bytes(call->count)) != 0)
			return -EFAULT;
	return 0;
}

static int run_on_copies(struct select_call *call, uint32_t __user *const users[SETS])
{
	int error = copy_sets_in(call, users), ready;

	if (error)
		return error;
	error = hold_files(call);
	if (error)
		return error;
	ready = poll_run(&call->polling);
	drop_files(call, call->count);
	if (ready < 0)
		return ready;
	error = copy_sets_out(call, users);
	return error ? error : ready;
}

/* Cuts one block of memory into the sets and the files. */
static void lay_out(struct select_call *call, void *block)
{
	uint32_t words = DIV_ROUND_UP(call->count, WORD_BITS), *at = block;

	for (unsigned set = 0; set < SETS; set++) {
		call->asked[set] = at + 2 * set * words;
		call->answered[set] = at + (2 * set + 1) * words;
	}
	call->files = (struct file **)(at + 2 * SETS * words);
}

static int do_select(int32_t count, uint32_t __user *const users[SETS], uint64_t deadline)
{
	uint32_t few[2 * SETS * FEW_FDS / WORD_BITS + FEW_FDS];
	struct select_call call = { .polling = { .scan = scan_sets, .deadline = deadline } };
	void *block;
	int ready;

	if (count < 0)
		return -EINVAL;
	/*
	 * What lies beyond the table is not open, and not looked at; Linux's has 64 places at
	 * least.
	 */
	call.count = MIN((uint32_t)count, MAX(FEW_FDS, files_capacity(current->process->files)));
	if (call.count <= FEW_FDS) {
		lay_out(&call, few);
		return run_on_copies(&call, users);
	}
	block = kvalloc(2 * SETS * set_bytes(call.count) + call.count * sizeof(struct file *));
	if (!block)
		return -ENOMEM;
	lay_out(&call, block);
	ready = run_on_copies(&call, users);
	kvfree(block);
	return ready;
}

/* ---- system calls ---- */

int32_t sys_select(int32_t count, uint32_t __user *read, uint32_t __user *write,
		   uint32_t __user *except, struct timeval __user *timeout)
{
	uint32_t __user *const users[SETS] = { read, write, except };
	uint64_t deadline = WAIT_FOREVER;
	struct timespec64 time;
	struct timeval narrow;
	int32_t ready;

	if (timeout) {
		if (copy_from_user(&narrow, timeout, sizeof(narrow)) != 0)
			return -EFAULT;
		/* Microseconds may be more than a second of them, but not negative. */
		if (narrow.usec < 0)
			return -EINVAL;
		time = (struct timespec64){
			.sec = (int64_t)narrow.sec + narrow.usec / 1000000,
			.nsec = narrow.usec % 1000000 * 1000,
		};
		if (deadline_from_timespec(&time, &deadline) != 0)
			return -EINVAL;
	}
	ready = do_select(count, users, deadline);
	if (ready == -EINTR)
		ready = -ERESTARTNOHAND;
	if (timeout && deadline) {
		time = deadline_left(deadline);
		narrow = (struct timeval){ .sec = (int32_t)time.sec, .usec = time.nsec / 1000 };
		if (copy_to_user(timeout, &narrow, sizeof(narrow)) != 0 && ready == -ERESTARTNOHAND)
			ready = -EINTR;
	}
	return ready;
}

int32_t sys_old_select(const struct old_select_arguments __user *user)
{
	struct old_select_arguments all;

	if (copy_from_user(&all, user, sizeof(all)) != 0)
		return -EFAULT;
	return sys_select(all.count, (uint32_t __user *)all.read, (uint32_t __user *)all.write,
			  (uint32_t __user *)all.except, (struct timeval __user *)all.timeout);
}

/* pselect's sixth argument: a signal mask and its size. */
struct mask_argument {
	uint32_t mask, size;
};

static int32_t masked_select(int32_t count, uint32_t __user *const users[SETS], uint64_t deadline,
			     const struct mask_argument __user *user_mask)
{
	struct mask_argument argument = { 0, 0 };
	int32_t ready;
	int error;

	if (user_mask && copy_from_user(&argument, user_mask, sizeof(argument)) != 0)
		return -EFAULT;
	error = poll_set_mask((const sigset_t __user *)argument.mask, argument.size);
	if (error)
		return error;
	ready = do_select(count, users, deadline);
	poll_restore_mask(argument.mask != 0, ready == -EINTR);
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

int32_t sys_pselect6_time64(int32_t count, uint32_t __user *read, uint32_t __user *write,
			    uint32_t __user *except, struct timespec64 __user *timeout,
			    const void __user *mask)
{
	uint32_t __user *const users[SETS] = { read, write, except };
	uint64_t deadline = WAIT_FOREVER;
	struct timespec64 time;
	int32_t ready;

	if (timeout && copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (timeout && deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	ready = masked_select(count, users, deadline, mask);
	if (timeout && deadline) {
		time = deadline_left(deadline);
		if (copy_to_user(timeout, &time, sizeof(time)) != 0 && ready == -ERESTARTNOHAND)
			ready = -EINTR;
	}
	return ready;
}

int32_t sys_pselect6(int32_t count, uint32_t __user *read, uint32_t __user *write,
		     uint32_t __user *except, struct timespec __user *timeout,
		     const void __user *mask)
{
	uint32_t __user *const users[SETS] = { read, write, except };
	struct timespec narrow = { 0, 0 };
	uint64_t deadline = WAIT_FOREVER;
	struct timespec64 time;
	int32_t ready;

	if (timeout && copy_from_user(&narrow, timeout, sizeof(narrow)) != 0)
		return -EFAULT;
	time = (struct timespec64){ .sec = narrow.sec, .nsec = narrow.nsec };
	if (timeout && deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	ready = masked_select(count, users, deadline, mask);
	if (timeout && deadline) {
		time = deadline_left(deadline);
		narrow = (struct timespec){ .sec = (int32_t)time.sec, .nsec = time.nsec };
		if (copy_to_user(timeout, &narrow, sizeof(narrow)) != 0 && ready == -ERESTARTNOHAND)
			ready = -EINTR;
	}
	return ready;
}
