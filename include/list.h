/*
 * Circular doubly linked lists, intrusive: the node lives in the element.
 * A head is a node that belongs to no element. No locking of its own.
 */
#ifndef LOFT_LIST_H
#define LOFT_LIST_H

#include <types.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name) \
	{ \
		&(name), &(name) \
	}

static inline void list_init(struct list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Inserts node right after where (list_add(head): at the front). */
static inline void list_add(struct list *where, struct list *node)
{
	node->next = where->next;
	node->prev = where;
	where->next->prev = node;
	where->next = node;
}

/* Inserts node right before where (list_add_tail(head): at the back). */
static inline void list_add_tail(struct list *where, struct list *node)
{
	list_add(where->prev, node);
}

/* Unlinks node and leaves it an empty list, so that a second removal is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(at, head, member) \
	for (at = list_entry((head)->next, __typeof__(*at), member); &at->member != (head); \
	     at = list_entry(at->member.next, __typeof__(*at), member))

/* Same, and at may be removed from the list (or freed) by the body. */
#define list_for_each_safe(at, after, head, member) \
	for (at = list_entry((head)->next, __typeof__(*at), member), \
	    after = list_entry(at->member.next, __typeof__(*at), member); \
	     &at->member != (head); \
	     at = after, after = list_entry(after->member.next, __typeof__(*after), member))

#endif
