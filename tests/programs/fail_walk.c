/* EXPECT: fail_walk.txt CFLAGS: -pthread */
/*
 * Each call with its first allocation failing, then its second, and so on until it meets no failure
 * any more: each time the error it gives must be one of memory, and frames and kernel objects must
 * be what they were. Faults have no error to give: they are tried again, and succeed.
 */
#include "fail_walk.h"

#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <sys/select.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

/* ---- processes ---- */

static int child_ends(pid_t pid)
{
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	while (waitpid(pid, NULL, 0) < 0)
		;
	return 0;
}

static int do_fork(void)
{
	return child_ends(fork());
}

static int do_vfork(void)
{
	pid_t pid = vfork();

	return child_ends(pid);
}

static int do_large_fork(void)
{
	return child_ends(fork());
}

static void *nothing(void *argument)
{
	return argument;
}

static int do_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	if (!error)
		pthread_join(thread, NULL);
	return -error;
}

/* ---- mappings ---- */

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *area; /* AREA pages of address space that cases use */

#define AREA 2048

static int map_area(size_t npages, int prot, int flags, int fd)
{
	return mmap(area, npages * PAGE, prot, flags | MAP_FIXED, fd, 0) == MAP_FAILED ? -errno : 0;
}

static void clear_area(void)
{
	munmap(area, AREA * PAGE);
}

static int do_mmap(void)
{
	return map_area(16, RW, ANON, -1);
}

static int do_mmap_populate(void)
{
	return map_area(16, RW, ANON | MAP_POPULATE, -1);
}

static int do_mmap_shared(void)
{
	return map_area(16, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static int do_mmap_file(void)
{
	return map_area(4, RW, MAP_PRIVATE, data_file);
}

static void prepare_touched(void)
{
	map_area(16, RW, ANON, -1);
	memset(area, 1, 16 * PAGE);
}

static int do_mmap_over(void)
{
	return mmap(area + 4 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, data_file, 0) ==
			       MAP_FAILED
		       ? -errno
		       : 0;
}

static int do_munmap_middle(void)
{
	return result(munmap(area + 4 * PAGE, 4 * PAGE));
}

static int do_mprotect_middle(void)
{
	return result(mprotect(area + 4 * PAGE, 4 * PAGE, PROT_READ));
}

static int do_madvise_middle(void)
{
	return result(madvise(area + 4 * PAGE, 4 * PAGE, MADV_DONTFORK));
}

static int do_mlock_middle(void)
{
	return result(mlock(area + 4 * PAGE, 4 * PAGE));
}

static int do_mremap_grow(void)
{
	return mremap(area, 16 * PAGE, 64 * PAGE, 0) == MAP_FAILED ? -errno : 0;
}

static int do_mremap_move(void)
{
	return mremap(area, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      area + 1024 * PAGE + 8 * PAGE) == MAP_FAILED
		       ? -errno
		       : 0;
}

static int do_mremap_part(void)
{
	return mremap(area + 4 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      area + 1500 * PAGE) == MAP_FAILED
		       ? -errno
		       : 0;
}

static char *brk_before;

static void prepare_brk(void)
{
	brk_before = sbrk(0);
}

static int do_brk(void)
{
	return sbrk(64 * (int)PAGE) == (void *)-1 ? -errno : 0;
}

static void undo_brk(void)
{
	brk(brk_before);
}

/* ---- faults ---- */

static volatile char *volatile place;

static void prepare_fresh(void)
{
	map_area(16, RW, ANON, -1);
	place = area;
}

static void prepare_read(void)
{
	prepare_fresh();
	(void)*place;
}

static void prepare_file(void)
{
	map_area(4, RW, MAP_PRIVATE, data_file);
	place = area;
}

static void prepare_shared_file(void)
{
	map_area(4, RW, MAP_SHARED, data_file);
	place = area;
}

static void prepare_shared(void)
{
	map_area(16, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	place = area;
}

static pid_t holder;

/* Pages that a child has too, as long as it lives. */
static void prepare_cow(void)
{
	prepare_touched();
	place = area;
	holder = fork();
	if (holder == 0)
		for (;;)
			pause();
}

/* So many that page tables are shared. */
static void prepare_large_cow(void)
{
	map_area(AREA, RW, ANON, -1);
	memset(area, 1, AREA * PAGE);
	place = area;
	holder = fork();
	if (holder == 0)
		for (;;)
			pause();
}

static void undo_cow(void)
{
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	clear_area();
}

static int do_read_fault(void)
{
	(void)*place;
	return 0;
}

static int do_write_fault(void)
{
	*place = 1;
	return *place == 1 ? 0 : -EFAULT;
}

static int do_shared_munmap(void)
{
	return result(munmap(area + 4 * PAGE, PAGE));
}

static int do_shared_mprotect(void)
{
	return result(mprotect(area + 4 * PAGE, PAGE, PROT_READ));
}

static void prepare_stack(void)
{
	/* Grows down from its one page. */
	mmap(area + 512 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	place = area + 512 * PAGE - 1;
}

static int do_copy_fault(void)
{
	return pread(data_file, area, PAGE, 0) == (ssize_t)PAGE ? 0 : -errno;
}

/* ---- files ---- */

static int fds[2] = { -1, -1 };

static void close_fds(void)
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static int keep(int fd)
{
	fds[0] = fd;
	return fd < 0 ? -errno : 0;
}

static int do_pipe(void)
{
	return result(pipe(fds));
}

static int do_open(void)
{
	return keep(open("data", O_RDWR));
}

static int do_create(void)
{
	return keep(open("new", O_RDWR | O_CREAT | O_EXCL, 0600));
}

static void undo_create(void)
{
	close_fds();
	unlink("new");
}

static int do_write(void)
{
	static char bytes[3 * 4096];

	return write(fds[0], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) ? 0 : -errno;
}

static void prepare_new(void)
{
	fds[0] = open("new", O_RDWR | O_CREAT, 0600);
}

static int do_mkdir(void)
{
	return result(mkdir("made", 0700));
}

static void undo_mkdir(void)
{
	rmdir("made");
}

static int do_symlink(void)
{
	return result(
		symlink("a target whose text is rather long, so that it has its own room", "made"));
}

static int do_link(void)
{
	return result(link("data", "made"));
}

static void undo_link(void)
{
	unlink("made");
}

static int do_rename(void)
{
	return result(rename("new", "a new name that is too long to be kept in place"));
}

static void undo_rename(void)
{
	close_fds();
	unlink("new");
	unlink("a new name that is too long to be kept in place");
}

static int do_dup(void)
{
	return keep(dup2(data_file, 900));
}

static int do_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };

	return result(fcntl(data_file, F_SETLK, &lock));
}

static void undo_lock(void)
{
	struct flock lock = { .l_type = F_UNLCK };

	fcntl(data_file, F_SETLK, &lock);
}

static int do_read_proc(const char *path)
{
	static char text[16384];
	int fd = open(path, O_RDONLY), got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text));
	got = got < 0 ? -errno : 0;
	close(fd);
	return got;
}

static int do_maps(void)
{
	return do_read_proc("/proc/self/maps");
}

static int do_smaps(void)
{
	return do_read_proc("/proc/self/smaps");
}

static int do_status(void)
{
	return do_read_proc("/proc/self/status");
}

static int do_faults(void)
{
	return do_read_proc("/proc/self/faults");
}

static int do_directory(void)
{
	static char buffer[4096];
	int error = keep(open("/proc", O_RDONLY | O_DIRECTORY));

	if (!error && syscall(SYS_getdents64, fds[0], buffer, sizeof(buffer)) < 0)
		error = -errno;
	return error;
}

static int do_mount(void)
{
	return result(mount("none", "mounted", "tmpfs", 0, NULL));
}

static void undo_mount(void)
{
	umount("mounted");
}

/* ---- what came later ---- */

static int do_memfd(void)
{
	return keep(memfd_create("a name", 0));
}

static int do_eventfd(void)
{
	return keep(eventfd(0, 0));
}

static int do_timerfd(void)
{
	return keep(timerfd_create(CLOCK_MONOTONIC, 0));
}

static int do_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	return keep(signalfd(-1, &set, 0));
}

static int do_epoll(void)
{
	return keep(epoll_create1(0));
}

static void prepare_epoll(void)
{
	fds[0] = epoll_create1(0);
	fds[1] = eventfd(0, 0);
}

static int do_epoll_add(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	return result(epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &event));
}

static int do_socketpair(void)
{
	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static void prepare_socketpair(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static int do_send(void)
{
	static char bytes[5000];

	return write(fds[0], bytes, sizeof(bytes)) > 0 ? 0 : -errno;
}

static int do_bind(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int error = keep(socket(AF_UNIX, SOCK_STREAM, 0));

	if (!error)
		error = result(bind(fds[0], (struct sockaddr *)&address, sizeof(address)));
	return error;
}

static void undo_bind(void)
{
	close_fds();
	unlink("socket");
}

static int do_datagrams(void)
{
	return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
}

static int listener = -1;

static void prepare_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };

	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&address, sizeof(address));
	listen(listener, 5);
}

static int do_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int error = keep(socket(AF_UNIX, SOCK_STREAM, 0));

	if (!error)
		error = result(connect(fds[0], (struct sockaddr *)&address, sizeof(address)));
	if (!error)
		error = result(fds[1] = accept(listener, NULL, NULL));
	return error;
}

static void undo_listener(void)
{
	close(listener);
	undo_bind();
}

/* A descriptor through a socket, and out of it again. */
static int do_pass(void)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int passed;

	memcpy(CMSG_DATA(&control.header), &data_file, sizeof(int));
	if (sendmsg(fds[0], &message, 0) < 0 || recvmsg(fds[1], &message, 0) < 0)
		return -errno;
	/* Received without its descriptor when there was no room for that. */
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&passed, CMSG_DATA(&control.header), sizeof(int));
	close(passed);
	return 0;
}

static int do_terminal(void)
{
	return keep(open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static int do_shm(void)
{
	int id = shmget(IPC_PRIVATE, 8 * PAGE, 0600 | IPC_CREAT), error = 0;
	char *at;

	if (id < 0)
		return -errno;
	at = shmat(id, NULL, 0);
	if (at == (void *)-1)
		error = -errno;
	else
		shmdt(at);
	shmctl(id, IPC_RMID, NULL);
	return error;
}

static int do_signal(void)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	error = result(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }));
	if (!error)
		sigwaitinfo(&set, NULL);
	return error;
}

static int do_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	syscall(SYS_timer_delete, timer);
	return 0;
}

static void prepare_pipe(void)
{
	pipe(fds);
}

static int do_pipe_write(void)
{
	static char bytes[3 * 4096];

	return write(fds[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) ? 0 : -errno;
}

static int do_sendfile(void)
{
	return sendfile(fds[1], data_file, &(off_t){ 0 }, 2 * PAGE) > 0 ? 0 : -errno;
}

/* ---- all sorts ---- */

static int do_poll(void)
{
	struct pollfd polled[600];

	for (int i = 0; i < 600; i++)
		polled[i] = (struct pollfd){ .fd = data_file, .events = POLLIN };
	return poll(polled, 600, 0) < 0 ? -errno : 0;
}

static int do_select(void)
{
	static char set[8192];

	return syscall(SYS__newselect, 60000, set, NULL, NULL, &(struct timeval){ 0 }) < 0 ? -errno
											   : 0;
}

static int do_readv(void)
{
	static char byte[200];
	struct iovec parts[200];

	for (int i = 0; i < 200; i++)
		parts[i] = (struct iovec){ &byte[i], 1 };
	lseek(data_file, 0, SEEK_SET);
	return readv(data_file, parts, 200) == 200 ? 0 : -errno;
}

static int do_flock(void)
{
	return result(flock(data_file, LOCK_EX));
}

static void undo_flock(void)
{
	flock(data_file, LOCK_UN);
}

static int do_fifo(void)
{
	int error = result(mkfifo("made", 0600));

	return error ? error : keep(open("made", O_RDWR));
}

static void undo_fifo(void)
{
	close_fds();
	unlink("made");
}

static int do_tmpfile(void)
{
	return keep(open(".", O_RDWR | O_TMPFILE, 0600));
}

static int do_readlink(void)
{
	char text[100];

	return readlink("/proc/self/exe", text, sizeof(text)) < 0 ? -errno : 0;
}

static int do_getcwd(void)
{
	char text[100];

	return syscall(SYS_getcwd, text, sizeof(text)) < 0 ? -errno : 0;
}

static int do_chdir(void)
{
	int error = result(chdir("mounted"));

	return error ? error : result(chdir(".."));
}

static int do_stat(void)
{
	struct stat status;

	return result(stat("mounted/../data", &status));
}

static int do_locked(void)
{
	return map_area(16, RW, ANON | MAP_LOCKED, -1);
}

static int do_populate(void)
{
	return result(madvise(area, 16 * PAGE, MADV_POPULATE_WRITE));
}

static int do_wipe(void)
{
	return result(madvise(area + 4 * PAGE, 4 * PAGE, MADV_WIPEONFORK));
}

static int do_truncate(void)
{
	int error = result(ftruncate(fds[0], 3 * PAGE + 10));

	return error ? error : result(ftruncate(fds[0], 10));
}

static int do_fallocate(void)
{
	return result(fallocate(fds[0], 0, 0, 8 * PAGE));
}

static int do_groups(void)
{
	gid_t groups[20] = { 0 };

	return result(setgroups(20, groups));
}

static void undo_groups(void)
{
	setgroups(0, NULL);
}

static int do_pipe_size(void)
{
	return fcntl(fds[0], F_SETPIPE_SZ, 1 << 18) < 0 ? -errno : 0;
}

static int do_split_unmap(void)
{
	/* A page in the middle of each of three regions, and all between. */
	return result(munmap(area + 8 * PAGE, 24 * PAGE));
}

static void prepare_three(void)
{
	map_area(16, RW, ANON, -1);
	mmap(area + 16 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, data_file, 0);
	mmap(area + 20 * PAGE, 16 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(area, 1, 16 * PAGE);
	memset(area + 20 * PAGE, 1, 16 * PAGE);
}

/* ---- exec: in a child, whose end tells ---- */

static int do_exec(void)
{
	return walk_exec();
}

static const struct walk walks[] = {
	{ "fork", NULL, do_fork, NULL },
	{ "fork of much", prepare_large_cow, do_large_fork, undo_cow },
	{ "vfork", NULL, do_vfork, NULL },
	{ "thread", NULL, do_thread, NULL },
	{ "mmap", NULL, do_mmap, clear_area },
	{ "mmap, populated", NULL, do_mmap_populate, clear_area },
	{ "mmap, shared", NULL, do_mmap_shared, clear_area },
	{ "mmap of a file", NULL, do_mmap_file, clear_area },
	{ "mmap over a part", prepare_touched, do_mmap_over, clear_area },
	{ "munmap of a part", prepare_touched, do_munmap_middle, clear_area },
	{ "mprotect of a part", prepare_touched, do_mprotect_middle, clear_area },
	{ "madvise of a part", prepare_touched, do_madvise_middle, clear_area },
	{ "mlock of a part", prepare_fresh, do_mlock_middle, clear_area },
	{ "mremap in place", prepare_touched, do_mremap_grow, clear_area },
	{ "mremap elsewhere", prepare_touched, do_mremap_move, clear_area },
	{ "mremap of a part", prepare_touched, do_mremap_part, clear_area },
	{ "brk", prepare_brk, do_brk, undo_brk },
	{ "fault: read", prepare_fresh, do_read_fault, clear_area },
	{ "fault: write", prepare_fresh, do_write_fault, clear_area },
	{ "fault: write after read", prepare_read, do_write_fault, clear_area },
	{ "fault: read of a file", prepare_file, do_read_fault, clear_area },
	{ "fault: private write to a file", prepare_file, do_write_fault, clear_area },
	{ "fault: shared write to a file", prepare_shared_file, do_write_fault, clear_area },
	{ "fault: shared memory", prepare_shared, do_write_fault, clear_area },
	{ "fault: copy on write", prepare_cow, do_write_fault, undo_cow },
	{ "fault: in a shared page table", prepare_large_cow, do_write_fault, undo_cow },
	{ "fault: stack growth", prepare_stack, do_write_fault, clear_area },
	{ "fault: in the kernel's copy", prepare_fresh, do_copy_fault, clear_area },
	{ "munmap in a shared page table", prepare_large_cow, do_shared_munmap, undo_cow },
	{ "mprotect in a shared page table", prepare_large_cow, do_shared_mprotect, undo_cow },
	{ "pipe", NULL, do_pipe, close_fds },
	{ "write to a pipe", prepare_pipe, do_pipe_write, close_fds },
	{ "sendfile", prepare_pipe, do_sendfile, close_fds },
	{ "open", NULL, do_open, close_fds },
	{ "create", NULL, do_create, undo_create },
	{ "write", prepare_new, do_write, undo_create },
	{ "mkdir", NULL, do_mkdir, undo_mkdir },
	{ "symlink", NULL, do_symlink, undo_link },
	{ "link", NULL, do_link, undo_link },
	{ "rename", prepare_new, do_rename, undo_rename },
	{ "dup2", NULL, do_dup, close_fds },
	{ "record lock", NULL, do_lock, undo_lock },
	{ "getdents", NULL, do_directory, close_fds },
	{ "mount", NULL, do_mount, undo_mount },
	{ "maps", NULL, do_maps, NULL },
	{ "smaps", NULL, do_smaps, NULL },
	{ "status", NULL, do_status, NULL },
	{ "faults", NULL, do_faults, NULL },
	{ "memfd_create", NULL, do_memfd, close_fds },
	{ "eventfd", NULL, do_eventfd, close_fds },
	{ "timerfd_create", NULL, do_timerfd, close_fds },
	{ "signalfd", NULL, do_signalfd, close_fds },
	{ "epoll_create", NULL, do_epoll, close_fds },
	{ "epoll_ctl", prepare_epoll, do_epoll_add, close_fds },
	{ "socketpair", NULL, do_socketpair, close_fds },
	{ "socketpair, datagrams", NULL, do_datagrams, close_fds },
	{ "write to a socket", prepare_socketpair, do_send, close_fds },
	{ "bind", NULL, do_bind, undo_bind },
	{ "connect, accept", prepare_listener, do_connect, undo_listener },
	{ "descriptor through a socket", prepare_socketpair, do_pass, close_fds },
	{ "terminal", NULL, do_terminal, close_fds },
	{ "shmget, shmat", NULL, do_shm, NULL },
	{ "sigqueue", NULL, do_signal, NULL },
	{ "timer_create", NULL, do_timer, NULL },
	{ "poll", NULL, do_poll, NULL },
	{ "select", NULL, do_select, NULL },
	{ "readv", NULL, do_readv, NULL },
	{ "flock", NULL, do_flock, undo_flock },
	{ "mkfifo, open", NULL, do_fifo, undo_fifo },
	{ "open without a name", NULL, do_tmpfile, close_fds },
	{ "readlink", NULL, do_readlink, NULL },
	{ "getcwd", NULL, do_getcwd, NULL },
	{ "chdir", NULL, do_chdir, NULL },
	{ "stat", NULL, do_stat, NULL },
	{ "mmap, locked", NULL, do_locked, clear_area },
	{ "madvise, populate", prepare_fresh, do_populate, clear_area },
	{ "madvise, wipe on fork", prepare_touched, do_wipe, clear_area },
	{ "munmap of three regions", prepare_three, do_split_unmap, clear_area },
	{ "ftruncate", prepare_new, do_truncate, undo_create },
	{ "fallocate", prepare_new, do_fallocate, undo_create },
	{ "setgroups", NULL, do_groups, undo_groups },
	{ "F_SETPIPE_SZ", prepare_pipe, do_pipe_size, close_fds },
	{ "exec", NULL, do_exec, NULL },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		walk_executed();
	(void)argv;
	setvbuf(stdout, NULL, _IONBF, 0);
	mkdir("mounted", 0700);
	area = mmap(NULL, (AREA + 1024) * PAGE, PROT_NONE, ANON, -1, 0);
	area = (char *)(((uintptr_t)area + 1024 * PAGE - 1) / (1024 * PAGE) * (1024 * PAGE));
	walk_begin();
	clear_area();
	for (unsigned i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(&walks[i]);
	return 0;
}
