/* EXPECT: fail_walk_memory.txt CFLAGS: -pthread */
/*
 * Processes, mappings and faults with allocations that fail (fail_walk.h). Faults have no error to
 * give: they are tried again, and succeed.
 */
#include "fail_walk.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>

/* ---- processes ---- */

static int child_ends(pid_t pid)
{
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	while (waitpid(pid, NULL, 0) < 0)
		;
	return 0;
}

static int do_fork(void)
{
	return child_ends(fork());
}

static int do_vfork(void)
{
	pid_t pid = vfork();

	return child_ends(pid);
}

static int do_large_fork(void)
{
	return child_ends(fork());
}

static void *nothing(void *argument)
{
	return argument;
}

static int do_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	if (!error)
		pthread_join(thread, NULL);
	return -error;
}

/* ---- mappings ---- */

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *area; /* AREA pages of address space that cases use */

#define AREA 2048

static int map_area(size_t npages, int prot, int flags, int fd)
{
	return mmap(area, npages * PAGE, prot, flags | MAP_FIXED, fd, 0) == MAP_FAILED ? -errno : 0;
}

static void clear_area(void)
{
	munmap(area, AREA * PAGE);
}

/* What an address space keeps for its next mapping is in use: that one has to allocate. */
static void prepare_mapping(void)
{
	char *other = mmap(area + 1800 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);

	*other = 1;
}

static int do_mmap(void)
{
	return map_area(16, RW, ANON, -1);
}

static int do_mmap_populate(void)
{
	return map_area(16, RW, ANON | MAP_POPULATE, -1);
}

static int do_mmap_shared(void)
{
	return map_area(16, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static int do_mmap_file(void)
{
	return map_area(4, RW, MAP_PRIVATE, data_file);
}

static void prepare_touched(void)
{
	map_area(16, RW, ANON, -1);
	memset(area, 1, 16 * PAGE);
}

static int do_mmap_over(void)
{
	return mmap(area + 4 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, data_file, 0) ==
			       MAP_FAILED
		       ? -errno
		       : 0;
}

static int do_munmap_middle(void)
{
	return result(munmap(area + 4 * PAGE, 4 * PAGE));
}

static int do_mprotect_middle(void)
{
	return result(mprotect(area + 4 * PAGE, 4 * PAGE, PROT_READ));
}

static int do_madvise_middle(void)
{
	return result(madvise(area + 4 * PAGE, 4 * PAGE, MADV_DONTFORK));
}

static int do_mlock_middle(void)
{
	return result(mlock(area + 4 * PAGE, 4 * PAGE));
}

static int do_mremap_grow(void)
{
	return mremap(area, 16 * PAGE, 64 * PAGE, 0) == MAP_FAILED ? -errno : 0;
}

static int do_mremap_move(void)
{
	return mremap(area, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      area + 1024 * PAGE + 8 * PAGE) == MAP_FAILED
		       ? -errno
		       : 0;
}

static int do_mremap_part(void)
{
	return mremap(area + 4 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      area + 1500 * PAGE) == MAP_FAILED
		       ? -errno
		       : 0;
}

static char *brk_before;

static void prepare_brk(void)
{
	brk_before = sbrk(0);
}

static int do_brk(void)
{
	return sbrk(64 * (int)PAGE) == (void *)-1 ? -errno : 0;
}

static void undo_brk(void)
{
	brk(brk_before);
}

/* ---- faults ---- */

static volatile char *volatile place;

static void prepare_fresh(void)
{
	map_area(16, RW, ANON, -1);
	place = area;
}

static void prepare_read(void)
{
	prepare_fresh();
	(void)*place;
}

static void prepare_file(void)
{
	map_area(4, RW, MAP_PRIVATE, data_file);
	place = area;
}

static void prepare_shared_file(void)
{
	map_area(4, RW, MAP_SHARED, data_file);
	place = area;
}

static void prepare_shared(void)
{
	map_area(16, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	place = area;
}

static pid_t holder;

/* Pages that a child has too, as long as it lives. */
static void prepare_cow(void)
{
	prepare_touched();
	place = area;
	holder = fork();
	if (holder == 0)
		for (;;)
			pause();
}

/* So many that page tables are shared. */
static void prepare_large_cow(void)
{
	map_area(AREA, RW, ANON, -1);
	memset(area, 1, AREA * PAGE);
	place = area;
	holder = fork();
	if (holder == 0)
		for (;;)
			pause();
}

static void undo_cow(void)
{
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	clear_area();
}

static int do_read_fault(void)
{
	(void)*place;
	return 0;
}

static int do_write_fault(void)
{
	*place = 1;
	return *place == 1 ? 0 : -EFAULT;
}

static int do_shared_munmap(void)
{
	return result(munmap(area + 4 * PAGE, PAGE));
}

static int do_shared_mprotect(void)
{
	return result(mprotect(area + 4 * PAGE, PAGE, PROT_READ));
}

static void prepare_stack(void)
{
	/* Grows down from its one page. */
	mmap(area + 512 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	place = area + 512 * PAGE - 1;
}

static int do_copy_fault(void)
{
	return pread(data_file, area, PAGE, 0) == (ssize_t)PAGE ? 0 : -errno;
}

/* ---- shared memory ---- */

static int do_shm(void)
{
	int id = shmget(IPC_PRIVATE, 8 * PAGE, 0600 | IPC_CREAT), error = 0;
	char *at;

	if (id < 0)
		return -errno;
	at = shmat(id, NULL, 0);
	if (at == (void *)-1)
		error = -errno;
	else
		shmdt(at);
	shmctl(id, IPC_RMID, NULL);
	return error;
}

/* ---- all sorts ---- */

static int do_locked(void)
{
	return map_area(16, RW, ANON | MAP_LOCKED, -1);
}

static int do_populate(void)
{
	return result(madvise(area, 16 * PAGE, MADV_POPULATE_WRITE));
}

static int do_wipe(void)
{
	return result(madvise(area + 4 * PAGE, 4 * PAGE, MADV_WIPEONFORK));
}

static int do_split_unmap(void)
{
	/* A page in the middle of each of three regions, and all between. */
	return result(munmap(area + 8 * PAGE, 24 * PAGE));
}

static void prepare_three(void)
{
	map_area(16, RW, ANON, -1);
	mmap(area + 16 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, data_file, 0);
	mmap(area + 20 * PAGE, 16 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(area, 1, 16 * PAGE);
	memset(area + 20 * PAGE, 1, 16 * PAGE);
}

/* ---- exec: in a child, whose end tells ---- */

static int do_exec(void)
{
	return walk_exec();
}

static const struct walk walks[] = {
	{ "fork", NULL, do_fork, NULL },
	{ "fork of much", prepare_large_cow, do_large_fork, undo_cow },
	{ "vfork", NULL, do_vfork, NULL },
	{ "thread", NULL, do_thread, NULL },
	{ "mmap", prepare_mapping, do_mmap, clear_area },
	{ "mmap, populated", prepare_mapping, do_mmap_populate, clear_area },
	{ "mmap, shared", NULL, do_mmap_shared, clear_area },
	{ "mmap of a file", prepare_mapping, do_mmap_file, clear_area },
	{ "mmap over a part", prepare_touched, do_mmap_over, clear_area },
	{ "munmap of a part", prepare_touched, do_munmap_middle, clear_area },
	{ "mprotect of a part", prepare_touched, do_mprotect_middle, clear_area },
	{ "madvise of a part", prepare_touched, do_madvise_middle, clear_area },
	{ "mlock of a part", prepare_fresh, do_mlock_middle, clear_area },
	{ "mremap in place", prepare_touched, do_mremap_grow, clear_area },
	{ "mremap elsewhere", prepare_touched, do_mremap_move, clear_area },
	{ "mremap of a part", prepare_touched, do_mremap_part, clear_area },
	{ "brk", prepare_brk, do_brk, undo_brk },
	{ "fault: read", prepare_fresh, do_read_fault, clear_area },
	{ "fault: write", prepare_fresh, do_write_fault, clear_area },
	{ "fault: write after read", prepare_read, do_write_fault, clear_area },
	{ "fault: read of a file", prepare_file, do_read_fault, clear_area },
	{ "fault: private write to a file", prepare_file, do_write_fault, clear_area },
	{ "fault: shared write to a file", prepare_shared_file, do_write_fault, clear_area },
	{ "fault: shared memory", prepare_shared, do_write_fault, clear_area },
	{ "fault: copy on write", prepare_cow, do_write_fault, undo_cow },
	{ "fault: in a shared page table", prepare_large_cow, do_write_fault, undo_cow },
	{ "fault: stack growth", prepare_stack, do_write_fault, clear_area },
	{ "fault: in the kernel's copy", prepare_fresh, do_copy_fault, clear_area },
	{ "munmap in a shared page table", prepare_large_cow, do_shared_munmap, undo_cow },
	{ "mprotect in a shared page table", prepare_large_cow, do_shared_mprotect, undo_cow },
	{ "shmget, shmat", NULL, do_shm, NULL },
	{ "mmap, locked", prepare_mapping, do_locked, clear_area },
	{ "madvise, populate", prepare_fresh, do_populate, clear_area },
	{ "madvise, wipe on fork", prepare_touched, do_wipe, clear_area },
	{ "munmap of three regions", prepare_three, do_split_unmap, clear_area },
	{ "exec", NULL, do_exec, NULL },
};

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		walk_executed();
	setvbuf(stdout, NULL, _IONBF, 0);
	area = mmap(NULL, (AREA + 1024) * PAGE, PROT_NONE, ANON, -1, 0);
	area = (char *)(((uintptr_t)area + 1024 * PAGE - 1) / (1024 * PAGE) * (1024 * PAGE));
	walk_begin();
	clear_area();
	for (unsigned i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(&walks[i]);
	return 0;
}
