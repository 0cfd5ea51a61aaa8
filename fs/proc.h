/*
 * /proc, between its files: the tree of entries (fs/proc.c) and those who write their texts.
 */
#ifndef LOFT_PROC_H
#define LOFT_PROC_H

#include <types.h>
#include <vfs.h>

struct process;
struct task;

#define PROC_PART 4000u

/* A text that grows as it is printed to; failed when memory ran out. */
struct proc_text {
	char *bytes;
	size_t used, room;
	bool failed;
	/* Of a text that is made in parts (show_from): */
	loff_t start;	 /* position of the first byte that is here */
	uint32_t cursor; /* what comes next: the file's own business */
};

void proc_print(struct proc_text *text, const char *pattern, ...) __printf(2, 3);
void proc_append(struct proc_text *text, const char *bytes, size_t size);
/* A text that kzalloc made; NULL is allowed. */
void proc_text_free(struct proc_text *text);

/*
 * A number in /proc/sys: *value, from minimum to maximum, or *natural, which has no bounds;
 * others are refused with -EINVAL, and what is no number too. set, where there is one, may refuse
 * a new value or act on it: 0 or -errno; *value is stored after it.
 */
struct proc_number {
	int32_t *value;
	int32_t minimum, maximum;
	uint32_t *natural; /* instead of value */
	int (*set)(int32_t value);
};

/* One name in /proc. What it is follows from which functions it has. */
struct proc_entry {
	const char *name;
	mode_t mode;			   /* type and rights */
	const struct proc_entry *children; /* directory: ends with a NULL name */
	/*
	 * File: prints it. process: whose directory it stands in, NULL outside. 0, or what read
	 * fails with. May sleep.
	 */
	int (*show)(struct proc_text *text, struct process *process);
	/* File in task/TID, instead of show. */
	int (*show_task)(struct proc_text *text, const struct task *task);
	/*
	 * File that is printed a part at a time, for texts without bound: prints what comes at
	 * *cursor (at first 0), about PROC_PART bytes of it, and moves *cursor on; nothing
	 * printed: the end. The process may be another at the next call.
	 */
	int (*show_from)(struct proc_text *text, struct process *process, uint32_t *cursor);
	/*
	 * File that is written to as well: what a write gave, terminated, without the white space
	 * around it. 0, or what write fails with. May sleep.
	 */
	int (*store)(const char *text, struct process *process);
	/* The same for what is a task's, as show_task. */
	int (*store_task)(const char *text, struct task *task);
	/* File that is a number of the kernel's: shown and, with a right to write, set. */
	const struct proc_number *number;
	/* File that is read by position instead of as a text (pagemap). */
	ssize_t (*read)(struct process *process, struct uio *io, loff_t *position);
	/* File with operations of its own, which begin with proc_open. */
	const struct file_ops *file_ops;
	/*
	 * Link: its text, and where it leads with a reference (NULL: by its text). fd: of a link in
	 * fd/; in map_files/, the number of the region's first page.
	 */
	ssize_t (*link_text)(struct process *process, int fd, char *buffer, size_t size);
	struct dentry *(*jump)(struct process *process, int fd);
	bool lists_processes, lists_fds, lists_regions, lists_tasks; /* directory: these too */
	bool is_private; /* file: -EACCES to who may not inspect the process */
};

/* Entries for tables. */
#define PROC_FILE(entry_name, rights, function) \
	{ \
		.name = entry_name, .mode = S_IFREG | (rights), .show = function \
	}
#define PROC_PRIVATE(entry_name, rights, function) \
	{ \
		.name = entry_name, .mode = S_IFREG | (rights), .show = function, \
		.is_private = true \
	}
/* Printed in parts, and private. */
#define PROC_PARTS(entry_name, rights, function) \
	{ \
		.name = entry_name, .mode = S_IFREG | (rights), .show_from = function, \
		.is_private = true \
	}
#define PROC_NUMBER(entry_name, rights, its_number) \
	{ \
		.name = entry_name, .mode = S_IFREG | (rights), .number = its_number \
	}
#define PROC_DIRECTORY(entry_name, table) \
	{ \
		.name = entry_name, .mode = S_IFDIR | 0555, .children = table \
	}
#define PROC_LINK(entry_name, text_function) \
	{ \
		.name = entry_name, .mode = S_IFLNK | 0777, .link_text = text_function \
	}

/*
 * The files of the system as a whole (fs/proc_system.c), of a process (fs/proc_process.c,
 * fs/proc_memory.c), and the links in fd/.
 */
extern const struct proc_entry proc_root_entries[];
extern const struct proc_entry proc_process_entries[], proc_task_entries[];
extern const struct proc_entry proc_sys_entries[];     /* fs/proc_sys.c */
extern const struct proc_entry proc_sysvipc_entries[]; /* fs/proc_sysvipc.c */
extern const struct proc_entry proc_fd_entry, proc_region_entry;

/* map_files: "START-END" of a region. */
#define PROC_REGION_NAME 20
void proc_region_name(const struct vma *vma, char name[PROC_REGION_NAME]);
/*
 * The first region of process, which may be NULL, that maps a file and starts at or above from;
 * NULL: none, or it is none of current's business.
 */
const struct vma *proc_next_region(const struct process *process, vaddr_t from);

/* What an inode of /proc stands for; of links with a text, nothing. */
struct proc_node {
	const struct proc_entry *entry;
	pid_t pid; /* 0: not in a process's directory */
	int fd;	   /* -1: not in its fd/ */
	pid_t tid; /* 0: not in its task/ */
};
struct proc_node *proc_node_of(const struct inode *inode);
/*
 * The process whose directory the node is in, for who opens, reads or writes the file: NULL outside
 * such directories. *error: 0, -ESRCH when it is gone, -EACCES when it is none of current's
 * business.
 */
struct task *proc_node_task(const struct proc_node *node); /* NULL: gone, or none */
struct process *proc_process_to_read(const struct proc_node *node, int *error);

/* Files that are texts, and those read by position (fs/proc_file.c). */
extern const struct file_ops proc_text_ops, proc_position_ops;
/* The fault trace (fs/proc_faults.c), injected failures (fs/proc_fail.c). */
extern const struct file_ops proc_faults_ops, proc_fail_ops;
/* A process's memory at its addresses (fs/process_vm.c). */
extern const struct file_ops proc_mem_ops;

/* Beginning of an open of a file with file_ops of its own: -ESRCH, -EACCES. */
__must_check int proc_open(struct inode *inode);
/* Takes the white space around a text away, in place: where it begins then. */
char *proc_strip(char *text);
/*
 * A number with or without a sign that is all of text, decimal or as 0x and 0 in front of it say:
 * -EINVAL, -ERANGE.
 */
__must_check int proc_parse_number(const char *text, int32_t *number);

/* May current look into process: its memory, its files? As kill and ptrace have it. */
bool proc_may_inspect(const struct process *process);

/* fs/proc_disks.c */
extern const struct proc_entry proc_bus_entries[];
int proc_show_partitions(struct proc_text *text, struct process *process);
int proc_show_diskstats(struct proc_text *text, struct process *process);

int proc_show_swaps(struct proc_text *text, struct process *process);
int proc_show_meminfo(struct proc_text *text, struct process *process);
int proc_show_vmstat(struct proc_text *text, struct process *process);
/* fs/proc_oom.c */
int proc_show_oom_score(struct proc_text *text, struct process *process);
int proc_show_oom_score_adj(struct proc_text *text, struct process *process);
int proc_store_oom_score_adj(const char *text, struct process *process);
int proc_show_oom_adj(struct proc_text *text, struct process *process);
int proc_store_oom_adj(const char *text, struct process *process);

int proc_show_filesystems(struct proc_text *text, struct process *process);
int proc_show_mountinfo(struct proc_text *text, struct process *process);
int proc_show_dentry_state(struct proc_text *text, struct process *process);
int proc_show_inode_nr(struct proc_text *text, struct process *process);
int proc_show_inode_state(struct proc_text *text, struct process *process);
int proc_show_mounts(struct proc_text *text, struct process *process);
int proc_show_maps(struct proc_text *text, struct process *process, uint32_t *cursor);
int proc_show_smaps(struct proc_text *text, struct process *process, uint32_t *cursor);
int proc_show_smaps_rollup(struct proc_text *text, struct process *process);
void proc_show_status_memory(struct proc_text *text, const struct mm *mm);
int proc_show_stat(struct proc_text *text, struct process *process);
int proc_show_status(struct proc_text *text, struct process *process);
int proc_show_task_stat(struct proc_text *text, const struct task *task);
int proc_show_task_status(struct proc_text *text, const struct task *task);
int proc_show_statm(struct proc_text *text, struct process *process);
ssize_t proc_read_pagemap(struct process *process, struct uio *io, loff_t *position);
ssize_t proc_read_kpagecount(struct process *process, struct uio *io, loff_t *position);
ssize_t proc_read_kpageflags(struct process *process, struct uio *io, loff_t *position);
int proc_store_clear_refs(const char *text, struct process *process);

#endif
