/*
 * System V IPC: identifiers, keys and permissions, and ipc(2), through which all of its calls once
 * went. Rules and their order are those of Linux 6.1 (ipc/util.c).
 */
#include <ipc.h>

#include <abi/capability.h>
#include <assert.h>
#include <clock.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>

#define PLACE_BITS 15
#define PLACE_CYCLE 64u /* places are gone through in a circle of at least so many */
#define SEQUENCE_MAX (INT32_MAX >> PLACE_BITS)
#define ID_16_MAX 0xffffu
#define ID_16_OVERFLOW 65534u /* what a 16-bit field says of a larger number */

_Static_assert(IPC_PLACES == 1u << PLACE_BITS, "an identifier is a place and a sequence number");

uint32_t ipc_now(void)
{
	return (uint32_t)(clock_realtime_ns() / NSEC_PER_SEC);
}

/* ---- keys ---- */

static struct ipc_object *object_of(struct tree_node *node)
{
	return node ? tree_entry(node, struct ipc_object, by_key) : NULL;
}

struct ipc_object *ipc_find_key(const struct ipc_table *table, int32_t key)
{
	struct tree_node *node = table->keys.root;

	while (node && object_of(node)->key != key)
		node = node->child[key > object_of(node)->key];
	return object_of(node);
}

static void insert_key(struct ipc_table *table, struct ipc_object *object)
{
	struct tree_node *parent = NULL, *node = table->keys.root;
	int side = 0;

	while (node) {
		assert(object_of(node)->key != object->key);
		parent = node;
		side = object->key > object_of(node)->key;
		node = node->child[side];
	}
	tree_insert(&table->keys, &object->by_key, parent, side);
}

void ipc_forget_key(struct ipc_table *table, struct ipc_object *object)
{
	if (object->key == IPC_PRIVATE)
		return;
	tree_remove(&table->keys, &object->by_key);
	object->key = IPC_PRIVATE;
}

/* ---- identifiers ---- */

/* The first free place of [from, end), or end. */
static uint32_t free_place(const struct ipc_table *table, uint32_t from, uint32_t end)
{
	while (from < end && radix_lookup(&table->objects, from))
		from++;
	return MIN(from, end);
}

/* The place after the one given last, in a circle that grows with the table. */
static uint32_t choose_place(const struct ipc_table *table)
{
	uint32_t end = MIN(MAX(table->objects.count * 3 / 2, PLACE_CYCLE), IPC_PLACES);
	uint32_t place = free_place(table, table->next_place, end);

	if (place >= end)
		place = free_place(table, 0, end);
	assert(place < end);
	return place;
}

int ipc_add(struct ipc_table *table, struct ipc_object *object, uint32_t limit)
{
	const struct credentials *cred = &current->process->cred;
	uint32_t place;
	int error;

	if (table->objects.count >= MIN(limit, IPC_PLACES))
		return -ENOSPC;
	place = choose_place(table);
	error = radix_insert(&table->objects, place, object);
	if (error)
		return error;
	table->seq += (int32_t)place <= table->last_place;
	if (table->seq >= SEQUENCE_MAX)
		table->seq = 0;
	table->last_place = (int32_t)place;
	table->next_place = place + 1;
	object->seq = table->seq;
	object->id = (int32_t)((uint32_t)table->seq << PLACE_BITS | place);
	object->uid = object->cuid = cred->euid;
	object->gid = object->cgid = cred->egid;
	if (object->key != IPC_PRIVATE)
		insert_key(table, object);
	return 0;
}

static uint32_t place_of(int32_t id)
{
	return (uint32_t)id & (IPC_PLACES - 1);
}

void ipc_remove(struct ipc_table *table, struct ipc_object *object)
{
	struct ipc_object *removed;

	ipc_forget_key(table, object);
	removed = radix_remove(&table->objects, place_of(object->id));
	assert(removed == object);
}

struct ipc_object *ipc_find_place(const struct ipc_table *table, int32_t id)
{
	struct ipc_object *object = radix_lookup(&table->objects, place_of(id));

	return object ? object : ERR_PTR(-EINVAL);
}

struct ipc_object *ipc_find(const struct ipc_table *table, int32_t id)
{
	struct ipc_object *object = ipc_find_place(table, id);

	return IS_ERR(object) || object->id == id ? object : ERR_PTR(-EINVAL);
}

int32_t ipc_highest_place(const struct ipc_table *table)
{
	uint32_t place = 0, highest = 0;

	for (; radix_next(&table->objects, &place); place++)
		highest = place;
	return (int32_t)highest;
}

/* ---- permissions ---- */

bool ipc_permits(const struct ipc_object *object, mode_t mode)
{
	const struct credentials *cred = &current->process->cred;
	mode_t wanted = (mode >> 6) | (mode >> 3) | mode, granted = object->mode;

	if (cred->euid == object->cuid || cred->euid == object->uid)
		granted >>= 6;
	else if (credentials_in_group(cred, object->cgid) ||
		 credentials_in_group(cred, object->gid))
		granted >>= 3;
	return !(wanted & ~granted & 7) || credentials_has(cred, CAP_IPC_OWNER);
}

int ipc_check_owner(const struct ipc_object *object)
{
	const struct credentials *cred = &current->process->cred;

	if (cred->euid == object->cuid || cred->euid == object->uid ||
	    credentials_has(cred, CAP_SYS_ADMIN))
		return 0;
	return -EPERM;
}

int ipc_get(const struct ipc_table *table, int32_t key, uint32_t flags, struct ipc_object **object)
{
	*object = key == IPC_PRIVATE ? NULL : ipc_find_key(table, key);
	if (!*object)
		return key == IPC_PRIVATE || (flags & IPC_CREAT) ? 0 : -ENOENT;
	return (flags & IPC_CREAT) && (flags & IPC_EXCL) ? -EEXIST : 0;
}

/* ---- what programs are told and tell ---- */

bool ipc_is_64(int *command)
{
	bool is = *command & IPC_64;

	*command &= ~IPC_64;
	return is;
}

void ipc_tell(const struct ipc_object *object, struct ipc64_perm *to)
{
	*to = (struct ipc64_perm){
		.key = object->key,
		.uid = object->uid,
		.gid = object->gid,
		.cuid = object->cuid,
		.cgid = object->cgid,
		.mode = (uint16_t)object->mode,
		.seq = object->seq,
	};
}

static uint16_t narrow(uint32_t id)
{
	return (uint16_t)(id > ID_16_MAX ? ID_16_OVERFLOW : id);
}

void ipc_narrow(struct ipc_perm *to, const struct ipc64_perm *from)
{
	*to = (struct ipc_perm){
		.key = from->key,
		.uid = narrow(from->uid),
		.gid = narrow(from->gid),
		.cuid = narrow(from->cuid),
		.cgid = narrow(from->cgid),
		.mode = from->mode,
		.seq = from->seq,
	};
}

void ipc_set(struct ipc_object *object, uid_t uid, gid_t gid, mode_t mode)
{
	object->uid = uid;
	object->gid = gid;
	object->mode = (object->mode & ~0777u) | (mode & 0777);
}

/* ---- doorway ---- */

static int32_t attach(int32_t id, uint32_t flags, vaddr_t address, uint32_t __user *result)
{
	int32_t at = sys_shmat(id, address, flags);

	/* An address in the upper half is no error. */
	if ((uint32_t)at > (uint32_t)-ERRNO_MAX)
		return at;
	return put_user(result, (uint32_t)at);
}

int32_t sys_ipc(uint32_t call, int32_t first, uint32_t second, uint32_t third, void __user *pointer,
		uint32_t fifth)
{
	uint32_t version = call >> 16;

	(void)fifth;
	switch (call & 0xffff) {
	case IPC_CALL_SHMAT:
		/* Version 1 is another system's way. */
		if (version == 1)
			return -EINVAL;
		return attach(first, second, (vaddr_t)pointer, (uint32_t __user *)third);
	case IPC_CALL_SHMDT:
		return sys_shmdt((vaddr_t)pointer);
	case IPC_CALL_SHMGET:
		return sys_shmget(first, second, third);
	case IPC_CALL_SHMCTL:
		return shmctl_by_version(first, (int)second, pointer);
	default:
		return -ENOSYS;
	}
}
