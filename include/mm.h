/*
 * Address spaces: a page directory and a balanced tree of regions (vma), sorted by address,
 * each knowing how large a gap its subtree may have, so that splitting, merging and finding a gap
 * are logarithmic.
 *
 * Protected by: the kernel not being preempted, plus mm->lock (a mutex) around whatever changes the
 * tree or sleeps while relying on it (fault handler, mmap family, fork). Never held while user
 * memory is touched by a copy routine. Readers that do not sleep need no lock. Order: mm->lock of
 * one address space at a time; nothing of fs/ is held by who waits for it, except what a file's own
 * read and write hold around a user copy.
 */
#ifndef LOFT_MM_H
#define LOFT_MM_H

#include <object.h>
#include <pagedir.h>
#include <tree.h>
#include <types.h>
#include <wait.h>

/* Region flags. */
#define VMA_READ 1u
#define VMA_WRITE 2u
#define VMA_EXEC 4u
#define VMA_SHARED 8u	  /* writes reach the object */
#define VMA_GROWSDOWN 16u /* a stack: a fault in the gap below extends it */
#define VMA_NORESERVE 32u
#define VMA_LOCKED 64u
#define VMA_HEAP 128u		 /* the brk region, for /proc/PID/maps */
#define VMA_STACK 256u		 /* the main stack, likewise */
#define VMA_DENYWRITE_MAX 512u	 /* shared, of a file open read-only: mprotect to write is EACCES */
#define VMA_DENYEXEC_MAX 1024u	 /* file on a noexec mount: mprotect to exec is EACCES */
#define VMA_DONTFORK 2048u	 /* madvise: fork leaves it out */
#define VMA_WIPEONFORK 4096u	 /* madvise: the child finds it zeroed */
#define VMA_ACCOUNT 8192u	 /* its pages count as promised memory (commit.h) */
#define VMA_COUNTED 16384u	 /* its file is told of it (vma_file_ops.mapped); never merged */
#define VMA_LOCK_ON_FAULT 32768u /* VMA_LOCKED as well, but pages come when they are touched */
#define VMA_RANDOM 65536u	 /* madvise: nothing is read with a page that is needed */
#define VMA_SEQUENTIAL 131072u	 /* madvise: what follows it is */
#define VMA_LOCKED_ALL (VMA_LOCKED | VMA_LOCK_ON_FAULT)
#define VMA_RIGHTS (VMA_READ | VMA_WRITE | VMA_EXEC)

/* As Linux's vm.max_map_count. */
#define MM_REGIONS_MAX 65530u
/* Free bytes kept between a growing stack and what lies below it (Linux's stack_guard_gap). */
#define MM_STACK_GUARD (256u * PAGE_SIZE)

struct file;
struct readahead;

struct vma {
	struct tree_node node;
	struct vma *prev, *next; /* in address order */
	struct mm *mm;
	vaddr_t start, end;    /* [start, end), page-aligned, end > start */
	uint32_t flags;	       /* VMA_* */
	struct object *object; /* NULL: anonymous private. A reference is held */
	/*
	 * Page number in the object of the page at start; of anonymous memory, where it was first:
	 * start >> PAGE_SHIFT until mremap moves what was written.
	 */
	uint32_t page_offset;
	struct file *file; /* for /proc/PID/maps; NULL if none; opaque to mm/ (vma_file_ops) */
	vaddr_t gap; /* free bytes between the previous region and start, less a stack's guard */
	vaddr_t largest_gap;	 /* no gap in the subtree is larger (tree.h) */
	struct list object_link; /* all mappings of the object, for truncation */
	/* Whose anonymous pages may be in it; NULL: there has been none yet (rmap.h). */
	struct anon_family *family;
	struct list family_link; /* family->regions */
};

struct mm {
	uint32_t refs;	 /* tasks (vfork, threads) and /proc readers */
	uint32_t number; /* its own, unlike its place in memory never another's; not 0 */
	struct pagedir pagedir;
	struct tree regions;
	struct vma *first, *last; /* of the regions, in address order */
	struct vma *last_found;	  /* one-entry cache of mm_find: the region looked at last */
	/* One of each that has been, NULL or kept for the next: they mostly come and go in turn. */
	struct vma *spare;
	struct anon_family *spare_family;
	uint32_t nregions;
	uint32_t npages;	/* sum of region sizes, pages: VmSize */
	uint32_t data_npages;	/* of those: private, writable, no stack: what RLIMIT_DATA bounds */
	uint32_t locked_npages; /* of those: VMA_LOCKED: VmLck */
	uint32_t promised_npages; /* of those: VMA_ACCOUNT, part of commit_npages */
	uint32_t peak_npages, peak_resident;
	uint32_t default_flags; /* of new regions: VMA_LOCKED_ALL's after mlockall(MCL_FUTURE) */
	struct mutex lock;
	vaddr_t brk_start, brk; /* the heap: [brk_start, brk) */
	vaddr_t mmap_top;	/* new mappings are placed top down below it */
	/*
	 * What a search for a place has shown: below mmap_top no region that starts above
	 * searched_above has a gap of searched_size. 0: nothing.
	 */
	vaddr_t searched_above;
	size_t searched_size;
	vaddr_t stack_top; /* where exec put the strings */
	/* For /proc and prctl: */
	vaddr_t code_start, code_end, data_start, data_end;
	vaddr_t arg_start, arg_end, env_start, env_end;
	uint32_t saved_auxv[48];
	uint64_t faults_minor, faults_major;
	/* What the fault handler met last, for the trace; under lock. */
	struct fault_note {
		const struct vma *vma; /* NULL: no region */
		struct frame *frame;   /* behind the page, where the fault was satisfied */
		uint32_t nmore;	       /* pages mapped with it that were at hand */
		uint64_t began;	       /* fault_trace_now() */
	} note;
	uint32_t membarriers; /* MEMBARRIER_PRIVATE_* commands that it has registered for */
	vaddr_t vdso;	      /* where the vDSO's code is mapped (vdso.h), 0: nowhere yet */
	struct file *exe;     /* the program file, a reference */
	struct list all_link; /* every mm, for the ledger */
};

/* Every address space, by all_link. */
extern struct list mm_all;

/*
 * What mm/ asks of files, set once by fs/ at boot (fs_init); the functions of fs.h of like names
 * fit.
 */
struct vma_file_ops {
	void (*get)(struct file *file);
	void (*put)(struct file *file);
	/* The current process's open file with a reference for the caller, or ERR_PTR(-EBADF). */
	struct file *(*from_fd)(int fd);
	bool (*may_read)(const struct file *file);
	bool (*may_write)(const struct file *file);
	bool (*may_execute)(const struct file *file);
	/*
	 * What a mapping of the file maps, no reference taken; ERR_PTR(-ENODEV). /dev/zero:
	 * &object_zero.
	 */
	struct object *(*object)(struct file *file);
	/* A region with VMA_COUNTED begins, and ends, to map the file. */
	void (*mapped)(struct file *file);
	void (*unmapped)(struct file *file);
	/*
	 * msync(MS_SYNC): writes what is dirty to the backing store. May sleep. NULL when no file
	 * has one.
	 */
	int (*sync)(struct file *file);
	/* Where the file keeps what read-ahead remembers (readahead.h). NULL: no file does. */
	struct readahead *(*readahead)(struct file *file);
};
extern const struct vma_file_ops *vma_file_ops;

/*
 * An empty address space, refs 1; NULL when memory is out. mmap_top is USER_TOP until exec says
 * otherwise.
 */
__must_check struct mm *mm_create(void);
void mm_get(struct mm *mm);
/*
 * The last reference unmaps everything and frees it; the processor must no longer use its
 * directory.
 */
void mm_put(struct mm *mm);
/*
 * fork: a copy, private pages shared copy-on-write; file pages without private copies are left to
 * be faulted in again. ERR_PTR(-ENOMEM): nothing is left of it. May sleep (from->lock).
 */
__must_check struct mm *mm_fork(struct mm *from);

/* The first region whose end is above address, or NULL, from the tree; for mm_find_at_or_above. */
struct vma *mm_search(struct mm *mm, vaddr_t address);

/* The same; most often it is the one that was found last. */
static inline struct vma *mm_find_at_or_above(struct mm *mm, vaddr_t address)
{
	struct vma *last = mm->last_found;

	if (last && address - last->start < last->end - last->start)
		return last;
	return mm_search(mm, address);
}

/* The region that holds address, or NULL. */
static inline struct vma *mm_find(struct mm *mm, vaddr_t address)
{
	struct vma *vma = mm_find_at_or_above(mm, address);

	return vma && vma->start <= address ? vma : NULL;
}

/* In address order, NULL after the last. */
static inline struct vma *vma_next(const struct vma *vma)
{
	return vma->next;
}

static inline struct vma *mm_first(const struct mm *mm)
{
	return mm->first;
}

struct mm_map_request {
	vaddr_t address;       /* hint, or exact with fixed */
	size_t size;	       /* bytes, rounded up to pages; > 0 */
	uint32_t flags;	       /* VMA_* */
	bool fixed;	       /* replace what is there */
	bool fixed_noreplace;  /* exact, -EEXIST when something is there */
	struct object *object; /* NULL: anonymous private; else a reference is taken */
	uint32_t page_offset;
	struct file *file; /* a reference is taken */
};
/*
 * Makes a mapping; its address to *address. -ENOMEM (no space, region limit, RLIMIT_AS,
 * RLIMIT_DATA, more than the machine has), -EAGAIN (RLIMIT_MEMLOCK), -EINVAL, -EEXIST, -EPERM below
 * USER_LOWEST. On failure nothing has changed. May sleep.
 */
__must_check int mm_map(struct mm *mm, const struct mm_map_request *request, vaddr_t *address);
/*
 * munmap: holes are skipped. -EINVAL for unaligned, empty or outside user space, -ENOMEM (a split;
 * nothing changed).
 */
__must_check int mm_unmap(struct mm *mm, vaddr_t start, size_t size);
/*
 * mprotect to rights (VMA_RIGHTS). -EINVAL, -EACCES, -ENOMEM (hole, limits): the part before has
 * been changed, as on Linux.
 */
__must_check int mm_protect(struct mm *mm, vaddr_t start, size_t size, uint32_t rights);
/*
 * The initial stack of exec: a VMA_GROWSDOWN|VMA_STACK region [top - size, top); flags: its
 * VMA_RIGHTS. RLIMIT_STACK bounds later growth.
 */
__must_check int mm_make_stack(struct mm *mm, vaddr_t top, uint32_t flags, size_t size);
/*
 * Faults in every page of [start, end), for writing where that is private and writable. -ENOMEM (a
 * hole, or memory is out), -EFAULT (a page that cannot be had, or no rights); some callers only
 * wish. Regions that are locked on fault are passed over. May sleep.
 */
int mm_populate(struct mm *mm, vaddr_t start, vaddr_t end);

/* ---- faults ---- */

/* What the fault handler decided; the same names in the trace, the statistics and the tests. */
enum fault_result {
	FAULT_ZERO_PAGE,    /* read of untouched anonymous memory: the shared zero frame */
	FAULT_ZEROED_FRAME, /* write to untouched anonymous memory: a fresh zeroed frame */
	FAULT_CACHE_PAGE,   /* a page of an object mapped */
	FAULT_SWAP_IN,	    /* a private page came back from swap, or from the swap cache */
	FAULT_COW_COPY,	    /* a private copy made */
	FAULT_COW_REUSE,    /* sole owner: made writable in place */
	FAULT_STACK_GROWTH, /* counted only: the stack region was extended, then one of the above */
	FAULT_SPURIOUS,	    /* already as it should be (a stale TLB entry) */
	FAULT_NO_REGION,    /* SIGSEGV, SEGV_MAPERR */
	FAULT_NO_RIGHT,	    /* SIGSEGV, SEGV_ACCERR */
	FAULT_BEYOND_END,   /* SIGBUS, BUS_ADRERR: past the end of the file */
	FAULT_IO_ERROR,	    /* SIGBUS, BUS_ADRERR: the backing store failed */
	FAULT_NO_MEMORY,    /* no frame: the caller decides who dies */
	FAULT_RESULTS
};
const char *fault_result_name(enum fault_result result);
extern uint32_t fault_counts[FAULT_RESULTS];
extern uint32_t fault_major_count; /* of them, those that had to wait for a backing store */

/* Is it the frame of zeros that untouched anonymous memory shows to readers? */
bool fault_is_zero_frame(const struct frame *frame);

/* True for the results after which the access succeeds. */
static inline bool fault_satisfied(enum fault_result result)
{
	return result < FAULT_NO_REGION;
}

/* Access kinds: but for the last, bits of the processor's error code (Intel SDM 3A 4.7). */
#define FAULT_PRESENT 1u /* a protection violation, not an absent page */
#define FAULT_WRITE 2u
#define FAULT_USER 4u	 /* from PL3 */
#define FAULT_EXEC 16u	 /* known only where the CPU tells; unused without NX */
#define FAULT_REMOTE 32u /* not by who lives there: exec's building, /proc's looking */

/*
 * Decides about and, where possible, satisfies a fault at address (any; those outside user space
 * have no region) of mm, by FAULT_WRITE alone of access: the rest the handler sees for itself. May
 * sleep; mm->lock is not held by the caller.
 */
enum fault_result mm_fault(struct mm *mm, vaddr_t address, unsigned access);

/*
 * The same for the kernel's own wishes: while memory is out, others end for it (oom.h).
 * FAULT_NO_MEMORY: none could.
 */
enum fault_result mm_fault_making_room(struct mm *mm, vaddr_t address, unsigned access);

/*
 * swapoff: the page at `at`, which is in this slot, comes back as if it were read there, whatever the
 * region's rights. mm->lock is held. 0, also when it is no longer in that slot; -ENOMEM, -EIO. May
 * sleep.
 */
__must_check int mm_swap_in(struct mm *mm, vaddr_t at, swap_t swap);

/*
 * For exec, ptrace-like access and tests: copies into/out of another address space with the rights
 * a program there has, faulting pages in. Bytes done. May sleep.
 */
size_t mm_write(struct mm *mm, vaddr_t to, const void *from, size_t size);
size_t mm_read(struct mm *mm, vaddr_t from, void *to, size_t size);
/*
 * The same with the rights that mprotect could give: reads whatever is mapped; writes a private
 * page that may not be written to a copy of its own. For /proc/PID/mem.
 */
size_t mm_write_forced(struct mm *mm, vaddr_t to, const void *from, size_t size);
size_t mm_read_forced(struct mm *mm, vaddr_t from, void *to, size_t size);

/* ---- doorways ---- */
int32_t sys_mmap2(vaddr_t address, size_t size, uint32_t prot, uint32_t flags, int fd,
		  uint32_t page_offset);
int32_t sys_old_mmap(const void __user *arguments);
int32_t sys_munmap(vaddr_t start, size_t size);
int32_t sys_mprotect(vaddr_t start, size_t size, uint32_t prot);
int32_t sys_mremap(vaddr_t old, size_t old_size, size_t new_size, uint32_t flags,
		   vaddr_t new_address);
int32_t sys_remap_file_pages(vaddr_t start, size_t size, uint32_t prot, uint32_t page_offset,
			     uint32_t flags);
int32_t sys_brk(vaddr_t brk);
int32_t sys_madvise(vaddr_t start, size_t size, int advice);
int32_t sys_msync(vaddr_t start, size_t size, int flags);
int32_t sys_mincore(vaddr_t start, size_t size, uint8_t __user *vector);
int32_t sys_mlock(vaddr_t start, size_t size);
int32_t sys_mlock2(vaddr_t start, size_t size, int flags);
int32_t sys_munlock(vaddr_t start, size_t size);
int32_t sys_mlockall(int flags);
int32_t sys_munlockall(void);

#endif
