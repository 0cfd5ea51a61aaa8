/*
 * /proc, between its files: the tree of entries (fs/proc.c) and those who write their texts.
 */
#ifndef LOFT_PROC_H
#define LOFT_PROC_H

#include <types.h>
#include <vfs.h>

struct process;

/* A text that grows as it is printed to; failed when memory ran out. */
struct proc_text {
	char *bytes;
	size_t used, room;
	bool failed;
};

void proc_print(struct proc_text *text, const char *pattern, ...) __printf(2, 3);
void proc_append(struct proc_text *text, const char *bytes, size_t size);
/* A text that kzalloc made; NULL is allowed. */
void proc_text_free(struct proc_text *text);

/* One name in /proc. What it is follows from which functions it has. */
struct proc_entry {
	const char *name;
	mode_t mode;			   /* type and rights */
	const struct proc_entry *children; /* directory: ends with a NULL name */
	/* File: prints it. process: whose directory it stands in, NULL outside. 0, or what read fails with. May sleep. */
	int (*show)(struct proc_text *text, struct process *process);
	/* File that is read by position instead of as a text (pagemap). */
	ssize_t (*read)(struct process *process, struct uio *io, loff_t *position);
	/* Link: its text, and where it leads with a reference (NULL: by its text). fd: of a link in fd/. */
	ssize_t (*link_text)(struct process *process, int fd, char *buffer, size_t size);
	struct dentry *(*jump)(struct process *process, int fd);
	bool lists_processes, lists_fds; /* directory: these too */
	bool is_private;		 /* file: -EACCES to who may not inspect the process */
};

/* The files of the system as a whole (fs/proc_system.c), of a process (fs/proc_process.c, fs/proc_memory.c), and the links in fd/. */
extern const struct proc_entry proc_root_entries[];
extern const struct proc_entry proc_process_entries[];
extern const struct proc_entry proc_fd_entry;

/* May current look into process: its memory, its files? As kill and ptrace have it. */
bool proc_may_inspect(const struct process *process);

int proc_show_mounts(struct proc_text *text, struct process *process);
int proc_show_maps(struct proc_text *text, struct process *process);
int proc_show_statm(struct proc_text *text, struct process *process);
ssize_t proc_read_pagemap(struct process *process, struct uio *io, loff_t *position);

#endif
