/* EXPECT: shm_limits.txt */
/*
 * The system's limits of shared memory, IPC_INFO and SHM_INFO, and /proc/sysvipc/shm. Changes limits,
 * so it is for Loft alone; the expected text is what a Debian 12 kernel (686) printed.
 */
#include "shm.h"

static void set(const char *name, const char *value)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	fd = open(path, O_WRONLY);
	if (write(fd, value, strlen(value)) < 0)
		printf("%s: \"%s\": %s\n", name, value, strerrorname_np(errno));
	close(fd);
}

static void show(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY), got = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[got > 0 ? got : 0] = 0;
	printf("%s: %s", path, text);
}

/* The table with what changes from run to run left out. */
static void table(void)
{
	FILE *file = fopen("/proc/sysvipc/shm", "r");
	char line[300];
	int key, id;
	unsigned mode, size, cpid, lpid, nattch, uid, gid, cuid, cgid, atime, dtime, ctime, rss,
		swap;

	if (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%d %d %o %u %u %u %u %u %u %u %u %u %u %u %u %u", &key, &id,
			   &mode, &size, &cpid, &lpid, &nattch, &uid, &gid, &cuid, &cgid, &atime,
			   &dtime, &ctime, &rss, &swap) != 16)
			printf("?");
		printf("%d %o %u %u %u %u %u %u %u %d %d %d %u %u, %zu long\n", key, mode, size,
		       nattch, uid, gid, cuid, cgid, lpid > 0, atime > 0, dtime > 0, ctime > 0, rss,
		       swap, strlen(line));
	}
	fclose(file);
}

static void info(void)
{
	unsigned limits[9], usage[6];
	int old[5];

	int highest = control(0, IPC_INFO, limits); /* depends on what was there before */

	printf("IPC_INFO %d\n", highest >= 0);
	printf("max %u min %u mni %u seg %u all %u\n", limits[0], limits[1], limits[2], limits[3],
	       limits[4]);
	printf("old IPC_INFO %d\n", syscall(SYS_ipc, 24, 0, IPC_INFO, 0, old, 0) == highest);
	printf("max %u min %u mni %u seg %u all %u\n", old[0], old[1], old[2], old[3], old[4]);
	printf("SHM_INFO %d\n", control(0, SHM_INFO, usage) == highest);
	printf("used %u total %u resident %u swapped %u\n", usage[0], usage[1], usage[2], usage[3]);
	mm_call("IPC_INFO to nowhere", control(0, IPC_INFO, (void *)4));
	mm_call("SHM_INFO to nowhere", control(0, SHM_INFO, (void *)4));
}

int main(void)
{
	int ids[4], place = 0;
	char *at;

	show("/proc/sys/kernel/shmmax");
	show("/proc/sys/kernel/shmall");
	show("/proc/sys/kernel/shmmni");
	info();
	ids[0] = get(77, 10000, IPC_CREAT | 0640);
	ids[1] = get(IPC_PRIVATE, 3 * PAGE, 0600);
	at = attach(ids[0], NULL, 0);
	at[0] = at[5000] = 1;
	info();
	table();
	set("shmmax", "20000");
	mm_call("too large", get(IPC_PRIVATE, 20001, 0600));
	ids[2] = get(IPC_PRIVATE, 20000, 0600);
	mm_call("just right", ids[2]);
	set("shmall", "12");
	mm_call("more than all may be", get(IPC_PRIVATE, 2 * PAGE, 0600));
	set("shmmni", "3");
	mm_call("too many", get(IPC_PRIVATE, 1, 0600));
	set("shmmni", "-1");
	set("shmmni", "32769");
	set("shmmni", "4096");
	set("shmmax", "-1");
	set("shmmax", "4278190079");
	set("shmall", "4278190079");
	control(ids[0], IPC_RMID, NULL);
	table();
	for (int i = 0; i < 3; i++)
		control(ids[i], IPC_RMID, NULL);
	detach(at);
	/* Identifiers of what is gone do not come back at once. */
	for (int i = 0; i < 200; i++) {
		int id = get(IPC_PRIVATE, 1, 0600);

		place += id == ids[0];
		control(id, IPC_RMID, NULL);
	}
	printf("the first identifier again: %d\n", place);
	info();
	return 0;
}
