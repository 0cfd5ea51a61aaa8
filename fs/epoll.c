/*
 * epoll: a set of files to wait for, kept by the kernel from one wait to the next.
 *
 * An item enters the queues of its file once, when it is added, as a watcher: a wake puts it on the
 * list of the ready ones, and that list alone is what a wait looks at, so that it costs as much as
 * there is to tell. A wake says perhaps too much; so each ready item's file is asked when the
 * item is taken (epoll_wait.c). Level-triggered items that were told go back on the list, to be
 * asked again by the next wait; edge-triggered ones come back by the next wake.
 *
 * Nobody holds a lock: nothing here sleeps, but copying events to the program, over which an item
 * is held by a reference and looked at again. What notify touches (the ready list, events) is
 * guarded by interrupt-off sections. An item does not keep its file open: the last close takes it
 * away. Nor can a file's queues go while items are in them, as long as they live with the file.
 */
#include <event_calls.h>
#include <vfs.h>

#include <assert.h>
#include <frame.h>
#include <kheap.h>
#include <trap.h>
#include <uaccess.h>

#include "epoll_internal.h"
#include "poll_internal.h"

/* Bits that go with EPOLLEXCLUSIVE. */
#define EXCLUSIVE_ALLOWED \
	(POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
/* Of memory, items may take up one part in so many: more are -ENOSPC. */
#define MEMORY_SHARE 25u

static uint32_t items_in_use;
static const struct file_ops epoll_ops;

struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->data : NULL;
}

/* ---- the ready list ---- */

void epoll_put_ready(struct epoll_item *item, bool in_front)
{
	struct epoll *epoll = item->epoll;
	uint32_t flags = irq_save();

	if (list_empty(&item->ready_link)) {
		if (in_front)
			list_add(&epoll->ready, &item->ready_link);
		else
			list_add_tail(&epoll->ready, &item->ready_link);
		epoll->nready++;
	}
	irq_restore(flags);
}

static void take_off_ready(struct epoll_item *item)
{
	uint32_t flags = irq_save();

	if (!list_empty(&item->ready_link)) {
		list_remove(&item->ready_link);
		assert(item->epoll->nready > 0);
		item->epoll->nready--;
	}
	irq_restore(flags);
}

struct epoll_item *epoll_take_ready(struct epoll *epoll)
{
	struct epoll_item *item = NULL;
	uint32_t flags = irq_save();

	if (!list_empty(&epoll->ready)) {
		item = list_first(&epoll->ready, struct epoll_item, ready_link);
		take_off_ready(item);
	}
	irq_restore(flags);
	return item;
}

bool epoll_item_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	bool somebody = !list_empty(&epoll->sleepers.waiters);

	epoll_put_ready(item, false);
	if (somebody)
		wake_one(&epoll->sleepers);
	if (!list_empty(&epoll->pollers.waiters))
		wake_events(&epoll->pollers, POLLIN | POLLRDNORM);
	return somebody;
}

static bool notify(struct watcher *watcher, uint32_t events)
{
	struct epoll_item *item = container_of(watcher, struct epoll_watch, watcher)->item;

	if (!(item->event.events & ~EPOLL_MODES & events))
		return false;
	return epoll_item_ready(item);
}

/* ---- items ---- */

/* As a poll_table: the item that the queues are entered for. */
struct entering {
	struct poll_table table;
	struct epoll_item *item;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct epoll_item *item = container_of(table, struct entering, table)->item;
	struct epoll_watch *watch = &item->first;

	if (item->watches) {
		watch = kalloc(sizeof(*watch));
		if (!watch) {
			table->failed = true;
			return;
		}
		watch->next = item->watches->next;
		item->watches->next = watch;
	} else {
		item->watches = watch;
		watch->next = NULL;
	}
	watch->item = item;
	watch->watcher = (struct watcher){
		.notify = notify,
		.exclusive = item->event.events & EPOLLEXCLUSIVE,
	};
	watch_enter(queue, &watch->watcher);
}

static void leave_queues(struct epoll_item *item)
{
	struct epoll_watch *watch = item->watches, *next;

	for (; watch; watch = next) {
		next = watch->next;
		watch_leave(&watch->watcher);
		if (watch != &item->first)
			kfree(watch);
	}
	item->watches = NULL;
}

static int compare(const struct epoll_item *item, const struct file *file, int fd)
{
	if (item->file != file)
		return file < item->file ? -1 : 1;
	return fd < item->fd ? -1 : fd > item->fd;
}

static struct epoll_item *find(struct epoll *epoll, const struct file *file, int fd,
			       struct tree_node **parent, int *side)
{
	struct tree_node *at = epoll->items.root;

	*parent = NULL;
	*side = 0;
	while (at) {
		struct epoll_item *item = tree_entry(at, struct epoll_item, node);
		int order = compare(item, file, fd);

		if (order == 0)
			return item;
		*parent = at;
		*side = order > 0;
		at = at->child[*side];
	}
	return NULL;
}

void epoll_item_put(struct epoll_item *item)
{
	assert(item->refs > 0);
	if (--item->refs > 0)
		return;
	assert(item->removed && !item->watches && list_empty(&item->ready_link));
	items_in_use--;
	kfree(item);
}

/* Takes an item out of the set. Who holds it finds it removed. */
static void remove(struct epoll_item *item)
{
	assert(!item->removed);
	leave_queues(item);
	take_off_ready(item);
	list_remove(&item->file_link);
	tree_remove(&item->epoll->items, &item->node);
	item->removed = true;
	epoll_item_put(item);
}

void epoll_forget(struct file *file)
{
	while (!list_empty(&file->watchers))
		remove(list_first(&file->watchers, struct epoll_item, file_link));
}

static uint32_t items_max(void)
{
	static uint32_t max;
	struct frame_counts counts;

	if (max == 0) {
		frame_count(&counts);
		max = counts.total / MEMORY_SHARE * (PAGE_SIZE / sizeof(struct epoll_item));
	}
	return max;
}

static struct epoll_item *create_item(struct epoll *epoll, struct file *file, int fd,
				      const struct epoll_event *event)
{
	struct epoll_item *item;

	if (items_in_use >= items_max())
		return ERR_PTR(-ENOSPC);
	item = kzalloc(sizeof(*item));
	if (!item)
		return ERR_PTR(-ENOMEM);
	items_in_use++;
	item->refs = 1;
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	list_init(&item->ready_link);
	return item;
}

/* Enters the item in the queues of its file, and among the ready ones if it is. */
static int start_watching(struct epoll_item *item)
{
	struct entering entering = { .table = { .enter = enter_queue }, .item = item };
	uint32_t ready = poll_file(item->file, &entering.table);

	if (entering.table.failed)
		return -ENOMEM;
	if (ready & item->event.events)
		epoll_item_ready(item);
	return 0;
}

/* parent and side: where in the tree it belongs. */
static int add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event,
	       struct tree_node *parent, int side)
{
	struct epoll_item *item = create_item(epoll, file, fd, event);
	int error;

	if (IS_ERR(item))
		return PTR_ERR(item);
	tree_insert(&epoll->items, &item->node, parent, side);
	list_add_tail(&file->watchers, &item->file_link);
	error = epoll_check_paths(epoll, file);
	if (!error)
		error = start_watching(item);
	if (error)
		remove(item);
	return error;
}

static int modify(struct epoll_item *item, const struct epoll_event *event)
{
	uint32_t flags;

	if (item->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	flags = irq_save();
	item->event = *event;
	irq_restore(flags);
	if (poll_file(item->file, NULL) & event->events)
		epoll_item_ready(item);
	return 0;
}

/* ---- the epoll as a file ---- */

/*
 * Ready when one of its items is. Those that turn out not to be are off the list, as they would be
 * after a wait.
 */
static uint32_t epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->data;
	struct epoll_item *item;

	poll_wait(table, &epoll->pollers);
	for (uint32_t left = epoll->nready; left > 0; left--) {
		item = epoll_take_ready(epoll);
		if (!item)
			break;
		if (poll_file(item->file, NULL) & item->event.events) {
			epoll_put_ready(item, true);
			return POLLIN | POLLRDNORM;
		}
	}
	return 0;
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->data;
	struct tree_node *node;

	while ((node = tree_first(&epoll->items)))
		remove(tree_entry(node, struct epoll_item, node));
	assert(epoll->nready == 0);
	kfree(epoll);
}

static const struct file_ops epoll_ops = {
	.seek = file_stay,
	.poll = epoll_poll,
	.release = epoll_release,
};

/* ---- system calls ---- */

int32_t sys_epoll_create1(uint32_t flags)
{
	struct epoll *epoll;
	struct file *file;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	epoll = kzalloc(sizeof(*epoll));
	if (!epoll)
		return -ENOMEM;
	list_init(&epoll->ready);
	wait_queue_init(&epoll->sleepers);
	wait_queue_init(&epoll->pollers);
	file = file_create_anonymous(&epoll_ops, epoll, O_RDWR, 0600, "anon_inode:[eventpoll]");
	if (IS_ERR(file)) {
		kfree(epoll);
		return PTR_ERR(file);
	}
	epoll->file = file;
	return file_install(file, flags & O_CLOEXEC);
}

int32_t sys_epoll_create(int32_t size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static int check(struct file *file, struct file *target, int operation, uint32_t events)
{
	if (!poll_able(target))
		return -EPERM;
	if (file == target || !epoll_of(file))
		return -EINVAL;
	if (operation != EPOLL_CTL_DEL && (events & EPOLLEXCLUSIVE)) {
		if (operation == EPOLL_CTL_MOD)
			return -EINVAL;
		if (epoll_of(target) || (events & ~EXCLUSIVE_ALLOWED))
			return -EINVAL;
	}
	return operation == EPOLL_CTL_ADD ? epoll_check_loop(epoll_of(file), target) : 0;
}

static int control(struct epoll *epoll, int operation, struct file *target, int fd,
		   struct epoll_event *event)
{
	struct tree_node *parent;
	int side;
	struct epoll_item *item = find(epoll, target, fd, &parent, &side);

	event->events |= POLLERR | POLLHUP;
	switch (operation) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : add(epoll, target, fd, event, parent, side);
	case EPOLL_CTL_MOD:
		return item ? modify(item, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (item)
			remove(item);
		return item ? 0 : -ENOENT;
	}
	return -EINVAL;
}

int32_t sys_epoll_ctl(int epoll_fd, int operation, int fd, const struct epoll_event __user *user)
{
	struct epoll_event event = { 0, { 0, 0 } };
	struct file *file, *target;
	int error;

	if (operation != EPOLL_CTL_DEL && copy_from_user(&event, user, sizeof(event)) != 0)
		return -EFAULT;
	file = file_from_fd(epoll_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	target = file_from_fd(fd);
	if (IS_ERR(target)) {
		file_put(file);
		return PTR_ERR(target);
	}
	error = check(file, target, operation, event.events);
	if (!error)
		error = control(file->data, operation, target, fd, &event);
	file_put(target);
	file_put(file);
	return error;
}
