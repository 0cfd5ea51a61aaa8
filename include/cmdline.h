/*
 * The kernel command line: Linux's words with Linux's meaning. Words after "--", words with no
 * '=' that the kernel does not know, and unknown pairs go to init: words as arguments, pairs as
 * environment.
 *
 * The kernel's own:
 *   console=ttyS0|tty0   where /dev/console leads (the last) and the log is shown (each)
 *   init= rdinit=        process 1, instead of /init
 *   root= rootfstype= rootflags= ro rw rootwait rootdelay=   the root file system (fs/root.c)
 *   block.timeout=N      seconds that a disk has to answer (block.h)
 *   mem=N[K|M|G]         no RAM above this address
 *   quiet, debug, loglevel=N   which log lines are shown on the consoles
 *   libata.dma=0         IDE disks by PIO; libata.force=noncq: SATA disks one command at a time
 *   panic=N              reboot N seconds after a panic; panic_exit: leave QEMU (panic.h)
 *   fail_nth=N           the Nth allocation after process 1 has started fails (fail.h)
 *   fail_io=N            the Nth request to a block device likewise
 *   selftest= selftest_seed= crash=   selftest.h
 */
#ifndef LOFT_CMDLINE_H
#define LOFT_CMDLINE_H

#include <types.h>

#define CMDLINE_WORDS_MAX 32

/*
 * Splits and sorts out a command line (quotes as Linux takes them). Unknown words are not an
 * error.
 */
void cmdline_parse(const char *cmdline);

/*
 * What follows the kernel's own name at the start of a command line, which some loaders put
 * there (QEMU, GRUB Legacy) and others do not (GRUB 2): the first word, when it has no '=' and
 * holds a '/' or ends in ".elf".
 */
const char *cmdline_skip_kernel(const char *cmdline);

/*
 * The value of the last `name=value` (or "" for a bare name), NULL when not there. Only names
 * listed above.
 */
const char *cmdline_get(const char *name);
/* The i-th value of name (console= may be given more than once), NULL after the last. */
const char *cmdline_get_nth(const char *name, unsigned i);

/*
 * What reaches init: NULL-terminated, at most CMDLINE_WORDS_MAX each. The arguments are those
 * after argv[0]; the environment starts with HOME=/ and TERM=linux.
 */
const char *const *cmdline_init_arguments(void);
const char *const *cmdline_init_environment(void);

#endif
