/*
 * Rows about a file in the root directory, which is the initramfs's file system.
 */
#include "bench.h"

#define NAME "/bench-file"
#define SIZE MB
#define O_RDONLY 0
#define O_RDWR 2
#define O_CREAT 0100

static char block[PAGE];

/* The file, made at first use, open for reading and writing. */
static int open_file(void)
{
	long fd = call3(CALL_OPEN, (long)NAME, O_RDWR, 0);

	if (fd < 0) {
		fd = call3(CALL_OPEN, (long)NAME, O_RDWR | O_CREAT, 0644);
		check(fd, "open of " NAME);
		for (size_t at = 0; at < SIZE; at += PAGE)
			check(call3(CALL_WRITE, fd, (long)block, PAGE), "write");
	}
	return (int)fd;
}

static void time_mapped(int rights)
{
	int fd = open_file();

	for (unsigned i = 0; i < 15; i++) {
		char *mapping = map_raw(NULL, SIZE, rights, MAP_PRIVATE, fd);
		check((long)mapping, "mmap of " NAME);
		begin();
		if (rights & PROT_WRITE)
			store_pages(mapping, SIZE);
		else
			load_pages(mapping, SIZE);
		end(SIZE / PAGE);
		unmap(mapping, SIZE);
	}
	call1(CALL_CLOSE, fd);
}

static void file_read_fault(void)
{
	time_mapped(PROT_READ);
}

static void file_write_fault(void)
{
	time_mapped(PROT_BOTH);
}

static void file_read_4k(void)
{
	int fd = open_file();

	for (unsigned i = 0; i < 15; i++) {
		call3(CALL_LSEEK, fd, 0, 0);
		begin();
		for (unsigned j = 0; j < SIZE / PAGE; j++)
			call3(CALL_READ, fd, (long)block, PAGE);
		end(SIZE / PAGE);
	}
	call1(CALL_CLOSE, fd);
}

static void open_close(void)
{
	call1(CALL_CLOSE, open_file());
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 16; j++)
			call1(CALL_CLOSE, call3(CALL_OPEN, (long)NAME, O_RDONLY, 0));
		end(16);
	}
}

const struct row file_rows[] = {
	{ "file_read_fault", file_read_fault },
	{ "file_write_fault", file_write_fault },
	{ "file_read_4k", file_read_4k },
	{ "open_close", open_close },
	{ NULL, NULL },
};
