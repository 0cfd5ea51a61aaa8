/* CFLAGS: -pthread */
/* /proc/PID/task: a directory for each thread, with its own state. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 3

static pthread_barrier_t barrier;
static pid_t tids[THREADS];

static void *wait_twice(void *argument)
{
	long i = (long)argument;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1 + 2 * (int)i);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	tids[i] = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* The line of /proc/self/task/TID/status that begins with name. */
static const char *status(pid_t tid, const char *name)
{
	static char line[256];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	if (!file)
		return strerror(errno);
	while (fgets(line, sizeof(line), file) && strncmp(line, name, strlen(name)) != 0)
		;
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line + strlen(name);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What is listed: how many, and whether it is the main thread and the others in their order. */
static void list(const char *when)
{
	int seen[16], n = 0, right = 0;
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	struct stat info;

	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && n < 16)
			seen[n++] = atoi(entry->d_name);
	closedir(directory);
	qsort(seen, (size_t)n, sizeof(*seen), compare);
	right += n > 0 && seen[0] == getpid();
	for (int i = 1; i < n; i++)
		right += seen[i] == tids[i - 1];
	stat("/proc/self/task", &info);
	printf("%s: %d threads, %d as expected, a directory %d\n", when, n, right,
	       S_ISDIR(info.st_mode));
}

static void try_open(const char *what, const char *pattern, pid_t number)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), pattern, number);
	file = fopen(path, "r");
	printf("%s: %s\n", what, file ? "there" : strerror(errno));
	if (file)
		fclose(file);
}

int main(void)
{
	pthread_t threads[THREADS];
	char line[512], path[64], state;
	int tid, parent;
	FILE *held;

	list("alone");
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, wait_twice, (void *)i);
		while (!__atomic_load_n(&tids[i], __ATOMIC_ACQUIRE))
			usleep(1000);
	}
	pthread_barrier_wait(&barrier);
	usleep(50000);
	list("with others");
	for (int i = 0; i < THREADS; i++) {
		printf("thread %d: tgid is the process %d, ", i,
		       atoi(status(tids[i], "Tgid:")) == getpid());
		printf("pid its own %d, ", atoi(status(tids[i], "Pid:")) == tids[i]);
		printf("state%s, ", status(tids[i], "State:"));
		printf("threads%s, ", status(tids[i], "Threads:"));
		printf("blocks%s\n", status(tids[i], "SigBlk:"));
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tids[1]);
	held = fopen(path, "r");
	fgets(line, sizeof(line), held);
	sscanf(line, "%d %*s %c %d", &tid, &state, &parent);
	printf("stat: number %d, state %c, parent %d\n", tid == tids[1], state,
	       parent == getppid());
	try_open("a file of memory", "/proc/self/task/%d/maps", tids[0]);
	try_open("process 1 is no thread of ours", "/proc/self/task/%d/stat", 1);
	try_open("nor is there a thread 0", "/proc/self/task/%d/stat", 0);
	try_open("no number", "/proc/self/task/x%d/stat", 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	usleep(50000);
	list("alone again");
	try_open("a thread that ended", "/proc/self/task/%d/stat", tids[1]);
	rewind(held);
	errno = 0;
	printf("its file, still open: %s\n",
	       fgets(line, sizeof(line), held) ? "a line" : strerror(errno));
	return 0;
}
