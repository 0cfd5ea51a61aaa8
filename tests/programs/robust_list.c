/* What a process that ends leaves in the locks on its robust list. */
#include "task.h"

#include <stdbool.h>

#include <linux/futex.h>
#include <stddef.h>

struct lock {
	struct robust_list link;
	unsigned int word;
};
struct memory {
	struct robust_list_head head;
	struct lock locks[4];
};

static struct memory *memory;

static void arrange(int count)
{
	struct robust_list *at = &memory->head.list;

	for (int i = 0; i < count; i++) {
		at->next = &memory->locks[i].link;
		at = at->next;
	}
	at->next = &memory->head.list;
	memory->head.futex_offset = offsetof(struct lock, word);
	memory->head.list_op_pending = NULL;
}

static void show(const char *what, pid_t owner)
{
	printf("%s:", what);
	for (int i = 0; i < 4; i++)
		printf(" %s%s%s", memory->locks[i].word & FUTEX_WAITERS ? "W" : "",
		       memory->locks[i].word & FUTEX_OWNER_DIED ? "D" : "",
		       (memory->locks[i].word & FUTEX_TID_MASK) == (unsigned int)owner ? "owned"
		       : (memory->locks[i].word & FUTEX_TID_MASK) == 0		       ? "free"
								       : "another's");
	printf("\n");
	memset(memory->locks, 0, sizeof(memory->locks));
}

static pid_t run(int how)
{
	pid_t child = split();

	if (child == 0) {
		unsigned int self = getpid();

		arrange(3);
		memory->locks[0].word = self;
		memory->locks[1].word = self | FUTEX_WAITERS;
		memory->locks[2].word = 31999;
		memory->locks[3].word = self;
		if (how == 1)
			memory->head.list_op_pending = &memory->locks[3].link;
		if (how == 2)
			memory->locks[1].link.next =
				&memory->locks[0].link; /* a ring without end */
		if (how == 3)
			memory->locks[0].link.next = (struct robust_list *)16;
		syscall(SYS_set_robust_list, &memory->head, sizeof(memory->head));
		if (how == 4)
			raise(SIGKILL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return child;
}

int main(void)
{
	struct robust_list_head *head;
	size_t size;
	pid_t child, sleeper;

	memory = shared_page();
	child = run(0);
	show("three on the list", child);
	child = run(1);
	show("one pending", child);
	child = run(2);
	show("a ring", child);
	child = run(3);
	show("a bad pointer", child);
	child = run(4);
	show("killed", child);

	child = split();
	if (child == 0) {
		memory->locks[0].word = getpid() | FUTEX_WAITERS;
		arrange(1);
		syscall(SYS_set_robust_list, &memory->head, sizeof(memory->head));
		usleep(240000);
		_exit(0);
	}
	sleeper = split();
	if (sleeper == 0) {
		usleep(80000);
		unsigned int word = memory->locks[0].word;
		long result = syscall(SYS_futex, &memory->locks[0].word, FUTEX_WAIT, word, NULL,
				      NULL, 0);
		bool died = memory->locks[0].word & FUTEX_OWNER_DIED;

		/* Said by the end alone: the parent prints meanwhile. */
		_exit(result == 0 && died ? 30 : 31);
	}
	reap("owner", child);
	reap("sleeper", sleeper);

	TELL(syscall(SYS_set_robust_list, &memory->head, 8));
	TELL(syscall(SYS_set_robust_list, &memory->head, sizeof(memory->head)));
	TELL(syscall(SYS_get_robust_list, 0, &head, &size));
	printf("the same %d, size %zu\n", head == &memory->head, size);
	TELL(syscall(SYS_get_robust_list, 31999, &head, &size));
	TELL(syscall(SYS_get_robust_list, 0, 16, &size));
	syscall(SYS_set_robust_list, NULL, sizeof(memory->head));
	return 0;
}
