/*
 * Random memory calls on a window of addresses, for the mm_random_*.c programs.
 *
 * A mix says which calls come how often. All that is random comes from its seed and never from an
 * answer, so that two kernels are asked the same; every mapping goes to an exact address. Each step
 * prints its letter, and every eighth a checksum of answers and of what can be seen: the rights,
 * kind and file offset of every page from /proc/self/maps, the sizes from /proc/self/status and,
 * every few steps, the contents or the signal that reading them raises. A first difference is in
 * one of the eight calls before it; built with -DRANDOM_TELLS=1, a program tells each in full.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "mm.h"
#include <stdint.h>

#define WINDOW ((char *)0x50000000)
#define WINDOW_PAGES 40
#define SLOTS 16 /* words of a page that are written and looked at */
#define FILE_PAGES 24

/* Whether each call is told in full: for who looks for the reason of a difference. */
#ifndef RANDOM_TELLS
#define RANDOM_TELLS 0
#endif

struct step {
	int first, count, to; /* pages of the window */
	uint32_t word;
};

struct call {
	char letter;
	int weight;
	long (*run)(const struct step *step);
};

static uint32_t random_state;
static int random_fd; /* a file of at most FILE_PAGES pages */
static unsigned long random_base_size;

static uint32_t random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static int random_below(int limit)
{
	return random_word() % (uint32_t)limit;
}

static char *page_at(int page)
{
	return WINDOW + page * PAGE;
}

static int random_prot(uint32_t word)
{
	static const int prots[] = {
		RW, RW, RW, PROT_READ, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC, RW | PROT_EXEC
	};

	return prots[word % 8];
}

/* ---- what can be seen ---- */

static uint32_t mix(uint32_t hash, uint32_t value)
{
	hash = (hash ^ value) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static sigjmp_buf random_back;
static volatile uint32_t random_signal;

static void random_handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	random_signal = number * 16 + info->si_code;
	random_signal += ((char *)info->si_addr - WINDOW) << 8;
	siglongjmp(random_back, 1);
}

static void random_catch(void)
{
	struct sigaction action = { .sa_sigaction = random_handler,
				    .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* A word read, or what its reading raised. */
static uint32_t random_load(const char *at)
{
	if (sigsetjmp(random_back, 0))
		return random_signal;
	return *(const volatile uint32_t *)at;
}

static uint32_t random_store(char *at, uint32_t word)
{
	if (sigsetjmp(random_back, 0))
		return random_signal;
	*(volatile uint32_t *)at = word;
	return 0;
}

static uint32_t hash_contents(uint32_t hash)
{
	for (int page = 0; page < WINDOW_PAGES; page++) {
		for (int slot = 0; slot < SLOTS; slot++) {
			uint32_t word = random_load(page_at(page) + slot * (PAGE / SLOTS));

			hash = mix(hash, word);
			if (word == random_signal)
				break;
		}
		if (RANDOM_TELLS)
			printf("%d:%x ", page, hash);
	}
	return hash;
}

static char *read_whole(const char *path)
{
	static char text[64 * 1024];
	int fd = open(path, O_RDONLY), size = 0, got;

	while ((got = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += got;
	close(fd);
	text[size] = '\0';
	return text;
}

/* Page by page: where a region ends is the kernel's own affair. */
static uint32_t hash_maps(uint32_t hash)
{
	char *line = read_whole("/proc/self/maps");

	for (; *line; line = strchr(line, '\n') + 1) {
		unsigned long start = strtoul(line, NULL, 16);
		unsigned long end = strtoul(strchr(line, '-') + 1, NULL, 16);
		char *rights = strchr(line, ' ') + 1;
		unsigned long offset = strtoul(rights + 5, NULL, 16);
		int has_file = strtoul(strchr(strchr(rights + 5, ':'), ' '), NULL, 10) != 0;

		if (start < (unsigned long)WINDOW ||
		    end > (unsigned long)WINDOW + WINDOW_PAGES * PAGE)
			continue;
		for (; start < end; start += PAGE, offset += PAGE) {
			if (RANDOM_TELLS)
				printf("%lx:%.4s:%lx ", (start - (long)WINDOW) / PAGE, rights,
				       has_file ? offset : 1);
			hash = mix(hash, start);
			hash = mix(hash,
				   rights[0] << 24 | rights[1] << 16 | rights[2] << 8 | rights[3]);
			hash = mix(hash, has_file ? offset : 1);
		}
	}
	return hash;
}

/* The letters of the page's rights in maps, or "none". */
static const char *rights_at(const char *page)
{
	char *line = read_whole("/proc/self/maps");

	for (; *line; line = strchr(line, '\n') + 1) {
		unsigned long start = strtoul(line, NULL, 16);
		unsigned long end = strtoul(strchr(line, '-') + 1, NULL, 16);

		if ((unsigned long)page >= start && (unsigned long)page < end)
			return strchr(line, ' ') + 1;
	}
	return "none";
}

static unsigned long status_value(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static uint32_t hash_sizes(uint32_t hash)
{
	const char *status = read_whole("/proc/self/status");

	if (RANDOM_TELLS)
		printf("size %lu locked %lu ", status_value(status, "VmSize:") - random_base_size,
		       status_value(status, "VmLck:"));
	hash = mix(hash, status_value(status, "VmSize:") - random_base_size);
	return mix(hash, status_value(status, "VmLck:"));
}

static uint32_t hash_window(int contents)
{
	uint32_t hash = hash_sizes(hash_maps(1));

	return contents ? hash_contents(hash) : hash;
}

/* ---- the calls ---- */

static long map_window(const struct step *step, int flags, int fd)
{
	void *at = mmap(page_at(step->first), step->count * PAGE, random_prot(step->word),
			flags | MAP_FIXED, fd, (step->word >> 8) % FILE_PAGES * PAGE);

	return at == MAP_FAILED ? -1 : 0;
}

__attribute__((unused)) static long do_map_private(const struct step *step)
{
	return map_window(step, ANON, -1);
}

__attribute__((unused)) static long do_map_shared(const struct step *step)
{
	return map_window(step, MAP_SHARED | MAP_ANONYMOUS, -1);
}

__attribute__((unused)) static long do_map_file(const struct step *step)
{
	return map_window(step, MAP_PRIVATE, random_fd);
}

__attribute__((unused)) static long do_map_file_shared(const struct step *step)
{
	return map_window(step, MAP_SHARED, random_fd);
}

__attribute__((unused)) static long do_map_locked(const struct step *step)
{
	return map_window(step, ANON | MAP_LOCKED, -1);
}

__attribute__((unused)) static long do_map_populated(const struct step *step)
{
	return map_window(step, ANON | MAP_POPULATE, -1);
}

__attribute__((unused)) static long do_map_free(const struct step *step)
{
	int count = step->count < 3 ? step->count : 3;
	void *at = mmap(page_at(step->first), count * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

__attribute__((unused)) static long do_unmap(const struct step *step)
{
	return munmap(page_at(step->first), step->count * PAGE);
}

__attribute__((unused)) static long do_protect(const struct step *step)
{
	return mprotect(page_at(step->first), step->count * PAGE, random_prot(step->word));
}

__attribute__((unused)) static long do_store(const struct step *step)
{
	char *at = page_at(step->first) + step->word % SLOTS * (PAGE / SLOTS);

	return random_store(at, step->word);
}

/* A word in each page of the range, as far as that goes. */
__attribute__((unused)) static long do_store_all(const struct step *step)
{
	uint32_t raised = 0;

	for (int page = 0; page < step->count && !raised; page++)
		raised = random_store(page_at(step->first + page), step->word + page);
	return raised;
}

__attribute__((unused)) static long do_load(const struct step *step)
{
	return random_load(page_at(step->first) + step->word % SLOTS * (PAGE / SLOTS));
}

static long advise(const struct step *step, int advice)
{
	return madvise(page_at(step->first), step->count * PAGE, advice);
}

__attribute__((unused)) static long do_dontneed(const struct step *step)
{
	return advise(step, MADV_DONTNEED);
}

/* One page. Shared ones that are not writable are left: what they answer has changed. */
__attribute__((unused)) static long do_remove(const struct step *step)
{
	const char *rights = rights_at(page_at(step->first));

	if (rights[3] == 's' && rights[1] != 'w')
		return 0;
	return madvise(page_at(step->first), PAGE, MADV_REMOVE);
}

__attribute__((unused)) static long do_advice_for_fork(const struct step *step)
{
	static const int advices[] = { MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK,
				       MADV_KEEPONFORK };

	return advise(step, advices[step->word % 4]);
}

__attribute__((unused)) static long do_populate(const struct step *step)
{
	return advise(step, step->word & 1 ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

/* One page moved, or a range that grows or shrinks on its way. */
__attribute__((unused)) static long do_move(const struct step *step)
{
	void *at = mremap(page_at(step->first), PAGE, (step->word % 3 + 1) * PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, page_at(step->to));

	return at == MAP_FAILED ? -1 : 0;
}

__attribute__((unused)) static long do_move_and_leave(const struct step *step)
{
	void *at = mremap(page_at(step->first), PAGE, PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, page_at(step->to));

	return at == MAP_FAILED ? -1 : 0;
}

/* Whether mremap checks or unmaps first has changed between kernels: private pages are left. */
__attribute__((unused)) static long do_duplicate(const struct step *step)
{
	void *at;

	if (rights_at(page_at(step->first))[3] == 'p')
		return 0;
	at = mremap(page_at(step->first), 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    page_at(step->to));

	return at == MAP_FAILED ? -1 : 0;
}

/* Shrinks a range; grows a single page, since one region is what grows. */
__attribute__((unused)) static long do_resize(const struct step *step)
{
	int count = step->count, new_count = step->word % 12 + 1;
	void *at;

	if (step->first + new_count > WINDOW_PAGES)
		new_count = WINDOW_PAGES - step->first;
	if (new_count > count)
		count = 1;
	at = mremap(page_at(step->first), count * PAGE, new_count * PAGE, 0);
	return at == MAP_FAILED ? -1 : 0;
}

__attribute__((unused)) static long do_msync(const struct step *step)
{
	static const int flags[] = { MS_SYNC, MS_ASYNC, MS_SYNC | MS_INVALIDATE, MS_INVALIDATE };

	return msync(page_at(step->first), step->count * PAGE, flags[step->word % 4]);
}

__attribute__((unused)) static long do_lock(const struct step *step)
{
	if (step->word & 1)
		return munlock(page_at(step->first), step->count * PAGE);
	if (step->word & 2)
		return syscall(SYS_mlock2, page_at(step->first), step->count * PAGE, 1);
	return mlock(page_at(step->first), step->count * PAGE);
}

__attribute__((unused)) static long do_mincore(const struct step *step)
{
	unsigned char vector[WINDOW_PAGES];
	uint32_t hash = 0;

	if (mincore(page_at(step->first), step->count * PAGE, vector))
		return -1;
	for (int page = 0; page < step->count; page++)
		hash = mix(hash, vector[page] & 1);
	return hash & 0xffffff;
}

/* ---- calls on the file ---- */

__attribute__((unused)) static long do_truncate(const struct step *step)
{
	return ftruncate(random_fd, step->word % (FILE_PAGES * PAGE));
}

/*
 * From the window to the file: as far as the window can be read. Not to beyond the file's end: some
 * kernels extend a file to where nothing could then be written.
 */
__attribute__((unused)) static long do_write(const struct step *step)
{
	off_t to = (step->word >> 8) % FILE_PAGES * PAGE + step->word % 64;
	size_t size = step->count * PAGE / 2 + 100;
	struct stat now;

	fstat(random_fd, &now);
	if (to > now.st_size)
		to = now.st_size;
	if (to + size > FILE_PAGES * PAGE)
		size = FILE_PAGES * PAGE - to;
	return pwrite(random_fd, page_at(step->first), size, to);
}

__attribute__((unused)) static long do_read(const struct step *step)
{
	return pread(random_fd, page_at(step->first) + step->word % 64, step->count * PAGE / 2,
		     (step->word >> 8) % FILE_PAGES * PAGE);
}

/* ---- the run ---- */

static const struct call *choose(const struct call *calls)
{
	int total = 0, at;

	for (const struct call *call = calls; call->run; call++)
		total += call->weight;
	at = random_below(total);
	while (at >= calls->weight)
		at -= (calls++)->weight;
	return calls;
}

static struct step random_step(void)
{
	struct step step = { .first = random_below(WINDOW_PAGES), .word = random_word() };

	step.count = random_below(3) ? 1 + random_below(5) : 1 + random_below(WINDOW_PAGES);
	if (step.first + step.count > WINDOW_PAGES)
		step.count = WINDOW_PAGES - step.first;
	/* Away from the first page: what moves never overlaps where it goes. */
	step.to = (step.first + 3 + random_below(WINDOW_PAGES - 5)) % WINDOW_PAGES;
	if (step.to > WINDOW_PAGES - 3)
		step.to = step.first < WINDOW_PAGES / 2 ? WINDOW_PAGES - 3 : 0;
	return step;
}

/* One call; what it said and what can be seen after it. */
static uint32_t take_step(const struct call *call, int number)
{
	struct step step = random_step();
	int contents = random_below(6) == 0;
	uint32_t hash;
	long result;

	errno = 0;
	result = call->run(&step);
	if (RANDOM_TELLS)
		printf("\n%d: %c first %d count %d to %d word %x contents %d = %lx %s\n", number,
		       call->letter, step.first, step.count, step.to, step.word, contents, result,
		       strerrorname_np(result == -1 ? errno : 0));
	hash = hash_window(contents);
	return mix(mix(hash, result), result == -1 ? errno : 0);
}

static void random_steps(const struct call *calls, int steps)
{
	uint32_t hash = 0;

	for (int done = 0; done < steps; done++) {
		const struct call *call = choose(calls);

		hash = mix(hash, take_step(call, done));
		putchar(call->letter);
		if (done % 8 == 7 || RANDOM_TELLS)
			printf("%04x%c", hash & 0xffff, done % 48 == 47 ? '\n' : ' ');
	}
	printf("\nthe end: %08x\n", mix(hash, hash_window(1)));
}

/*
 * In memory where the host has a place for that: on disk, file systems differ in what a write that
 * fails at its first byte leaves of a file's size.
 */
static void random_file(void)
{
	const char *path = access("/dev/shm", W_OK) ? "mm-random.tmp" : "/dev/shm/mm-random.tmp";

	random_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(path);
	for (uint32_t at = 0; at < FILE_PAGES / 2 * PAGE; at += 256)
		if (pwrite(random_fd, &at, sizeof(at), at) != sizeof(at))
			perror("pwrite");
}

/* Runs the mix with a seed on an empty window and, where it has one, a fresh file. */
__attribute__((unused)) static void random_run(const struct call *calls, uint32_t seed, int steps)
{
	printf("seed %u\n", seed);
	random_state = seed * 0x9e3779b1u + 1;
	random_catch();
	random_file();
	munmap(WINDOW, WINDOW_PAGES * PAGE);
	random_base_size = status_value(read_whole("/proc/self/status"), "VmSize:");
	random_steps(calls, steps);
	close(random_fd);
}

#endif
