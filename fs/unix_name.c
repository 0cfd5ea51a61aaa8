/*
 * Names of AF_UNIX sockets: paths, that are nodes in a file system, and abstract names, that begin
 * with a zero byte and are in no file system.
 *
 * Who has a name is in one of several lists: by the bytes of an abstract name, by the inode that a
 * path leads to. The same abstract name may be in use once for each type, as on Linux.
 */
#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <random.h>
#include <string.h>
#include <task.h>

#include "unix_internal.h"

#define FAMILY_SIZE offsetof(struct sockaddr_un, path)
#define NLISTS 64u
#define AUTOBIND_NAMES 0x100000u /* five hexadecimal digits */

/* Lists of sockets by name_link; one that is empty may be all zeros. */
static struct list lists[NLISTS];

static struct list *list_at(uint32_t hash)
{
	struct list *list = &lists[hash % NLISTS];

	if (!list->next)
		list_init(list);
	return list;
}

static struct list *list_of_inode(const struct inode *inode)
{
	return list_at((uint32_t)(uintptr_t)inode / sizeof(struct inode));
}

static struct list *list_of_name(const struct sockaddr_un *name, uint32_t size)
{
	return list_at(name_hash(name->path, size - FAMILY_SIZE));
}

int unix_check_name(const struct sockaddr_un *name, uint32_t size)
{
	if (size <= FAMILY_SIZE || size > sizeof(*name) || name->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

static bool is_path(const struct sockaddr_un *name)
{
	return name->path[0];
}

/* A path with an end, which the name need not have. */
struct terminated {
	char text[UNIX_PATH_MAX + 1];
};

static struct terminated path_of(const struct sockaddr_un *name, uint32_t size)
{
	struct terminated path;

	memcpy(path.text, name->path, size - FAMILY_SIZE);
	path.text[size - FAMILY_SIZE] = '\0';
	return path;
}

struct unix_address *unix_address_get(struct unix_address *address)
{
	if (address)
		address->refs++;
	return address;
}

void unix_address_put(struct unix_address *address)
{
	assert(address->refs > 0);
	if (--address->refs == 0)
		kfree(address);
}

static struct unix_address *address_create(const struct sockaddr_un *name, uint32_t size)
{
	struct unix_address *address = kzalloc(sizeof(*address));

	if (!address)
		return NULL;
	address->refs = 1;
	address->size = size;
	memcpy(&address->name, name, MIN(size, sizeof(*name)));
	return address;
}

/* ---- finding ---- */

static struct unix_socket *find_abstract(const struct sockaddr_un *name, uint32_t size,
					 uint8_t type)
{
	struct unix_socket *socket;

	list_for_each(socket, list_of_name(name, size), name_link)
		if (!socket->node && socket->type == type && socket->address->size == size &&
		    memcmp(&socket->address->name, name, size) == 0)
			return socket;
	return NULL;
}

static struct unix_socket *find_by_inode(const struct inode *inode)
{
	struct unix_socket *socket;

	list_for_each(socket, list_of_inode(inode), name_link)
		if (socket->node && socket->node->inode == inode)
			return socket;
	return NULL;
}

static struct unix_socket *find_path(const char *path, uint8_t type)
{
	struct dentry *node = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);
	struct unix_socket *socket = NULL;
	int error;

	if (IS_ERR(node))
		return (void *)node;
	error = inode_permission(node->inode, W_OK);
	if (!error && S_ISSOCK(node->inode->mode))
		socket = find_by_inode(node->inode);
	if (!error && !socket)
		error = -ECONNREFUSED;
	if (!error && socket->type != type)
		error = -EPROTOTYPE;
	if (!error)
		unix_get(socket);
	dentry_put(node);
	return error ? ERR_PTR(error) : socket;
}

struct unix_socket *unix_find(const struct sockaddr_un *name, uint32_t size, uint8_t type)
{
	struct unix_socket *socket;
	struct terminated path;

	assert(unix_check_name(name, size) == 0);
	if (is_path(name)) {
		path = path_of(name, size);
		return find_path(path.text, type);
	}
	socket = find_abstract(name, size, type);
	if (!socket)
		return ERR_PTR(-ECONNREFUSED);
	unix_get(socket);
	return socket;
}

/* ---- binding ---- */

static int bind_abstract(struct unix_socket *socket, const struct sockaddr_un *name, uint32_t size)
{
	struct unix_address *address;

	if (socket->address)
		return -EINVAL;
	if (find_abstract(name, size, socket->type))
		return -EADDRINUSE;
	address = address_create(name, size);
	if (!address)
		return -ENOMEM;
	socket->address = address;
	list_add_tail(list_of_name(name, size), &socket->name_link);
	return 0;
}

/* One that has a name already: what Linux, which makes the node first, would say. */
static int why_not_again(const char *path)
{
	struct dentry *node = path_lookup(AT_FDCWD, path, 0);

	if (IS_ERR(node))
		return PTR_ERR(node) == -ENOENT ? -EINVAL : PTR_ERR(node);
	dentry_put(node);
	return -EADDRINUSE;
}

static int bind_path(struct unix_socket *socket, const struct sockaddr_un *name, uint32_t size)
{
	struct terminated path = path_of(name, size);
	struct unix_address *address;
	struct dentry *node;

	if (socket->address)
		return why_not_again(path.text);
	address = address_create(name, FAMILY_SIZE + strlen(path.text) + 1);
	if (!address)
		return -ENOMEM;
	node = path_make(path.text, S_IFSOCK | (socket->file->inode->mode & 0777));
	if (IS_ERR(node)) {
		unix_address_put(address);
		return PTR_ERR(node) == -EEXIST ? -EADDRINUSE : PTR_ERR(node);
	}
	socket->address = address;
	socket->node = node;
	list_add_tail(list_of_inode(node->inode), &socket->name_link);
	return 0;
}

static int bind_to_free_name(struct unix_socket *socket)
{
	struct sockaddr_un name = { .family = AF_UNIX };
	uint32_t first;

	if (socket->address)
		return 0;
	random_bytes(&first, sizeof(first));
	for (uint32_t i = 0; i < AUTOBIND_NAMES; i++) {
		uint32_t number = (first + i) % AUTOBIND_NAMES;
		int error;

		format(name.path + 1, sizeof(name.path) - 1, "%05x", number);
		error = bind_abstract(socket, &name, FAMILY_SIZE + 6);
		if (error != -EADDRINUSE)
			return error;
		if (sched_give_way())
			return -EINTR;
	}
	return -ENOSPC;
}

int unix_autobind(struct unix_socket *socket)
{
	int error;

	if (socket->address)
		return 0;
	mutex_lock(&socket->naming);
	error = bind_to_free_name(socket);
	mutex_unlock(&socket->naming);
	return error;
}

int unix_bind(struct unix_socket *socket, const struct sockaddr_un *name, uint32_t size)
{
	int error;

	if (size == FAMILY_SIZE && name->family == AF_UNIX)
		return unix_autobind(socket);
	error = unix_check_name(name, size);
	if (error)
		return error;
	mutex_lock(&socket->naming);
	error = is_path(name) ? bind_path(socket, name, size) : bind_abstract(socket, name, size);
	mutex_unlock(&socket->naming);
	return error;
}

void unix_unbind(struct unix_socket *socket)
{
	struct dentry *node = socket->node;

	list_remove(&socket->name_link);
	socket->node = NULL;
	if (node)
		dentry_put(node);
}
