/*
 * Page faults of recorded programs under each replacement policy.
 *
 *   simulate TRACE...      a table for each: rows are memory sizes, columns are policies
 *
 * The kernel's policies are the kernel's files, compiled for the host: struct frame, the lists and the
 * accessed bit are what they are there, and what the kernel's page tables would tell is told by the
 * simulated pages. Beside them: FIFO and random, as what is easy; LRU, which no kernel can afford; and
 * OPT (L. Belady, A study of replacement algorithms for a virtual-storage computer, 1966), which knows
 * the future: no policy has fewer faults. Each page's first fault is inevitable and in all columns.
 *
 * The last table is of the first program once more, beside somebody who reads a large file: only the
 * program's faults are counted.
 */
#include <assert.h>
#include <policy.h>

/* Of the host's C library, whose headers would clash with the kernel's types. */
struct host_file;
struct host_file *fopen(const char *path, const char *mode);
size_t fread(void *to, size_t size, size_t count, struct host_file *file);
int fseek(struct host_file *file, long offset, int whence);
long ftell(struct host_file *file);
int fclose(struct host_file *file);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fflush(struct host_file *file);
void *calloc(size_t count, size_t size);
void free(void *memory);
void *memset(void *to, int byte, size_t size);
char *strrchr(const char *text, int byte);
size_t strcspn(const char *text, const char *bytes);
__noreturn void exit(int status);

#define SEEK_SET 0
#define SEEK_END 2

#define NPAGES (1u << 20)
#define FIRST_PAGE 0x8000u /* what lies lower is firmware and loader */
#define SCANNED 0xC0000u   /* and from here on a file that is read beside the program */
#define SCAN_EVERY 100u	   /* of the program's references */

/* ---- a recorded program ---- */

static uint32_t *trace; /* page numbers */
static uint32_t nrefs, ndistinct;

static __noreturn void complain(const char *what, const char *name)
{
	printf("simulate: %s %s\n", what, name);
	exit(1);
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		complain("no memory for", "this");
	return memory;
}

static void load(const char *path)
{
	struct host_file *file = fopen(path, "rb");
	static bool seen[NPAGES];
	uint32_t n = 0;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET))
		complain("cannot read", path);
	free(trace);
	trace = allocate((size_t)size / sizeof(*trace), sizeof(*trace));
	nrefs = (uint32_t)fread(trace, sizeof(*trace), (size_t)size / sizeof(*trace), file);
	fclose(file);
	memset(seen, 0, sizeof(seen));
	ndistinct = 0;
	for (uint32_t i = 0; i < nrefs; i++) {
		if (trace[i] < FIRST_PAGE)
			continue;
		ndistinct += !seen[trace[i]];
		seen[trace[i]] = true;
		trace[n++] = trace[i];
	}
	nrefs = n;
}

/*
 * Beside the program somebody reads a large file from end to end, a page for each SCAN_EVERY of the
 * program's references. None of its pages is wanted again.
 */
static void add_scan(void)
{
	uint32_t *with = allocate(nrefs + nrefs / SCAN_EVERY + 1, sizeof(*with));
	uint32_t n = 0, page = SCANNED;

	for (uint32_t i = 0; i < nrefs; i++) {
		with[n++] = trace[i];
		if (i % SCAN_EVERY == SCAN_EVERY - 1 && page < NPAGES)
			with[n++] = page++;
	}
	free(trace);
	trace = with;
	nrefs = n;
}

static bool is_scanned(uint32_t page)
{
	return page >= SCANNED;
}

/* ---- memory ---- */

static struct frame *frames; /* index: the page in it */
static uint32_t nframes, nused;
static struct frame *frame_of[NPAGES]; /* NULL: not in memory */

static void empty_memory(uint32_t size)
{
	free(frames);
	frames = allocate(size, sizeof(*frames));
	nframes = size;
	nused = 0;
	memset(frame_of, 0, sizeof(frame_of));
}

static void put_page(struct frame *frame, uint32_t page)
{
	*frame = (struct frame){ .refs = 1, .kind = FRAME_ANON, .index = page };
	list_init(&frame->link);
	frame_of[page] = frame;
}

/* ---- what the kernel's policies ask ---- */

bool policy_referenced(struct frame *frame)
{
	bool referenced = frame->flags & FRAME_FLAG_REFERENCED;

	frame->flags &= ~FRAME_FLAG_REFERENCED;
	return referenced;
}

uint32_t policy_key(const struct frame *frame)
{
	return frame->index;
}

/* As in the kernel never given back, but that another run may follow. */
static void *policy_owned;

void *policy_memory(size_t size)
{
	free(policy_owned);
	return policy_owned = allocate(1, size);
}

void assert_failed(const char *text, const char *file, int line)
{
	printf("%s:%d: ", file, line);
	complain("assertion failed:", text);
}

static struct frame *evict(const struct reclaim_policy *policy)
{
	struct frame *frame = NULL;

	while (!frame) {
		uint32_t budget = 4 * nframes;

		frame = policy->victim(POLICY_ANON, &budget);
	}
	policy->evicted(frame, POLICY_ANON);
	frame_of[frame->index] = NULL;
	return frame;
}

static uint32_t run_policy(const struct reclaim_policy *policy, uint32_t size)
{
	uint32_t nfaults = 0;

	empty_memory(size);
	policy->init(size);
	for (uint32_t i = 0; i < nrefs; i++) {
		struct frame *frame = frame_of[trace[i]];

		if (!frame) {
			nfaults += !is_scanned(trace[i]);
			frame = nused < nframes ? &frames[nused++] : evict(policy);
			put_page(frame, trace[i]);
			policy->refault(frame, POLICY_ANON);
			policy->enter(frame, POLICY_ANON);
		}
		/* A page of a file that read() has gone over once was not used. */
		if (!is_scanned(trace[i]))
			frame->flags |= FRAME_FLAG_REFERENCED;
	}
	return nfaults;
}

/* ---- those that need no list ---- */

static uint32_t run_random(uint32_t size, bool fifo)
{
	uint32_t nfaults = 0, state = 1, hand = 0;

	empty_memory(size);
	for (uint32_t i = 0; i < nrefs; i++) {
		struct frame *frame = frame_of[trace[i]];

		if (frame)
			continue;
		nfaults += !is_scanned(trace[i]);
		state = state * 1664525 + 1013904223;
		if (nused < nframes) {
			frame = &frames[nused++];
		} else {
			frame = &frames[fifo ? hand++ % nframes : (state >> 8) % nframes];
			frame_of[frame->index] = NULL;
		}
		put_page(frame, trace[i]);
	}
	return nfaults;
}

static uint32_t run_lru(uint32_t size)
{
	struct list used = LIST_INIT(used);
	uint32_t nfaults = 0;

	empty_memory(size);
	for (uint32_t i = 0; i < nrefs; i++) {
		struct frame *frame = frame_of[trace[i]];

		if (!frame) {
			nfaults += !is_scanned(trace[i]);
			frame = nused < nframes ? &frames[nused++]
						: list_entry(used.prev, struct frame, link);
			if (frame->refs) {
				frame_of[frame->index] = NULL;
				list_remove(&frame->link);
			}
			put_page(frame, trace[i]);
		}
		list_remove(&frame->link);
		list_add(&used, &frame->link);
	}
	return nfaults;
}

/* ---- OPT ---- */

/*
 * A heap of pages by when they are used next, the latest on top. A page that is used enters again, with
 * its next use; entries whose use has passed are of the past and sink where nobody looks: their time is
 * less than that of any page in memory. So the top is always a page in memory with its next use.
 */
struct next_use {
	uint32_t time, page;
};

static struct next_use *heap;
static uint32_t nheap;

static void heap_push(struct next_use use)
{
	uint32_t at = nheap++;

	for (; at > 0 && heap[(at - 1) / 2].time < use.time; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = use;
}

static struct next_use heap_pop(void)
{
	struct next_use top = heap[0], moved = heap[--nheap];
	uint32_t at = 0;

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= nheap)
			break;
		if (child + 1 < nheap && heap[child + 1].time > heap[child].time)
			child++;
		if (heap[child].time <= moved.time)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
	return top;
}

/* For each reference, when the same page is used next. */
static uint32_t *next_uses(void)
{
	static uint32_t next[NPAGES];
	uint32_t *uses = allocate(nrefs, sizeof(*uses));

	memset(next, 0xff, sizeof(next));
	for (uint32_t i = nrefs; i-- > 0;) {
		uses[i] = next[trace[i]];
		next[trace[i]] = i;
	}
	return uses;
}

static uint32_t run_opt(uint32_t size, const uint32_t *uses)
{
	uint32_t nfaults = 0, nresident = 0;

	empty_memory(1);
	heap = allocate((size_t)nrefs + 1, sizeof(*heap));
	nheap = 0;
	for (uint32_t i = 0; i < nrefs; i++) {
		/* In memory or not is all that counts: frames[0] stands for any frame. */
		if (!frame_of[trace[i]]) {
			nfaults += !is_scanned(trace[i]);
			if (nresident == size)
				frame_of[heap_pop().page] = NULL;
			else
				nresident++;
			frame_of[trace[i]] = frames;
		}
		heap_push((struct next_use){ uses[i], trace[i] });
	}
	free(heap);
	return nfaults;
}

/* ---- the tables ---- */

static void print_table(const char *path, const char *beside)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	uint32_t *uses = next_uses();

	printf("%.*s%s: %u references, %u pages of its own\n\n", (int)strcspn(name, "."), name,
	       beside, nrefs, ndistinct);
	printf("| memory | FIFO | random | LRU | %s | %s | OPT |\n|---|---|---|---|---|---|---|\n",
	       policy_second_chance.name, policy_working_set.name);
	for (int tenths = 9; tenths >= 1; tenths -= 2) {
		uint32_t size = ndistinct * (uint32_t)tenths / 10;

		if (size < 16)
			break;
		printf("| %u pages, %d %% |", size, tenths * 10);
		printf(" %u |", run_random(size, true));
		printf(" %u |", run_random(size, false));
		printf(" %u |", run_lru(size));
		printf(" %u |", run_policy(&policy_second_chance, size));
		printf(" %u |", run_policy(&policy_working_set, size));
		printf(" %u |\n", run_opt(size, uses));
		fflush(NULL);
	}
	printf("\n");
	free(uses);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		load(argv[i]);
		print_table(argv[i], "");
	}
	if (argc > 1) {
		load(argv[1]);
		add_scan();
		print_table(argv[1], " beside a scan");
	}
	return 0;
}
