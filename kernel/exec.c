/*
 * execve: the course of it.
 *
 * Everything is made beside the old program: strings copied, scripts followed to their
 * interpreter, headers checked, a whole new address space built. Only then, and without
 * anything left that can fail, the process changes over. So most errors leave the old program
 * as it was. Linux, which tears the old one down before it maps the new one, answers a file
 * whose segments turn out impossible with a SIGSEGV; so do we, since programs can see the
 * difference.
 */
#include "exec_internal.h"

#include <exec.h>

#include <abi/fcntl.h>
#include <abi/stat.h>
#include <assert.h>
#include <err.h>
#include <format.h>
#include <fs.h>
#include <kheap.h>
#include <posix_timer.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#define SCRIPT_DEPTH_MAX 5

/* ---- from the named file to an ELF program ---- */

/*
 * Replaces a script by its interpreter, the script's path becoming an argument. path is the
 * script's, and then the interpreter's, which stays in head.
 */
static int follow_script(struct file **file, char *head, const char **path,
			 struct exec_strings *strings)
{
	char *interpreter, *argument;
	struct file *next;
	int error = script_parse(head, &interpreter, &argument);

	if (error)
		return error;
	if (strings->unreachable)
		return -ENOENT;
	exec_strings_drop_first(strings);
	error = exec_strings_prepend(strings, *path);
	if (!error && argument)
		error = exec_strings_prepend(strings, argument);
	if (!error)
		error = exec_strings_prepend(strings, interpreter);
	if (error)
		return error;
	next = exec_open(interpreter);
	if (IS_ERR(next))
		return PTR_ERR(next);
	file_put(*file);
	*file = next;
	*path = interpreter;
	return 0;
}

/* Opens path's program, through scripts, with its headers. */
static int open_program(struct elf_program *program, struct file **file, const char *path,
			struct exec_strings *strings)
{
	char heads[2][EXEC_HEAD_SIZE]; /* in turn: path may be in the other one */

	for (unsigned depth = 0; depth <= SCRIPT_DEPTH_MAX; depth++) {
		char *head = heads[depth % 2];
		ssize_t size = file_read_kernel(*file, head, EXEC_HEAD_SIZE, 0);
		int error;

		if (size < 0)
			return (int)size;
		memset(head + size, 0, EXEC_HEAD_SIZE - (size_t)size);
		if (head[0] != '#' || head[1] != '!') {
			error = elf_program_open(program, *file);
			return error == -EIO ? -ENOEXEC : error;
		}
		error = follow_script(file, head, &path, strings);
		if (error)
			return error;
	}
	return -ELOOP;
}

/* ---- who it runs as ---- */

static void find_identity(const struct file *file, struct credentials *cred,
			  struct exec_identity *identity)
{
	const struct process *process = current->process;
	struct stat64 stat;

	file_stat(file, &stat);
	*cred = process->cred;
	identity->secure = credentials_exec(cred, stat.uid, stat.gid, stat.mode,
					    !process->no_new_privileges && file_may_raise(file));
	identity->uid = cred->uid;
	identity->euid = cred->euid;
	identity->gid = cred->gid;
	identity->egid = cred->egid;
}

/* ---- changing over ---- */

/*
 * What the process shares with others and the new program must have for itself. -ENOMEM, with
 * nothing changed.
 */
static int unshare(struct process *process)
{
	struct signal_actions *actions = process->actions;
	struct files *files = process->files;

	if (actions->refs > 1) {
		struct signal_actions *own = signal_actions_copy(actions);

		if (!own)
			return -ENOMEM;
		process->actions = own;
		signal_actions_put(actions);
	}
	if (process->shares_files) {
		struct files *own = files_copy(files);

		if (!own || IS_ERR(own))
			return -ENOMEM;
		process->files = own;
		process->shares_files = false;
		files_put(files);
	}
	return 0;
}

static void change_mm(struct process *process, struct mm *mm)
{
	struct mm *old = process->mm;

	if (old) {
		process_keep_counters(process, old);
		task_release_mm(current);
	}
	process->mm = mm;
	sched_use_mm(mm);
	if (old)
		mm_put(old);
}

static void change_process(struct process *process, const struct credentials *cred, bool secure,
			   const char *path)
{
	if (secure)
		process->parent_death_signal = 0;
	process->dumpable = !secure;
	process->cred = *cred;
	process->keep_capabilities = false;
	process->exit_signal = SIGCHLD;
	process->did_exec = true;
	process_set_name(process, path);
	posix_timers_delete(process);
	signal_actions_exec(process->actions);
	files_close_on_exec(process->files);
}

static void change_task(struct task *task, const struct exec_image *image)
{
	fpu_reset(task);
	tls_clear(task);
	task->altstack = (struct sigaltstack){ .flags = SS_DISABLE };
	task->restart = NULL;
	task->fault_trap = task->fault_error = task->fault_address = 0;
	*task->frame = (struct trap_frame){
		.ds = USER_DS,
		.es = USER_DS,
		.vector = task->frame->vector,
		.error = UINT32_MAX, /* no call to be started again */
		.eip = image->entry,
		.cs = USER_CS,
		.eflags = EFLAGS_IF,
		.esp = image->stack,
		.ss = USER_DS,
	};
}

static int commit(struct exec_image *image, const struct credentials *cred, bool secure,
		  const char *path)
{
	struct process *process = current->process;
	int error = process_become_single();

	assert(error || process->ntasks == 1);
	if (!error)
		error = unshare(process);
	if (error)
		return error;
	file_get(image->main.file);
	image->mm->exe = image->main.file;
	change_mm(process, image->mm);
	image->mm = NULL;
	assert(process->mm->exe && image->entry < USER_TOP && image->stack < USER_TOP);
	change_process(process, cred, secure, path);
	change_task(current, image);
	return 0;
}

/* ---- the course of it ---- */

/* From here on a file that lies costs the process its life, as on Linux. */
static int build_and_commit(struct exec_image *image, const struct exec_strings *strings,
			    const char *path)
{
	struct exec_identity identity;
	struct credentials cred;
	int error;

	find_identity(image->main.file, &cred, &identity);
	image->mm = mm_create();
	if (!image->mm)
		return -ENOMEM;
	error = exec_build(image, strings, &identity);
	if (!error)
		error = commit(image, &cred, identity.secure, path);
	else if (current->process->mm)
		signal_force_fatal(SIGSEGV);
	if (image->mm)
		mm_put(image->mm);
	return error;
}

/* file's reference is taken over. */
static int run_program(const char *path, struct file *file, struct exec_strings *strings)
{
	struct exec_image image = { .mm = NULL };
	int error = open_program(&image.main, &file, path, strings);

	if (error) {
		file_put(file);
		return error;
	}
	error = exec_find_interpreter(&image);
	if (!error)
		error = build_and_commit(&image, strings, path);
	elf_program_close(&image.interpreter);
	elf_program_close(&image.main);
	return error;
}

/* path is what the program is known by; file's reference is taken over. */
static int exec_file(const char *path, struct file *file, const struct exec_source *source)
{
	struct exec_strings strings;
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = exec_strings_collect(&strings, path, source);
	if (error) {
		file_put(file);
		return error;
	}
	strings.unreachable = source->unreachable;
	error = run_program(path, file, &strings);
	exec_strings_free(&strings);
	return error;
}

static int exec(const char *path, const struct exec_source *source)
{
	return exec_file(path, file_open_exec(path), source);
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	const struct exec_source source = { .kernel = true, .argv = argv, .envp = envp };

	return exec(path, &source);
}

/* A copy of a user's path, no larger than it must be: on the heap, or ERR_PTR. */
static char *copy_path(const char __user *from, bool may_be_empty)
{
	ssize_t length = strnlen_user(from, EXEC_PATH_MAX);
	char *path;
	int result;

	if (length < 0)
		return ERR_PTR((int)length);
	if (length == 0 && !may_be_empty)
		return ERR_PTR(-ENOENT);
	if (length >= (ssize_t)EXEC_PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	path = kalloc((size_t)length + 1);
	if (!path)
		return ERR_PTR(-ENOMEM);
	result = strncpy_from_user(path, from, (size_t)length + 1);
	if (result >= 0)
		return path;
	kfree(path);
	return ERR_PTR(result);
}

int32_t sys_execve(const char __user *path, const uint32_t __user *argv,
		   const uint32_t __user *envp)
{
	const struct exec_source source = { .argv = argv, .envp = envp };
	char *copy = copy_path(path, false);
	int32_t result;

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	result = exec(copy, &source);
	kfree(copy);
	return result;
}

/*
 * What a program that was found from a descriptor is known by, and scripts are read by: on the heap,
 * NULL without memory.
 */
static char *name_from_fd(int fd, const char *path)
{
	size_t size = sizeof("/dev/fd/-2147483648/") + strlen(path);
	char *name = kalloc(size);

	if (name)
		format(name, size, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", fd, path);
	return name;
}

/* path's memory is taken over. */
static int32_t exec_at(int fd, char *path, struct exec_source *source, uint32_t flags)
{
	struct file *file = file_open_exec_at(fd, path, flags);
	int32_t result = PTR_ERR(file);

	if (!IS_ERR(file)) {
		bool by_fd = fd != AT_FDCWD && path[0] != '/';
		char *name = by_fd ? name_from_fd(fd, path) : path;

		source->unreachable = by_fd && files_close_on_exec_of(current->process->files, fd);
		if (name)
			result = exec_file(name, file, source);
		else
			file_put(file);
		if (!name)
			result = -ENOMEM;
		if (name != path)
			kfree(name);
	}
	kfree(path);
	return result;
}

int32_t sys_execveat(int fd, const char __user *path, const uint32_t __user *argv,
		     const uint32_t __user *envp, uint32_t flags)
{
	struct exec_source source = { .argv = argv, .envp = envp };
	char *copy;

	copy = copy_path(path, flags & AT_EMPTY_PATH);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	if (!(flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return exec_at(fd, copy, &source, flags);
	kfree(copy);
	return -EINVAL;
}
