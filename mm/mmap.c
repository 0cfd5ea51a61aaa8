/*
 * Mapping: mmap.
 *
 * Decode, then perform: the address is chosen, limits are checked and what must be allocated is
 * allocated before anything changes; unmapping what a fixed mapping replaces is the last step that
 * can fail, and it fails whole. A mapping that continues a neighbour in every respect extends it
 * instead of becoming a region of its own.
 *
 * Errors and their order are Linux's (mm/mmap.c of 6.1: do_mmap).
 */
#include <mm.h>

#include <abi/fcntl.h>
#include <abi/mman.h>
#include <assert.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>
#include <vma.h>

/* What MMAP_SHARED_VALIDATE knows of: Linux's LEGACY_MAP_MASK. */
#define MMAP_LEGACY_MASK 0x7c07f973u

/* ---- mapping ---- */

static int check_fixed(struct mm *mm, const struct mm_map_request *request, size_t size)
{
	if (request->address > USER_TOP - size)
		return -ENOMEM;
	if (request->address & PAGE_MASK)
		return -EINVAL;
	if (request->address < USER_LOWEST)
		return -EPERM;
	if (request->fixed_noreplace) {
		struct vma *vma = mm_find_at_or_above(mm, request->address);

		if (vma && vma->start < request->address + size)
			return -EEXIST;
	}
	return 0;
}

/* Where the mapping goes: the exact address, the hint if it is free, or anywhere. */
static int choose_address(struct mm *mm, const struct mm_map_request *request, size_t size,
			  vaddr_t *address)
{
	vaddr_t hint = ROUND_DOWN(request->address, PAGE_SIZE);

	if (size > USER_TOP)
		return -ENOMEM;
	*address = request->address;
	if (request->fixed || request->fixed_noreplace)
		return check_fixed(mm, request, size);
	*address = hint;
	if (hint && hint <= USER_TOP - size && vma_range_is_free(mm, hint, hint + size))
		return 0;
	*address = vma_find_place(mm, size);
	return *address ? 0 : -ENOMEM;
}

static uint32_t npages_mapped(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = mm_find_at_or_above(mm, start);
	uint32_t npages = 0;

	for (; vma && vma->start < end; vma = vma_next(vma))
		npages += (MIN(vma->end, end) - MAX(vma->start, start)) >> PAGE_SHIFT;
	return npages;
}

int mm_check_growth(const struct mm *mm, uint32_t flags, uint32_t npages, uint32_t replaced)
{
	if (mm->nregions > MM_REGIONS_MAX || mm_over_limits(mm, flags, npages - replaced))
		return -ENOMEM;
	return vma_over_commitment(mm, flags, npages) ? -ENOMEM : 0;
}

/* Performs a request whose address and rights are decided. */
static int map_at(struct mm *mm, const struct mm_map_request *request, vaddr_t start, size_t size)
{
	uint32_t flags = request->flags | vma_account(request->flags);
	uint32_t replaced = request->fixed ? npages_mapped(mm, start, start + size) : 0;
	int error = mm_check_growth(mm, flags, size >> PAGE_SHIFT, replaced);
	struct vma *wanted;

	if (error)
		return error;
	wanted = vma_make(mm, start, start + size, flags);
	if (!wanted)
		return -ENOMEM;
	wanted->object = request->object;
	wanted->file = request->file;
	if (request->object || request->file)
		wanted->page_offset = request->page_offset;
	if (replaced)
		error = mm_unmap_locked(mm, start, start + size);
	/* Letting go of what was there may have slept: the file may have been sealed. */
	if (replaced && !error && request->object)
		error = mm_check_seals(request->object, &wanted->flags);
	if (error)
		vma_free(wanted);
	else
		vma_place(mm, wanted);
	return error;
}

int mm_map_locked(struct mm *mm, const struct mm_map_request *request, vaddr_t *address)
{
	size_t size = ROUND_UP(request->size, PAGE_SIZE);
	int error = choose_address(mm, request, size, address);

	assert(size > 0);
	if (!error)
		error = mm_check_lock_limit(mm, request->flags, size >> PAGE_SHIFT);
	return error ? error : map_at(mm, request, *address, size);
}

int mm_map(struct mm *mm, const struct mm_map_request *request, vaddr_t *address)
{
	int error;

	mutex_lock(&mm->lock);
	error = mm_map_locked(mm, request, address);
	mutex_unlock(&mm->lock);
	return error;
}

int mm_make_stack(struct mm *mm, vaddr_t top, uint32_t flags, size_t size)
{
	struct mm_map_request request = {
		.address = top - ROUND_UP(size, PAGE_SIZE),
		.size = size,
		.fixed = true,
		.flags = (flags & VMA_RIGHTS) | VMA_GROWSDOWN | VMA_STACK,
	};
	vaddr_t address;

	assert(size > 0 && !(top & PAGE_MASK) && top <= USER_TOP);
	mm->stack_top = top;
	return mm_map(mm, &request, &address);
}

/* ---- mmap's decoding ---- */

_Static_assert(PROT_READ == VMA_READ && PROT_WRITE == VMA_WRITE && PROT_EXEC == VMA_EXEC,
	       "PROT_* and VMA_* rights are the same bits");

static uint32_t flags_from_prot(uint32_t prot)
{
	return prot & VMA_RIGHTS;
}

static bool is_swap_area(struct file *file)
{
	const struct object *object = vma_file_ops->object(file);

	return !IS_ERR(object) && swap_area_find(object) >= 0;
}

/* What a file allows, by MMAP_TYPE. */
static int decode_file(struct file *file, uint32_t prot, uint32_t flags,
		       struct mm_map_request *request)
{
	uint32_t type = flags & MMAP_TYPE;

	if (type != MMAP_SHARED && type != MMAP_SHARED_VALIDATE && type != MMAP_PRIVATE)
		return -EINVAL;
	if (type == MMAP_SHARED_VALIDATE && (flags & ~MMAP_LEGACY_MASK))
		return -EOPNOTSUPP;
	if (type != MMAP_PRIVATE) {
		if ((prot & PROT_WRITE) && !vma_file_ops->may_write(file))
			return -EACCES;
		if ((prot & PROT_WRITE) && swap_total_npages && is_swap_area(file))
			return -ETXTBSY;
		request->flags |= VMA_SHARED;
		if (!vma_file_ops->may_write(file))
			request->flags |= VMA_DENYWRITE_MAX;
	}
	if (!vma_file_ops->may_read(file))
		return -EACCES;
	if (vma_file_ops->may_execute(file))
		return 0;
	request->flags |= VMA_DENYEXEC_MAX;
	return prot & PROT_EXEC ? -EPERM : 0;
}

/*
 * Shared anonymous memory. Promised like private memory: nothing but this machine's frames will
 * ever back it.
 */
static int create_shared(struct mm_map_request *request)
{
	request->object = object_create_shared(request->size);
	if (!request->object)
		return -ENOMEM;
	if (request->flags & VMA_NORESERVE)
		return 0;
	/* On failure the caller puts the object. */
	return object_promise(request->object, request->size >> PAGE_SHIFT);
}

int mm_check_seals(const struct object *object, uint32_t *flags)
{
	if (!(*flags & VMA_SHARED) || (*flags & VMA_DENYWRITE_MAX))
		return 0;
	if (object->seals & F_SEAL_WRITE)
		return -EPERM;
	if (!(object->seals & F_SEAL_FUTURE_WRITE))
		return 0;
	if (*flags & VMA_WRITE)
		return -EPERM;
	*flags |= VMA_DENYWRITE_MAX;
	return 0;
}

/* The file's object; /dev/zero's gives anonymous memory. */
static int decode_object(struct file *file, struct mm_map_request *request)
{
	struct object *object = vma_file_ops->object(file);
	int error;

	if (IS_ERR(object))
		return PTR_ERR(object);
	if (request->flags & VMA_GROWSDOWN)
		return -EINVAL;
	error = mm_check_seals(object, &request->flags);
	if (error)
		return error;
	request->file = file;
	if (object != &object_zero)
		object_get(object);
	else if (request->flags & VMA_SHARED)
		return create_shared(request);
	else
		return 0;
	request->object = object;
	return object ? 0 : -ENOMEM;
}

static int decode_anonymous(uint32_t flags, struct mm_map_request *request)
{
	uint32_t type = flags & MMAP_TYPE;

	request->page_offset = 0;
	if (type == MMAP_PRIVATE)
		return 0;
	if (type != MMAP_SHARED || (request->flags & VMA_GROWSDOWN))
		return -EINVAL;
	request->flags |= VMA_SHARED;
	return create_shared(request);
}

/* Under the lock: from the request and mmap's own words to the mapping. */
static int mmap_locked(struct mm *mm, struct mm_map_request *request, uint32_t prot, uint32_t flags,
		       struct file *file, vaddr_t *address)
{
	int error;

	if (mm->nregions > MM_REGIONS_MAX)
		return -ENOMEM;
	error = choose_address(mm, request, request->size, address);
	if (error)
		return error;
	if ((flags & MMAP_LOCKED) && !mm_limit(RLIMIT_MEMLOCK) && !current_is_root())
		return -EPERM;
	error = mm_check_lock_limit(mm, request->flags, request->size >> PAGE_SHIFT);
	if (error)
		return error;
	error = file ? decode_file(file, prot, flags, request) : decode_anonymous(flags, request);
	if (!error && file)
		error = decode_object(file, request);
	if (!error)
		error = map_at(mm, request, *address, request->size);
	if (request->object)
		object_put(request->object);
	return error;
}

static int32_t map_file(struct mm *mm, struct mm_map_request *request, uint32_t prot,
			uint32_t flags, struct file *file)
{
	vaddr_t address;
	int error;

	if (request->size == 0)
		return -EINVAL;
	request->size = ROUND_UP(request->size, PAGE_SIZE);
	if (request->size == 0)
		return -ENOMEM;
	if (request->page_offset + (request->size >> PAGE_SHIFT) < request->page_offset)
		return -EOVERFLOW;
	mutex_lock(&mm->lock);
	request->flags |= mm->default_flags;
	error = mmap_locked(mm, request, prot, flags, file, &address);
	mutex_unlock(&mm->lock);
	if (error)
		return error;
	/* The mapping stands even where it cannot be filled now; an access will tell. */
	if ((request->flags & VMA_LOCKED) ||
	    (flags & (MMAP_POPULATE | MMAP_NONBLOCK)) == MMAP_POPULATE)
		mm_populate(mm, address, address + request->size);
	return address;
}

/* ---- doorways ---- */

int32_t sys_mmap2(vaddr_t address, size_t size, uint32_t prot, uint32_t flags, int fd,
		  uint32_t page_offset)
{
	struct mm_map_request request = {
		.address = address,
		.size = size,
		.page_offset = page_offset,
		.fixed = flags & MMAP_FIXED,
		.fixed_noreplace = flags & MMAP_FIXED_NOREPLACE,
		.flags = flags_from_prot(prot),
	};
	struct file *file = NULL;
	int32_t result;

	request.flags |= flags & MMAP_GROWSDOWN ? VMA_GROWSDOWN : 0;
	if ((flags & MMAP_NORESERVE) && commit_policy.overcommit != COMMIT_NEVER)
		request.flags |= VMA_NORESERVE;
	request.flags |= flags & MMAP_LOCKED ? VMA_LOCKED : 0;
	if (!(flags & MMAP_ANONYMOUS)) {
		file = vma_file_ops->from_fd(fd);
		if (IS_ERR(file))
			return PTR_ERR(file);
		result = flags & MMAP_HUGETLB ? -EINVAL : 0;
	} else {
		result = flags & MMAP_HUGETLB ? -ENOMEM : 0;
	}
	if (!result)
		result = map_file(current->process->mm, &request, prot, flags, file);
	if (file)
		vma_file_ops->put(file);
	return result;
}

int32_t sys_old_mmap(const void __user *arguments)
{
	struct {
		uint32_t address, size, prot, flags, fd, offset;
	} call;
	int error = copy_from_user(&call, arguments, sizeof(call));

	if (error)
		return error;
	if (call.offset & PAGE_MASK)
		return -EINVAL;
	return sys_mmap2(call.address, call.size, call.prot, call.flags, (int)call.fd,
			 call.offset >> PAGE_SHIFT);
}
