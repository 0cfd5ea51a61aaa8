/*
 * sendmmsg and recvmmsg: several messages by one system call.
 */
#include <clock.h>
#include <task.h>
#include <uaccess.h>

#include "poll_internal.h"
#include "socket_internal.h"
#include "unix_internal.h"

#define MESSAGES_MAX IOV_MAX /* of one call */

int32_t sys_sendmmsg(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	int32_t sent = 0;
	ssize_t done = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	count = MIN(count, (uint32_t)MESSAGES_MAX);
	while (done >= 0 && (uint32_t)sent < count) {
		done = socket_send_one(file, socket, &headers[sent].header, flags);
		if (done >= 0 && put_user(&headers[sent].size, (uint32_t)done) != 0)
			done = -EFAULT;
		if (done < 0 || sched_give_way())
			break;
		sent++;
	}
	file_put(file);
	return sent ? sent : (int32_t)MIN(done, 0);
}

static int32_t receive_many(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
			    uint64_t deadline)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	int32_t received = 0;
	ssize_t done = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (socket->error) {
		done = unix_take_error(socket);
		file_put(file);
		return done;
	}
	count = MIN(count, (uint32_t)MESSAGES_MAX);
	while ((uint32_t)received < count) {
		done = socket_receive_one(file, socket, &headers[received].header,
					  flags & ~MSG_WAITFORONE);
		if (done >= 0 && put_user(&headers[received].size, (uint32_t)done) != 0)
			done = -EFAULT;
		if (done < 0)
			break;
		received++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (clock_monotonic_ns() >= deadline || sched_give_way())
			break;
	}
	/* An error after some messages is told by the next call. */
	if (received && done < 0 && done != -EAGAIN)
		socket->error = (int)done;
	file_put(file);
	return received ? received : (int32_t)MIN(done, 0);
}

static int32_t receive_until(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
			     void __user *timeout, bool wide)
{
	struct timespec64 time = { 0 };
	struct timespec narrow;
	uint64_t deadline = WAIT_FOREVER;
	int32_t result;

	if (!timeout)
		return receive_many(fd, headers, count, flags, deadline);
	if (wide && copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (!wide) {
		if (copy_from_user(&narrow, timeout, sizeof(narrow)) != 0)
			return -EFAULT;
		time.sec = narrow.sec;
		time.nsec = narrow.nsec;
	}
	if (deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	result = receive_many(fd, headers, count, flags, deadline);
	if (result <= 0)
		return result;
	time = deadline_left(deadline);
	narrow = (struct timespec){ .sec = (int32_t)time.sec, .nsec = time.nsec };
	if (wide ? copy_to_user(timeout, &time, sizeof(time))
		 : copy_to_user(timeout, &narrow, sizeof(narrow)))
		return -EFAULT;
	return result;
}

int32_t sys_recvmmsg(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
		     void __user *timeout)
{
	return receive_until(fd, headers, count, flags, timeout, false);
}

int32_t sys_recvmmsg_time64(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
			    void __user *timeout)
{
	return receive_until(fd, headers, count, flags, timeout, true);
}
