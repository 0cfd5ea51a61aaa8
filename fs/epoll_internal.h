/*
 * An epoll, between its items (fs/epoll.c), their nesting (fs/epoll_nest.c) and those who wait
 * (fs/epoll_wait.c).
 */
#ifndef LOFT_EPOLL_INTERNAL_H
#define LOFT_EPOLL_INTERNAL_H

#include <abi/events.h>
#include <tree.h>
#include <vfs.h>

/* What is not about events: how they are told. */
#define EPOLL_MODES (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct tree items;	    /* by file and descriptor */
	struct list ready;	    /* (irq) items of which events were heard, by ready_link */
	uint32_t nready;	    /* (irq) how many */
	struct file *file;	    /* its own; it goes with it */
	uint32_t visited;	    /* the last search that came by, and how far it is */
	int levels;		    /* from here to the end: see epoll_nest.c */
	struct wait_queue sleepers; /* in epoll_wait */
	struct wait_queue pollers;  /* in poll, and other epolls */
};

/* A place in one queue of the file. */
struct epoll_watch {
	struct watcher watcher;
	struct epoll_item *item;
	struct epoll_watch *next;
};

/* One file, by one descriptor, in one epoll. */
struct epoll_item {
	struct tree_node node;
	uint32_t refs; /* who stands on it across a sleep; and one while it is in the set */
	bool removed;  /* it is in the set no more */
	struct list ready_link; /* (irq) */
	struct list file_link;	/* in file->watchers */
	struct epoll *epoll;
	struct file *file; /* no reference: it takes the item away when it goes */
	int fd;
	struct epoll_event event;    /* (irq) as asked; without events, modes alone: switched off */
	struct epoll_watch *watches; /* the first of them is `first` */
	struct epoll_watch first;
};

/* The epoll behind a file, or NULL. */
struct epoll *epoll_of(const struct file *file);
/* Puts an item among the ready ones, once, and wakes. True when somebody slept in epoll_wait. */
bool epoll_item_ready(struct epoll_item *item);
/* Takes the first ready item off the list, or NULL. It stays in the set. */
struct epoll_item *epoll_take_ready(struct epoll *epoll);
/* Puts it back: at the end, or in front. Does nothing when it is there again already. */
void epoll_put_ready(struct epoll_item *item, bool in_front);
void epoll_item_put(struct epoll_item *item);

/*
 * May `file` be watched by epoll? -ELOOP: it is an epoll that would come to watch itself, or is
 * nested too deep.
 */
__must_check int epoll_check_loop(struct epoll *epoll, struct file *file);
/* With `file` in epoll, can a file be heard over more ways than Linux allows? 0, -EINVAL. */
__must_check int epoll_check_paths(struct epoll *epoll, struct file *file);

#endif
