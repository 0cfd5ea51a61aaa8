/*
 * Sending and receiving by the system calls: buffers, names, and what goes along with a message
 * (files and credentials).
 */
#include <abi/capability.h>
#include <assert.h>
#include <kheap.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#include "iovec.h"
#include "socket_internal.h"
#include "unix_internal.h"

#define CONTROL_SEND_MAX 20480u /* net.core.optmem_max */

static uint32_t with_file_flags(const struct file *file, uint32_t flags)
{
	return file->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

/* ---- what goes along: sending ---- */

/* Adds the files of one SCM_RIGHTS to those before. */
static int add_files(struct unix_transfer *transfer, const int32_t *fds, uint32_t count)
{
	struct unix_rights *rights = transfer->rights;

	if (count > SCM_FILES_MAX)
		return -EINVAL;
	if (count == 0)
		return 0;
	if (!rights) {
		rights = kzalloc(sizeof(*rights) + SCM_FILES_MAX * sizeof(rights->files[0]));
		if (!rights)
			return -ENOMEM;
		transfer->rights = rights;
	}
	if (rights->count + count > SCM_FILES_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		struct file *file = file_from_fd_any(fds[i]);

		if (IS_ERR(file))
			return -EBADF;
		rights->files[rights->count++] = file;
	}
	return 0;
}

/* One may claim to be what one is, or could become. */
static int check_credentials(const struct ucred *claimed)
{
	const struct credentials *cred = &current->process->cred;
	bool pid = claimed->pid == current->process->pid;
	bool uid = claimed->uid == cred->uid || claimed->uid == cred->euid ||
		   claimed->uid == cred->suid;
	bool gid = claimed->gid == cred->gid || claimed->gid == cred->egid ||
		   claimed->gid == cred->sgid;

	if ((!pid && !cred_can(CAP_SYS_ADMIN)) || (!uid && !cred_can(CAP_SETUID)) ||
	    (!gid && !cred_can(CAP_SETGID)))
		return -EPERM;
	return pid || process_find(claimed->pid) ? 0 : -ESRCH;
}

static int take_control(struct unix_transfer *transfer, const struct cmsghdr *header)
{
	uint32_t size = header->size - sizeof(*header);
	int error;

	if (header->level != SOL_SOCKET)
		return 0;
	switch (header->type) {
	case SCM_RIGHTS:
		return add_files(transfer, (const int32_t *)(header + 1), size / sizeof(int32_t));
	case SCM_CREDENTIALS:
		if (size != sizeof(struct ucred))
			return -EINVAL;
		memcpy(&transfer->credentials, header + 1, sizeof(transfer->credentials));
		error = check_credentials(&transfer->credentials);
		transfer->has_credentials = !error;
		return error;
	}
	return -EINVAL;
}

static int parse_control(struct unix_transfer *transfer, const char *control, uint32_t size)
{
	uint32_t at = 0;

	while (size - at >= sizeof(struct cmsghdr)) {
		const struct cmsghdr *header = (const struct cmsghdr *)(control + at);
		int error;

		if (header->size < sizeof(*header) || header->size > size - at)
			return -EINVAL;
		error = take_control(transfer, header);
		if (error)
			return error;
		at += ROUND_UP(header->size, sizeof(uint32_t));
		if (at > size)
			break;
	}
	return 0;
}

/* Takes a reference to each file, and the credentials, that a program sends along. */
static int control_from_user(struct unix_transfer *transfer, const void __user *user, uint32_t size)
{
	char *control;
	int error;

	if (size > INT32_MAX || size > CONTROL_SEND_MAX)
		return -ENOBUFS;
	if (size == 0)
		return 0;
	control = kalloc(size);
	if (!control)
		return -ENOBUFS;
	error = copy_from_user(control, user, size);
	if (!error)
		error = parse_control(transfer, control, size);
	kfree(control);
	return error;
}

static void drop_rights(struct unix_transfer *transfer)
{
	if (transfer->rights)
		unix_rights_free(transfer->rights);
	transfer->rights = NULL;
}

/* ---- what came along: receiving ---- */

/* Where control data goes, and what has gone there. */
struct control_room {
	char __user *at;
	uint32_t left, used;
	uint32_t told; /* MSG_CTRUNC: there was more */
};

static int put_control(struct control_room *room, int32_t type, const void *data, uint32_t size)
{
	struct cmsghdr header = { sizeof(header) + size, SOL_SOCKET, type };
	uint32_t step;

	if (room->left < sizeof(header)) {
		room->told |= MSG_CTRUNC;
		return 0;
	}
	if (header.size > room->left) {
		room->told |= MSG_CTRUNC;
		header.size = room->left;
	}
	if (copy_to_user(room->at, &header, sizeof(header)) != 0 ||
	    copy_to_user(room->at + sizeof(header), data, header.size - sizeof(header)) != 0)
		return -EFAULT;
	step = MIN(ROUND_UP(header.size, sizeof(uint32_t)), room->left);
	room->at += step;
	room->left -= step;
	room->used += step;
	return 0;
}

/* Gives current descriptors for as many files as there is room for. The rights stay. */
static int put_files(struct control_room *room, struct unix_rights *rights, uint32_t flags)
{
	uint32_t count = 0, max = 0;
	int32_t fds[SCM_FILES_MAX];

	if (room->left >= sizeof(struct cmsghdr))
		max = (room->left - sizeof(struct cmsghdr)) / sizeof(int32_t);
	while (count < MIN(max, rights->count)) {
		file_get(rights->files[count]);
		fds[count] = file_install(rights->files[count], flags & MSG_CMSG_CLOEXEC);
		if (fds[count] < 0)
			break;
		count++;
	}
	if (count < rights->count)
		room->told |= MSG_CTRUNC;
	return count ? put_control(room, SCM_RIGHTS, fds, count * sizeof(fds[0])) : 0;
}

static int control_to_user(struct control_room *room, struct unix_transfer *transfer)
{
	int error = 0;

	if (transfer->has_credentials)
		error = put_control(room, SCM_CREDENTIALS, &transfer->credentials,
				    sizeof(transfer->credentials));
	if (!error && transfer->rights)
		error = put_files(room, transfer->rights, transfer->flags);
	return error;
}

/* ---- one buffer ---- */

int32_t sys_sendto(int fd, const void __user *buffer, size_t size, uint32_t flags,
		   const void __user *user_name, int32_t name_size)
{
	struct unix_socket *socket;
	struct unix_transfer transfer = { 0 };
	struct socket_name name;
	struct iovec vec;
	struct uio io;
	struct file *file;
	ssize_t done = 0;

	if (!user_range_ok(buffer, size))
		return -EFAULT;
	file = socket_file(fd, &socket);
	if (IS_ERR(file))
		return PTR_ERR(file);
	uio_init(&io, &vec, (void *)buffer, MIN(size, 0x7ffff000u), false);
	transfer.io = &io;
	transfer.flags = with_file_flags(file, flags);
	if (user_name) {
		done = socket_name_from_user(&name, user_name, name_size);
		transfer.name = name.size ? &name.name : NULL;
		transfer.name_size = name.size;
	}
	if (!done)
		done = unix_send(socket, &transfer);
	file_put(file);
	return done;
}

int32_t sys_recvfrom(int fd, void __user *buffer, size_t size, uint32_t flags,
		     void __user *user_name, int32_t __user *name_size)
{
	struct unix_socket *socket;
	struct unix_transfer transfer = { 0 };
	struct sockaddr_un wanted;
	struct iovec vec;
	struct uio io;
	struct file *file;
	ssize_t done;

	if (!user_range_ok(buffer, size))
		return -EFAULT;
	file = socket_file(fd, &socket);
	if (IS_ERR(file))
		return PTR_ERR(file);
	uio_init(&io, &vec, buffer, MIN(size, 0x7ffff000u), false);
	transfer.io = &io;
	transfer.flags = with_file_flags(file, flags);
	transfer.name = user_name ? &wanted : NULL;
	done = unix_receive(socket, &transfer);
	drop_rights(&transfer);
	if (done >= 0 && user_name) {
		int error = transfer.address || !name_size
				    ? socket_name_to_user(transfer.address, user_name, name_size)
				    : put_user((uint32_t __user *)name_size, 0);

		done = error ? error : done;
	}
	if (transfer.address)
		unix_address_put(transfer.address);
	file_put(file);
	return done;
}

/* ---- messages ---- */

/* A message's header and buffers, copied in. */
struct message {
	struct msghdr header;
	struct iovec few[IOVEC_FEW], *list;
	struct uio io;
};

static int message_from_user(struct message *message, const struct msghdr __user *user)
{
	struct msghdr *header = &message->header;
	ssize_t total;

	if (copy_from_user(header, user, sizeof(*header)) != 0)
		return -EFAULT;
	if (!header->name)
		header->name_size = 0;
	if (header->name_size < 0)
		return -EINVAL;
	if (header->vec_count > IOV_MAX)
		return -EMSGSIZE;
	message->list = iovec_copy(header->vec, header->vec_count, message->few);
	if (IS_ERR(message->list))
		return PTR_ERR(message->list);
	total = iovec_check(message->list, header->vec_count);
	if (total >= 0) {
		message->io = (struct uio){ .vec = message->list,
					    .count = header->vec_count,
					    .left = (size_t)total };
		return 0;
	}
	if (message->list != message->few)
		kfree(message->list);
	return (int)total;
}

static void message_end(struct message *message)
{
	if (message->list != message->few)
		kfree(message->list);
}

ssize_t socket_send_one(struct file *file, struct unix_socket *socket,
			const struct msghdr __user *user, uint32_t flags)
{
	struct unix_transfer transfer = { 0 };
	struct socket_name name;
	struct message message;
	ssize_t done = message_from_user(&message, user);

	if (done)
		return done;
	transfer.io = &message.io;
	transfer.flags = with_file_flags(file, flags);
	if (message.header.name_size) {
		int32_t size = MIN(message.header.name_size, SOCKADDR_MAX);

		done = socket_name_from_user(&name, message.header.name, size);
		transfer.name = &name.name;
		transfer.name_size = (uint32_t)size;
	}
	if (!done)
		done = control_from_user(&transfer, message.header.control,
					 message.header.control_size);
	if (!done)
		done = unix_send(socket, &transfer);
	drop_rights(&transfer);
	message_end(&message);
	return done;
}

/* What receiving gave, besides the bytes. */
static int report(struct unix_transfer *transfer, const struct message *message,
		  struct msghdr __user *user)
{
	const struct msghdr *header = &message->header;
	struct control_room room = { .at = header->control, .left = header->control_size };
	uint32_t told;
	int error = 0;

	if (header->name && transfer->address)
		error = socket_name_to_user(transfer->address, header->name, &user->name_size);
	else if (header->name)
		error = put_user((uint32_t __user *)&user->name_size, 0);
	if (!header->control)
		room.left = 0;
	if (!error)
		error = control_to_user(&room, transfer);
	told = transfer->told | room.told | (transfer->flags & MSG_CMSG_CLOEXEC);
	if (!error &&
	    (put_user(&user->flags, told) != 0 || put_user(&user->control_size, room.used) != 0))
		error = -EFAULT;
	return error;
}

ssize_t socket_receive_one(struct file *file, struct unix_socket *socket,
			   struct msghdr __user *user, uint32_t flags)
{
	struct unix_transfer transfer = { 0 };
	struct sockaddr_un wanted;
	struct message message;
	ssize_t done = message_from_user(&message, user);

	if (done)
		return done;
	transfer.io = &message.io;
	transfer.flags = with_file_flags(file, flags);
	transfer.name = message.header.name ? &wanted : NULL;
	done = unix_receive(socket, &transfer);
	if (done >= 0) {
		int error = report(&transfer, &message, user);

		done = error ? error : done;
	}
	drop_rights(&transfer);
	if (transfer.address)
		unix_address_put(transfer.address);
	message_end(&message);
	return done;
}

int32_t sys_sendmsg(int fd, const struct msghdr __user *header, uint32_t flags)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	done = socket_send_one(file, socket, header, flags);
	file_put(file);
	return done;
}

int32_t sys_recvmsg(int fd, struct msghdr __user *header, uint32_t flags)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	done = socket_receive_one(file, socket, header, flags);
	file_put(file);
	return done;
}
