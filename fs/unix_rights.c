/*
 * Files in messages (SCM_RIGHTS), and the collector of sockets that nothing but messages hold.
 *
 * A message holds references to its files. When one of them is a socket whose queue holds, over
 * however many steps, the message itself, no close ever frees them: each is kept by the other's
 * queue. So each socket counts the references that messages hold to its file. A socket with more
 * references than that can be reached from outside; so can what the queues of such sockets hold, and
 * what the queues of those hold. Sockets in flight that are not found that way are emptied, and then
 * go as other files do. The search is made when a descriptor is closed while there are sockets in
 * flight: before that nothing can have been lost.
 *
 * The search does not sleep, so that the picture is a whole; the emptying does, afterwards, and
 * touches only what nobody else can.
 */
#include <abi/capability.h>
#include <assert.h>
#include <kheap.h>
#include <task.h>

#include "unix_internal.h"

uint32_t unix_sockets_in_flight; /* references to sockets' files that messages hold */

/* ---- counting ---- */

/* How many files of each user are on their way. */
struct user_count {
	struct list link;
	uid_t user;
	uint32_t files;
};

static struct list user_counts = LIST_INIT(user_counts);

static struct user_count *count_of(uid_t user)
{
	struct user_count *count;

	list_for_each(count, &user_counts, link)
		if (count->user == user)
			return count;
	count = kzalloc(sizeof(*count));
	if (!count)
		return NULL;
	count->user = user;
	list_add(&user_counts, &count->link);
	return count;
}

static void drop_count_if_unused(struct user_count *count)
{
	if (count->files > 0)
		return;
	list_remove(&count->link);
	kfree(count);
}

int unix_rights_send(struct unix_rights *rights)
{
	uint32_t limit = current->process->rlimits[RLIMIT_NOFILE].current;
	struct user_count *count;

	rights->user = current->process->cred.uid;
	count = count_of(rights->user);
	if (!count)
		return -ENOMEM;
	if (count->files > limit && !cred_can(CAP_SYS_RESOURCE) && !cred_can(CAP_SYS_ADMIN))
		return -ETOOMANYREFS;
	rights->in_flight = true;
	count->files += rights->count;
	for (uint32_t i = 0; i < rights->count; i++) {
		struct unix_socket *socket = unix_of(rights->files[i]);

		if (!socket)
			continue;
		socket->in_flight++;
		unix_sockets_in_flight++;
	}
	drop_count_if_unused(count);
	return 0;
}

void unix_rights_arrive(struct unix_rights *rights)
{
	struct user_count *count;

	if (!rights->in_flight)
		return;
	rights->in_flight = false;
	for (uint32_t i = 0; i < rights->count; i++) {
		struct unix_socket *socket = unix_of(rights->files[i]);

		if (!socket)
			continue;
		assert(socket->in_flight > 0 && unix_sockets_in_flight > 0);
		socket->in_flight--;
		unix_sockets_in_flight--;
	}
	if (rights->count == 0)
		return;
	count = count_of(rights->user);
	assert(count && count->files >= rights->count);
	count->files -= rights->count;
	drop_count_if_unused(count);
}

struct unix_rights *unix_rights_copy(const struct unix_rights *rights)
{
	size_t size = sizeof(*rights) + rights->count * sizeof(rights->files[0]);
	struct unix_rights *copy = kalloc(size);

	if (!copy)
		return NULL;
	copy->in_flight = false;
	copy->count = rights->count;
	for (uint32_t i = 0; i < copy->count; i++) {
		copy->files[i] = rights->files[i];
		file_get(copy->files[i]);
	}
	return copy;
}

static void put_files(struct unix_rights *rights)
{
	for (uint32_t i = 0; i < rights->count; i++)
		file_put(rights->files[i]);
	kfree(rights);
}

/*
 * Closing a socket may free messages with sockets whose messages hold sockets, as deep as somebody
 * cared to nest them: what comes up while current lets go of some waits for its turn, so that the
 * stack does not grow with it.
 */
void unix_rights_free(struct unix_rights *rights)
{
	rights->next = current->rights_to_free;
	current->rights_to_free = rights;
	if (current->frees_rights)
		return;
	current->frees_rights = true;
	while ((rights = current->rights_to_free)) {
		current->rights_to_free = rights->next;
		put_files(rights);
	}
	current->frees_rights = false;
}

/* ---- the collector ---- */

/* Marks a socket as reached, to be looked into. */
static void reach(struct unix_socket *socket, struct list *to_do)
{
	if (socket->reached)
		return;
	socket->reached = true;
	list_add_tail(to_do, &socket->reached_link);
}

static void reach_messages(const struct unix_socket *socket, struct list *to_do)
{
	const struct unix_message *message;

	list_for_each(message, &socket->messages, link) {
		if (!message->rights)
			continue;
		for (uint32_t i = 0; i < message->rights->count; i++) {
			struct unix_socket *held = unix_of(message->rights->files[i]);

			if (held)
				reach(held, to_do);
		}
	}
}

static void mark(void)
{
	struct list to_do = LIST_INIT(to_do);
	struct unix_socket *socket;

	list_for_each(socket, &unix_sockets, all_link)
		socket->reached = false;
	list_for_each(socket, &unix_sockets, all_link)
		if (socket->file && socket->file->refs > socket->in_flight)
			reach(socket, &to_do);
	while (!list_empty(&to_do)) {
		struct unix_socket *pending;

		socket = list_first(&to_do, struct unix_socket, reached_link);
		list_remove(&socket->reached_link);
		reach_messages(socket, &to_do);
		list_for_each(pending, &socket->pending, pending_link)
			reach_messages(pending, &to_do);
	}
}

static void take_messages(struct unix_socket *socket, struct list *to)
{
	while (!list_empty(&socket->messages)) {
		struct unix_message *message = list_first(&socket->messages, struct unix_message,
							  link);

		unix_message_remove(socket, message);
		list_add_tail(to, &message->link);
	}
}

/* Moves the messages of all that was not reached to a list. */
static void sweep(struct list *garbage)
{
	struct unix_socket *socket, *pending;

	list_for_each(socket, &unix_sockets, all_link) {
		if (socket->reached || !socket->in_flight)
			continue;
		take_messages(socket, garbage);
		list_for_each(pending, &socket->pending, pending_link)
			take_messages(pending, garbage);
	}
}

/* Lets go what is in the list; files may have to be freed from their disks with it. */
static void free_messages(struct list *garbage)
{
	while (!list_empty(garbage)) {
		struct unix_message *message = list_first(garbage, struct unix_message, link);

		list_remove(&message->link);
		unix_message_free(message);
	}
}

void unix_collect(void)
{
	static bool collecting, again;
	struct list garbage = LIST_INIT(garbage);

	/*
	 * Freeing closes sockets, which comes here again, and sleeps, while others come here: what
	 * they lost is looked for when this search is over.
	 */
	again = true;
	if (collecting)
		return;
	collecting = true;
	while (again) {
		again = false;
		mark();
		sweep(&garbage);
		free_messages(&garbage);
	}
	collecting = false;
}
