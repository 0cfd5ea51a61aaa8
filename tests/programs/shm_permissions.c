/* Who may do what with a segment: owner, maker, group, others; IPC_SET; locking. */
#include "shm.h"
#include <grp.h>

static int id, key;

static void become(unsigned user, unsigned group)
{
	if (setgroups(0, NULL) || setgid(group) || setuid(user))
		perror("become");
}

static void all(void)
{
	struct stat64_shm stat;
	char *at = attach(id, NULL, 0);

	mm_call("  shmat", at == (void *)-1 ? -1 : 0);
	at = attach(id, NULL, SHM_RDONLY);
	mm_call("  shmat SHM_RDONLY", at == (void *)-1 ? -1 : 0);
	at = attach(id, NULL, SHM_EXEC);
	mm_call("  shmat SHM_EXEC", at == (void *)-1 ? -1 : 0);
	mm_call("  shmget 0", get(key, 1, 0));
	mm_call("  shmget 0400", get(key, 1, 0400));
	mm_call("  shmget 0006", get(key, 1, 0006));
	mm_call("  shmget too large", get(key, 2 * PAGE, 0777));
	mm_call("  IPC_STAT", control(id, IPC_STAT, &stat));
	mm_call("  SHM_STAT", control(id & 0x7fff, SHM_STAT, &stat) < 0 ? -1 : 0);
	mm_call("  SHM_STAT_ANY", control(id & 0x7fff, SHM_STAT_ANY, &stat) < 0 ? -1 : 0);
	memset(&stat, 0, sizeof(stat));
	stat.perm.uid = stat.perm.gid = -1;
	mm_call("  IPC_SET to nobody at all", control(id, IPC_SET, &stat));
	mm_call("  IPC_SET from nowhere", control(id, IPC_SET, (void *)4));
	mm_call("  SHM_LOCK", control(id, SHM_LOCK, NULL));
	mm_call("  SHM_UNLOCK", control(id, SHM_UNLOCK, NULL));
	mm_call("  IPC_RMID", control(id, IPC_RMID, NULL));
}

static void make(unsigned mode)
{
	struct stat64_shm stat;

	id = get(key, PAGE, IPC_CREAT | mode);
	control(id, IPC_STAT, &stat);
	stat.perm.uid = 1001;
	stat.perm.gid = 2001;
	stat.perm.mode = mode | 07000;
	if (control(id, IPC_SET, &stat))
		perror("IPC_SET");
	control(id, IPC_STAT, &stat);
	printf("mode %o uid %u gid %u maker %d\n", stat.perm.mode, stat.perm.uid, stat.perm.gid,
	       stat.perm.cuid == geteuid());
}

static void as_owner(void)
{
	become(1001, 3000);
	all();
}

static void as_group(void)
{
	become(1002, 2001);
	all();
}

static void as_other(void)
{
	become(1002, 3000);
	all();
}

static void by_mode(unsigned mode)
{
	static void (*const parts[])(void) = { as_owner, as_group, as_other };
	static const char *const names[] = { "owner", "group", "other" };

	for (int i = 0; i < 3; i++) {
		make(mode);
		puts(names[i]);
		mm_child(parts[i]);
		control(id, IPC_RMID, NULL);
	}
}

static void limit(unsigned long bytes)
{
	struct rlimit limit = { bytes, bytes };

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		perror("setrlimit");
}

static void locks(void)
{
	int first, second;
	struct stat64_shm stat;

	become(1001, 3000);
	first = get(IPC_PRIVATE, 10 * PAGE, 0600);
	second = get(IPC_PRIVATE, 10 * PAGE, 0600);
	limit(15 * PAGE);
	mm_call("SHM_LOCK", control(first, SHM_LOCK, NULL));
	mm_call("SHM_LOCK again", control(first, SHM_LOCK, NULL));
	control(first, IPC_STAT, &stat);
	printf("mode %o\n", stat.perm.mode);
	mm_call("SHM_LOCK of more than one may", control(second, SHM_LOCK, NULL));
	mm_call("SHM_UNLOCK", control(first, SHM_UNLOCK, NULL));
	mm_call("SHM_UNLOCK again", control(first, SHM_UNLOCK, NULL));
	mm_call("SHM_LOCK", control(second, SHM_LOCK, NULL));
	limit(0);
	mm_call("SHM_LOCK without a limit", control(first, SHM_LOCK, NULL));
	mm_call("SHM_UNLOCK", control(second, SHM_UNLOCK, NULL));
	control(first, IPC_RMID, NULL);
	control(second, IPC_RMID, NULL);
}

int main(void)
{
	key = 0x30000000 + getpid();
	by_mode(0600);
	by_mode(0740);
	by_mode(0467);
	by_mode(0000);
	mm_child(locks);
	return 0;
}
