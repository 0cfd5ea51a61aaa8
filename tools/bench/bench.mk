# The benchmark's programs, for `make bench`: build/bench/init is process 1 of its machines, and
# keeps its symbols for the profile; build/bench/bench-exit is what it executes. No C library.
# Included by the Makefile.

BENCH_PROGRAMS := build/bench/init build/bench/bench-exit
BENCH_CFLAGS := -std=gnu11 -O2 -march=i486 -ffreestanding -fno-builtin -fno-pic -fno-pie \
	-fno-tree-loop-distribute-patterns -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fomit-frame-pointer -Wall -Wextra -Werror \
	-Wmissing-prototypes -Wstrict-prototypes -Wshadow $(INT_TYPES)
BENCH_SOURCES := bench file process memory many disk

build/bench/%.o: tools/bench/%.c tools/bench/bench.h tools/bench/bench.mk | setup-build
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(CC) $(BENCH_CFLAGS) -c $< -o $@

build/bench/init: $(BENCH_SOURCES:%=build/bench/%.o)
	@echo "LINK  $@"
	$(QUIET)$(CC) $(USER_LDFLAGS:-s=) -o $@ $^ -lgcc

build/bench/bench-exit: tools/bench/bench-exit.asm | setup-build
	@mkdir -p $(@D)
	$(QUIET)nasm -f elf32 -o $@.o $<
	$(QUIET)ld -m elf_i386 -s -o $@ $@.o
