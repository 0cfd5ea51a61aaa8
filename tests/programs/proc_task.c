/* CFLAGS: -pthread */
/* /proc/PID/task: a directory for each thread, with its number and state. */
#define _GNU_SOURCE
#include "mm.h"
#include <dirent.h>
#include <pthread.h>

static pthread_barrier_t met;
static int tids[3], go[2];

static void *thread(void *argument)
{
	char byte;

	tids[(int)argument] = gettid();
	pthread_barrier_wait(&met);
	read(go[0], &byte, 1);
	return NULL;
}

static int known(int tid)
{
	return tid == getpid() || tid == tids[0] || tid == tids[1] || tid == tids[2];
}

static void count(void)
{
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	int found = 0, strange = 0;

	while ((entry = readdir(directory)))
		if (*entry->d_name != '.') {
			found++;
			strange += !known(atoi(entry->d_name));
		}
	closedir(directory);
	printf("threads: %d, strange: %d\n", found, strange);
}

static void show(int tid)
{
	char path[64], text[256] = "";
	int fd, pid = 0;
	char state = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		printf("%s\n", strerrorname_np(errno));
		return;
	}
	read(fd, text, sizeof(text) - 1);
	close(fd);
	sscanf(text, "%d (%*[^)]) %c", &pid, &state);
	printf("its number: %d, state %c\n", pid == tid, state);
}

int main(void)
{
	pthread_t threads[3];
	char path[64];
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	pipe(go);
	pthread_barrier_init(&met, NULL, 4);
	count();
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, thread, (void *)i);
	pthread_barrier_wait(&met);
	usleep(50000);
	count();
	show(getpid());
	show(tids[0]);
	show(1);
	snprintf(path, sizeof(path), "/proc/self/task/%d", tids[1]);
	printf("a thread's own task: %d\n", access(strcat(path, "/task"), F_OK));
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tids[1]);
	fd = open(path, O_RDONLY);
	for (int i = 0; i < 3; i++)
		write(go[1], "", 1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	usleep(50000);
	printf("of one that is gone: %s\n", read(fd, path, 10) < 0 ? strerrorname_np(errno) : "ok");
	show(tids[0]);
	count();
	return 0;
}
