/* EXPECT: oom_adjust.txt */
/*
 * oom_score_adj and oom_adj: values, who may lower them, who gets them, and what they do to oom_score.
 * The tests' host may not lower them; the expected text is what a Debian 12 kernel (686) printed.
 */
#define _GNU_SOURCE
#include "mm.h"
#include <sched.h>

static void put(const char *file, const char *value)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		printf("%s = \"%s\": %s\n", file, value, strerrorname_np(errno));
	close(fd);
}

static int get(const char *file)
{
	char path[64], text[20] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		perror(file);
	close(fd);
	return atoi(text);
}

static void show(const char *what)
{
	printf("%s: %d, %d\n", what, get("oom_score_adj"), get("oom_adj"));
}

static void values(void)
{
	static const char *const good[] = { "500",   "-500", "1000", "999", "-1000",
					    " 7 \n", "0x10", "+3",   "0" };
	static const char *const bad[] = { "1001", "-1001", "x", "", " ", "5x", "99999999999" };
	static const char *const old[] = { "15", "14", "1", "0", "-1", "-16", "-17", "16", "-18" };

	for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++) {
		put("oom_score_adj", good[i]);
		show(good[i]);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		put("oom_score_adj", bad[i]);
	show("after bad ones");
	for (unsigned i = 0; i < sizeof(old) / sizeof(*old); i++) {
		put("oom_adj", old[i]);
		show(old[i]);
	}
}

static void scores(void)
{
	int plain, half, less;
	char *at;

	put("oom_score_adj", "0");
	plain = get("oom_score");
	put("oom_score_adj", "500");
	half = get("oom_score");
	put("oom_score_adj", "-300");
	less = get("oom_score");
	/* A third of a thousand is added, or two tenths taken away. */
	printf("500 more: %d, 300 less: %d\n", abs(half - plain - 333) <= 15,
	       abs(plain - less - 200) <= 15);
	put("oom_score_adj", "1000");
	printf("1000: %d\n", get("oom_score") >= 1300);
	put("oom_score_adj", "-1000");
	printf("-1000: %d\n", get("oom_score"));
	put("oom_score_adj", "0");
	at = mm_map(100, RW);
	munmap(at, 100 * PAGE);
}

static int exec_child(void)
{
	show("after exec");
	return 0;
}

static void inherited(void)
{
	int status;

	put("oom_score_adj", "300");
	fflush(stdout);
	if (fork() == 0) {
		show("child");
		put("oom_score_adj", "400");
		show("child");
		fflush(stdout);
		execl("/proc/self/exe", "oom_adjust", "exec", NULL);
		_exit(1);
	}
	wait(&status);
	show("parent");
}

static int sharer(void *unused)
{
	(void)unused;
	put("oom_score_adj", "600");
	_exit(0);
}

static void shared(void)
{
	static char stack[65536];
	int status;

	put("oom_score_adj", "100");
	clone(sharer, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	wait(&status);
	show("set by one that shares memory");
	put("oom_score_adj", "100");
	clone(sharer, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	wait(&status);
	show("set by a vfork child");
}

static void unprivileged(void)
{
	put("oom_score_adj", "200");
	if (setuid(1000))
		perror("setuid");
	/* What belongs to root now can still be looked at. */
	show("as user");
	put("oom_score_adj", "300");
	fflush(stdout);
	if (fork() == 0) {
		execl("/proc/self/exe", "oom_adjust", "user", NULL);
		_exit(1);
	}
	wait(NULL);
}

static int user(void)
{
	show("user");
	put("oom_score_adj", "300");
	show("raised");
	put("oom_score_adj", "200");
	show("back to what root had set");
	put("oom_score_adj", "199");
	show("not lower");
	put("oom_adj", "10");
	show("raised by oom_adj");
	put("oom_adj", "9");
	show("which may not lower at all");
	put("oom_score_adj", "200");
	show("back");
	printf("others': %s\n",
	       open("/proc/1/oom_score_adj", O_WRONLY) < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return strcmp(argv[1], "exec") ? user() : exec_child();
	mm_child(values);
	mm_child(scores);
	mm_child(inherited);
	mm_child(shared);
	mm_child(unprivileged);
	return 0;
}
