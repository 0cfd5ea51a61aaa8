/*
 * A plugin for QEMU (TCG plugins, API 1): writes down which pages a program uses, in order.
 *
 * Loft is booted with the program as process 1, so that whatever runs below the kernel's half is that
 * program: each access of its instructions to data, and each block of instructions that it enters, is
 * a reference to a page. Pages that were among the last KEPT different ones are left out: no policy
 * that has more frames than that would miss them, and LRU and OPT lose nothing by it (A. J. Smith, Two
 * methods for the efficient analysis of memory address trace data, 1977). What is left is written as
 * 32-bit page numbers.
 *
 * The header of the interface is not part of Debian's QEMU; what is used of it is declared here
 * (docs/devel/tcg-plugins.rst of QEMU 7.2).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_TOP 0xC0000000u
#define PAGE_SHIFT 12
#define KEPT 8

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, READ_AND_WRITE = 3 };

typedef void mem_callback(unsigned cpu, uint32_t info, uint64_t address, void *data);
typedef void exec_callback(unsigned cpu, void *data);
typedef void translate_callback(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void exit_callback(qemu_plugin_id_t id, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t i);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_callback *callback,
				      int flags, int accesses, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, exec_callback *callback,
					  int flags, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translate_callback *callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_callback *callback, void *data);

int qemu_plugin_version = 1;

static FILE *out;
static uint32_t last[KEPT]; /* the last one first */

static void use(uint32_t page)
{
	unsigned at = 0;

	if (last[0] == page)
		return;
	while (at < KEPT - 1 && last[at] != page)
		at++;
	if (last[at] != page)
		fwrite(&page, sizeof(page), 1, out);
	memmove(last + 1, last, at * sizeof(*last));
	last[0] = page;
}

static void on_access(unsigned cpu, uint32_t info, uint64_t address, void *data)
{
	(void)cpu;
	(void)info;
	(void)data;
	if (address < USER_TOP)
		use((uint32_t)(address >> PAGE_SHIFT));
}

static void on_block(unsigned cpu, void *data)
{
	(void)cpu;
	use((uint32_t)(uintptr_t)data);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t at = qemu_plugin_tb_vaddr(block);

	(void)id;
	if (at >= USER_TOP)
		return;
	/* Firmware and loader run there too, lower than programs: simulate.c leaves that out. */
	qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, NO_REGISTERS,
					     (void *)(uintptr_t)(at >> PAGE_SHIFT));
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_access,
						 NO_REGISTERS, READ_AND_WRITE, NULL);
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	fclose(out);
}

/* out=FILE */
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) || !(out = fopen(argv[0] + 4, "wb"))) {
		fprintf(stderr, "record: out=FILE is needed\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
