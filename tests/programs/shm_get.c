/* shmget: keys, sizes, flags and their errors; what IPC_STAT tells of a new segment. */
#include "shm.h"
#include <time.h>

static int key;

static void sizes(void)
{
	mm_call("size 0", get(IPC_PRIVATE, 0, 0600));
	mm_call("not there", get(key, 100, 0600));
	mm_call("huge pages", get(IPC_PRIVATE, 100, 0600 | SHM_HUGETLB | 31 << 26));
}

static void keys(void)
{
	int id = get(key, 5000, IPC_CREAT | 0640), status;

	mm_call("made", id);
	printf("same by key %d\n", get(key, 100, 0) == id);
	printf("same with IPC_CREAT %d\n", get(key, 5000, IPC_CREAT | 0600) == id);
	mm_call("IPC_EXCL alone", get(key, 100, IPC_EXCL) == id ? 0 : -1);
	mm_call("IPC_CREAT | IPC_EXCL", get(key, 100, IPC_CREAT | IPC_EXCL | 0600));
	mm_call("larger than it is", get(key, 5001, 0));
	mm_call("size 0 means any", get(key, 0, 0) == id ? 0 : -1);
	mm_call("exclusive before larger", get(key, 5001, IPC_CREAT | IPC_EXCL));
	printf("private ones differ %d\n",
	       (status = get(IPC_PRIVATE, 1, 0600)) != id && status >= 0);
	mm_call("removed", control(status, IPC_RMID, NULL));
	mm_call("removed again", control(status, IPC_RMID, NULL));
	mm_call("removed", control(id, IPC_RMID, NULL));
	mm_call("gone", get(key, 100, 0));
	status = get(key, 100, IPC_CREAT | 0600);
	printf("made again, with another identifier %d\n", status != id);
	mm_call("the old one", control(id, IPC_STAT, NULL));
	mm_call("removed", control(status, IPC_RMID, NULL));
}

static void told(void)
{
	int id = get(key, 5000, IPC_CREAT | 01755);
	struct stat64_shm stat;

	memset(&stat, 0x55, sizeof(stat));
	mm_call("IPC_STAT", control(id, IPC_STAT, &stat));
	printf("key %d uid %d cuid %d gid %d cgid %d\n", stat.perm.key == key,
	       stat.perm.uid == geteuid(), stat.perm.cuid == geteuid(), stat.perm.gid == getegid(),
	       stat.perm.cgid == getegid());
	printf("mode %o size %u attached %u\n", stat.perm.mode, stat.size, stat.nattch);
	printf("atime %u dtime %u ctime %d\n", stat.atime, stat.dtime,
	       stat.ctime >= (unsigned)time(NULL) - 60 && stat.ctime <= (unsigned)time(NULL) + 1);
	printf("cpid %d lpid %d\n", stat.cpid == getpid(), stat.lpid);
	mm_call("IPC_STAT to nowhere", control(id, IPC_STAT, (void *)1));
	mm_call("negative identifier", control(-1, IPC_STAT, &stat));
	mm_call("negative command", control(id, -1, &stat));
	mm_call("unknown command", control(id, 77, &stat));
	mm_call("IPC_64 in shmctl", control(id, IPC_STAT | 0x100, &stat));
	mm_call("SHM_STAT", control(id & 0x7fff, SHM_STAT, &stat) == id ? 0 : -1);
	mm_call("SHM_STAT_ANY", control(id & 0x7fff, SHM_STAT_ANY, &stat) == id ? 0 : -1);
	mm_call("SHM_STAT of no place", control(0x7fff, SHM_STAT, &stat));
	control(id, IPC_RMID, NULL);
}

static void old_calls(void)
{
	int id = syscall(SYS_ipc, 23, key, 3000, IPC_CREAT | 0604, 0, 0);
	struct stat64_shm stat;
	struct stat_old old;
	char *at = NULL;

	mm_call("ipc(SHMGET)", id);
	memset(&old, 0x55, sizeof(old));
	mm_call("ipc(SHMCTL)", syscall(SYS_ipc, 24, id, IPC_STAT, 0, &old, 0));
	printf("key %d uid %d mode %o size %d attached %d cpid %d\n", old.key == key,
	       old.uid == geteuid(), old.mode, old.size, old.nattch,
	       old.cpid == (unsigned short)getpid());
	mm_call("ipc(SHMCTL), IPC_64", syscall(SYS_ipc, 24, id, IPC_STAT | 0x100, 0, &stat, 0));
	printf("mode %o size %d\n", stat.perm.mode, stat.size);
	mm_call("ipc(SHMAT)", syscall(SYS_ipc, 21, id, 0, &at, 0, 0));
	at[0] = 'x';
	printf("attached %u\n", attached(id));
	mm_call("ipc(SHMDT)", syscall(SYS_ipc, 22, 0, 0, 0, at, 0));
	mm_call("ipc(SHMDT) again", syscall(SYS_ipc, 22, 0, 0, 0, at, 0));
	mm_call("ipc(SHMAT), no result", syscall(SYS_ipc, 21, id, 0, 8, 0, 0));
	printf("attached %u\n", attached(id));
	mm_call("ipc(SHMAT), version 1", syscall(SYS_ipc, 21 | 1 << 16, id, 0, &at, 0, 0));
	old.uid = 12;
	old.gid = 13;
	old.mode = 0777;
	mm_call("ipc(SHMCTL), IPC_SET", syscall(SYS_ipc, 24, id, IPC_SET, 0, &old, 0));
	control(id, IPC_STAT, &stat);
	printf("uid %u gid %u mode %o\n", stat.perm.uid, stat.perm.gid, stat.perm.mode);
	control(id, IPC_RMID, NULL);
	mm_call("ipc of no call", syscall(SYS_ipc, 99, 0, 0, 0, 0, 0));
}

int main(void)
{
	key = 0x10000000 + getpid();
	sizes();
	keys();
	told();
	mm_child(old_calls);
	return 0;
}
