/*
 * pidfds: a process as a descriptor, which poll finds readable once it has ended. Unlike a pid it
 * never comes to mean another process.
 *
 * All descriptors of a process share what stands between it and them; that outlives the process
 * while a descriptor is open.
 */
#include <pidfd.h>

#include <assert.h>
#include <kheap.h>
#include <signal.h>
#include <task.h>
#include <uaccess.h>
#include <vfs.h>

struct pidfd_link {
	uint32_t refs;		 /* files, and one of the process */
	struct process *process; /* NULL: it has been waited for */
	struct wait_queue ended;
};

static void put_link(struct pidfd_link *link)
{
	assert(link->refs > 0);
	if (--link->refs == 0)
		kfree(link);
}

void pidfd_process_ended(struct process *process)
{
	if (process->pidfd)
		wake_all(&process->pidfd->ended);
}

void pidfd_process_gone(struct process *process)
{
	struct pidfd_link *link = process->pidfd;

	if (!link)
		return;
	process->pidfd = NULL;
	link->process = NULL;
	wake_all(&link->ended);
	put_link(link);
}

/* ---- the file ---- */

static uint32_t pidfd_poll(struct file *file, struct poll_table *table)
{
	struct pidfd_link *link = file->data;

	poll_wait(table, &link->ended);
	return !link->process || link->process->zombie ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct file *file)
{
	put_link(file->data);
}

static const struct file_ops pidfd_ops = {
	.seek = file_stay,
	.poll = pidfd_poll,
	.release = pidfd_release,
};

/* The file of a descriptor, with a reference, or ERR_PTR(-EBADF). */
static struct file *pidfd_file(int fd)
{
	struct file *file = file_from_fd(fd);

	if (IS_ERR(file) || file->ops == &pidfd_ops)
		return file;
	file_put(file);
	return ERR_PTR(-EBADF);
}

pid_t pidfd_pid(int fd, bool *nonblocking)
{
	struct file *file = pidfd_file(fd);
	const struct pidfd_link *link;
	pid_t pid;

	if (IS_ERR(file))
		return PTR_ERR(file);
	link = file->data;
	pid = link->process ? link->process->pid : 0;
	*nonblocking = file->flags & O_NONBLOCK;
	file_put(file);
	return pid;
}

/* ---- system calls ---- */

static struct pidfd_link *link_of(struct process *process)
{
	struct pidfd_link *link = process->pidfd;

	if (!link) {
		link = kzalloc(sizeof(*link));
		if (!link)
			return NULL;
		link->refs = 1;
		link->process = process;
		wait_queue_init(&link->ended);
		process->pidfd = link;
	}
	link->refs++;
	return link;
}

int32_t sys_pidfd_open(pid_t pid, uint32_t flags)
{
	struct process *process;
	struct pidfd_link *link;

	if ((flags & ~O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	process = process_find(pid);
	if (!process)
		return task_find(pid) ? -EINVAL : -ESRCH;
	link = link_of(process);
	if (!link)
		return -ENOMEM;
	return file_install_anonymous(&pidfd_ops, link, O_RDWR | O_CLOEXEC | flags,
				      "anon_inode:[pidfd]");
}

/* What is sent: the program's own words, as far as it may use them, or kill's. */
static int get_info(struct siginfo *info, const struct siginfo __user *user, int signal,
		    const struct process *process)
{
	if (!user) {
		signal_info_user(info, signal, SI_USER);
		return 0;
	}
	if (copy_from_user(info, user, sizeof(*info)))
		return -EFAULT;
	if (info->signo != signal)
		return -EINVAL;
	if (process != current->process && (info->code >= 0 || info->code == SI_TKILL))
		return -EPERM;
	return 0;
}

/* The process that a pidfd, or an open /proc/PID, means: *error when the file means none. */
static struct process *process_meant(const struct file *file, int *error)
{
	const struct pidfd_link *link = file->data;
	pid_t pid;

	*error = 0;
	if (file->ops == &pidfd_ops)
		return link->process;
	pid = file_process_directory(file);
	if (pid < 0)
		*error = -EBADF;
	return pid < 0 ? NULL : process_find(pid);
}

int32_t sys_pidfd_send_signal(int fd, int signal, const struct siginfo __user *user, uint32_t flags)
{
	struct process *process;
	struct siginfo info;
	struct file *file;
	int error;

	if (flags)
		return -EINVAL;
	file = file_from_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	process = process_meant(file, &error);
	if (!error)
		error = get_info(&info, user, signal, process);
	/* That may have slept: whom it is for is asked anew. */
	if (!error)
		process = process_meant(file, &error);
	if (!error)
		error = process ? signal_send_checked(process, signal, &info) : -ESRCH;
	file_put(file);
	return error;
}
