/*
 * The mmap family by random operations, against a model that keeps one record for each page; also with
 * allocations that fail.
 */
#include "vma_host.h"

/* ---- the model ---- */

struct page {
	bool mapped;
	uint32_t flags;
	struct object *object;
	uint32_t offset; /* in the object */
	uint32_t contents;
};

static struct page model[NPAGES], saved[NPAGES];

static void model_clear(unsigned from, unsigned count)
{
	for (unsigned page = from; page < from + count; page++)
		model[page] = (struct page){ 0 };
}

static bool model_is_free(unsigned from, unsigned count)
{
	if (from + count > NPAGES)
		return false;
	for (unsigned page = from; page < from + count; page++)
		if (model[page].mapped)
			return false;
	return true;
}

/* First page of the highest gap of count pages below mmap_top, 0 if there is none. */
static unsigned model_gap(unsigned count)
{
	unsigned top = mm.mmap_top >> PAGE_SHIFT;

	for (unsigned page = top - MIN(top, count); page > 0; page--)
		if (model_is_free(page, count))
			return page;
	return 0;
}

static void model_map(unsigned from, unsigned count, const struct mm_map_request *request)
{
	for (unsigned page = from; page < from + count; page++)
		model[page] = (struct page){
			.mapped = true,
			.flags = request->flags | vma_account(request->flags),
			.object = request->object,
			.offset = request->object ? request->page_offset + page - from : 0,
		};
}

static void model_move(unsigned from, unsigned old_count, unsigned to, unsigned count)
{
	struct page moved[NPAGES];

	for (unsigned at = 0; at < count; at++) {
		moved[at] = model[from + MIN(at, old_count - 1)];
		if (at < old_count)
			continue;
		moved[at].contents = 0;
		moved[at].offset += moved[at].object ? at - (old_count - 1) : 0;
	}
	model_clear(from, old_count);
	for (unsigned at = 0; at < count; at++)
		model[to + at] = moved[at];
}

/* ---- the tree against the model and against itself ---- */

static int check_subtree(const struct tree_node *node)
{
	const struct vma *vma;
	int left, right;

	if (!node)
		return 0;
	vma = tree_entry(node, struct vma, node);
	left = check_subtree(node->child[0]);
	right = check_subtree(node->child[1]);
	assert_in_range(left - right + 1, 0, 2);
	assert_int_equal(node->height, 1 + MAX(left, right));
	vaddr_t largest = vma->gap;
	for (int side = 0; side < 2; side++)
		if (node->child[side])
			largest = MAX(largest,
				      tree_entry(node->child[side], struct vma, node)->largest_gap);
	assert_true(vma->largest_gap >= largest);
	return node->height;
}

static void check_region(const struct vma *vma, const struct vma *prev)
{
	assert_int_equal(vma->gap, vma->start - (prev ? prev->end : USER_LOWEST));
	assert_false(prev && vma_continues(prev, vma));
	for (vaddr_t at = vma->start; at < vma->end; at += PAGE_SIZE) {
		const struct page *page = &model[at >> PAGE_SHIFT];

		assert_true(at < TOP && page->mapped);
		assert_int_equal(page->flags, vma->flags);
		assert_ptr_equal(page->object, vma->object);
		if (vma->object)
			assert_int_equal(page->offset, vma_index(vma, at));
		assert_ptr_equal(mm_find(&mm, at), vma);
	}
}

static void check(void)
{
	uint32_t nregions = 0, npages = 0, mapped = 0, data = 0, links, promised = 0;
	const struct vma *prev = NULL;
	const struct list *link;

	check_subtree(mm.regions.root);
	for (struct vma *vma = mm_first(&mm); vma; prev = vma, vma = vma_next(vma)) {
		check_region(vma, prev);
		nregions++;
		npages += vma_npages(vma);
	}
	for (unsigned page = 0; page < NPAGES; page++) {
		mapped += model[page].mapped;
		data += model[page].mapped &&
			(model[page].flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE;
		promised += model[page].mapped && (model[page].flags & VMA_ACCOUNT);
		assert_int_equal(contents[page], model[page].contents);
		if (!model[page].mapped)
			assert_null(mm_find(&mm, ADDRESS(page)));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		links = 0;
		for (link = objects[i].mappings.next; link != &objects[i].mappings;
		     link = link->next)
			links++;
		assert_int_equal(objects[i].refs, links + 1);
	}
	assert_int_equal(mm.nregions, nregions);
	assert_int_equal(mm.npages, npages);
	assert_int_equal(mapped, npages);
	assert_int_equal(mm.data_npages, data);
	assert_int_equal(mm.promised_npages, promised);
	assert_int_equal(commit_npages, promised);
}

/* ---- operations ---- */

static int set_up_both(void **state)
{
	model_clear(0, NPAGES);
	return set_up(state);
}

static unsigned random_page(void)
{
	return 1 + unit_random() % (NPAGES - 1);
}

static unsigned random_count(unsigned from)
{
	unsigned scale = 1u << unit_random() % 7;

	return 1 + unit_random() % MIN(NPAGES - from, scale);
}

static uint32_t random_rights(void)
{
	return unit_random() % 3 ? VMA_READ | VMA_WRITE : VMA_READ;
}

/* What went where the model does not reach. */
static void unmap_surely(vaddr_t start, size_t size)
{
	bool failing = fail_allocations;

	fail_allocations = false;
	assert_int_equal(mm_unmap(&mm, start, size), 0);
	fail_allocations = failing;
}

static void random_map(void)
{
	unsigned from = random_page(), count = random_count(from), gap = model_gap(count);
	unsigned what = unit_random() % 4;
	struct mm_map_request request = {
		.address = ADDRESS(from),
		.size = ADDRESS(count),
		.flags = random_rights(),
		.fixed = unit_random() % 2,
	};
	vaddr_t address;
	int error;

	if (what < ARRAY_SIZE(objects)) {
		request.object = &objects[what];
		request.flags |= unit_random() % 2 ? VMA_SHARED : 0;
		/* Often the offset that makes it continue its neighbours. */
		request.page_offset = unit_random() % 4 ? from : unit_random() % 8;
	}
	if (!request.fixed && unit_random() % 2)
		request.address = 0;
	request.fixed_noreplace = !request.fixed && request.address && unit_random() % 2;
	error = mm_map(&mm, &request, &address);
	if (error == -ENOMEM && fail_allocations)
		return;
	if (request.fixed_noreplace && !model_is_free(from, count)) {
		assert_int_equal(error, -EEXIST);
		return;
	}
	assert_int_equal(error, 0);
	if (!request.fixed && !(request.address && model_is_free(from, count)))
		from = gap;
	if (!from) {
		assert_true(address >= TOP);
		unmap_surely(address, request.size);
		return;
	}
	assert_int_equal(address, ADDRESS(from));
	model_map(from, count, &request);
}

static void random_unmap(void)
{
	unsigned from = random_page(), count = random_count(from);
	int error = mm_unmap(&mm, ADDRESS(from), ADDRESS(count));

	if (error == -ENOMEM && fail_allocations)
		return;
	assert_int_equal(error, 0);
	model_clear(from, count);
}

static void random_protect(void)
{
	unsigned from = random_page(), count = random_count(from), page;
	uint32_t rights = random_rights();
	int error = mm_protect(&mm, ADDRESS(from), ADDRESS(count), rights);

	/* It stops at a hole, or where memory was out: what the tree says then goes. */
	for (page = from; page < from + count && model[page].mapped; page++) {
		struct vma *vma = mm_find(&mm, ADDRESS(page));

		if (error && fail_allocations && vma && (vma->flags & VMA_RIGHTS) != rights)
			break;
		model[page].flags = (model[page].flags & ~VMA_RIGHTS) | rights;
		model[page].flags |= vma_account(model[page].flags);
	}
	if (!fail_allocations)
		assert_int_equal(error, page < from + count ? -ENOMEM : 0);
}

/* Pages of one region from page on. */
static unsigned run_length(unsigned page)
{
	const struct vma *vma = mm_find(&mm, ADDRESS(page));

	return (vma->end - ADDRESS(page)) >> PAGE_SHIFT;
}

static void model_remap(unsigned from, unsigned old_count, unsigned to, unsigned count)
{
	if (to == from && count <= old_count) {
		model_clear(from + count, old_count - count);
		return;
	}
	if (to >= NPAGES) {
		unmap_surely(ADDRESS(to), ADDRESS(count));
		model_clear(from, old_count);
		return;
	}
	if (to != from)
		model_clear(to, count);
	model_move(from, old_count, to, count);
}

static void random_remap(void)
{
	unsigned from = random_page(), old_count, count, to = random_page(), expected;
	uint32_t flags = unit_random() % 4 ? MREMAP_MAYMOVE : 0;
	int32_t result;

	if (!model[from].mapped)
		return;
	old_count = 1 + unit_random() % run_length(from);
	count = random_count(MIN(from, to));
	if (unit_random() % 2 && to + count <= NPAGES &&
	    (to + count <= from || from + old_count <= to))
		flags |= MREMAP_FIXED | MREMAP_MAYMOVE;
	if (flags & MREMAP_FIXED)
		expected = to;
	else if (count <= old_count || (run_length(from) == old_count &&
					model_is_free(from + old_count, count - old_count)))
		expected = from;
	else
		expected = flags & MREMAP_MAYMOVE ? model_gap(count) : 0;
	/* Growing past the model's top is fine with the kernel. */
	if (!(flags & MREMAP_FIXED) && count > old_count && run_length(from) == old_count &&
	    from + count > NPAGES)
		return;
	result = sys_mremap(ADDRESS(from), ADDRESS(old_count), ADDRESS(count), flags, ADDRESS(to));
	if (result == -ENOMEM && fail_allocations) {
		const struct vma *vma = mm_find_at_or_above(&mm, ADDRESS(to));

		/* Linux, too, unmaps the target of a fixed move first, if it can do that. */
		if ((flags & MREMAP_FIXED) && (!vma || vma->start >= ADDRESS(to + count)))
			model_clear(to, count);
		return;
	}
	if (!expected && !(flags & MREMAP_MAYMOVE)) {
		assert_int_equal(result, -ENOMEM);
		return;
	}
	if (expected)
		assert_int_equal(result, ADDRESS(expected));
	model_remap(from, old_count, (vaddr_t)result >> PAGE_SHIFT, count);
}

static void random_touch(void)
{
	static uint32_t number;
	unsigned page = random_page();

	if (model[page].mapped && !contents[page])
		contents[page] = model[page].contents = ++number;
}

static void random_operation(void)
{
	static void (*const operations[])(void) = {
		random_map, random_unmap, random_protect, random_remap, random_touch, random_touch,
	};

	operations[unit_random() % ARRAY_SIZE(operations)]();
}

static void test_random_operations(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		random_operation();
		check();
	}
}

/* There are mappings, made at a place of their own, above what mmap chooses from. */
static void test_top_amidst_mappings(void **state)
{
	(void)state;
	mm.mmap_top = ADDRESS(NPAGES / 2);
	for (int round = 0; round < 20000; round++) {
		random_operation();
		check();
	}
}

static bool model_is_saved(void)
{
	for (unsigned page = 0; page < NPAGES; page++)
		if (model[page].mapped != saved[page].mapped ||
		    model[page].flags != saved[page].flags)
			return false;
	return true;
}

/* Running out of memory leaves what the model, unchanged or changed up to that point, says. */
static void test_allocations_that_fail(void **state)
{
	unsigned unchanged = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		fail_allocations = unit_random() % 2;
		for (unsigned page = 0; page < NPAGES; page++)
			saved[page] = model[page];
		random_operation();
		fail_allocations = false;
		unchanged += model_is_saved();
		check();
	}
	assert_true(unchanged > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_operations, set_up_both, tear_down),
		cmocka_unit_test_setup_teardown(test_top_amidst_mappings, set_up_both, tear_down),
		cmocka_unit_test_setup_teardown(test_allocations_that_fail, set_up_both, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
