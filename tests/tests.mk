# The tests, a group for each folder of tests/ (see DESIGN.md, 7). Included by the Makefile, which
# has the settings TESTS (for pytest's -k) and KERNEL_VMA.

# Programs that run on the host's Linux and on Loft: static i386 ones against the host's C
# library, unless the first line says otherwise with `CFLAGS: ...`. The kernel's headers are in
# the 64-bit folder alone, unless gcc-multilib is there, which shuts out cross compilers.
TEST_PROGRAMS := $(patsubst tests/programs/%.c,build/tests/%,$(wildcard tests/programs/*.c))
TEST_CC := gcc -m32 -std=gnu11 -O1 -g -march=i486 -Wall -Wextra -Werror \
	-idirafter /usr/include/x86_64-linux-gnu

build/tests/%: tests/programs/%.c $(wildcard tests/programs/*.h) | setup-test
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(TEST_CC) $$(sed -n '1s/.*CFLAGS: \([^*]*\).*/\1/p' $<) \
		$$(sed -n '1{/CFLAGS: .*-static-pie/!s/.*/-static -no-pie/p}' $<) -s -o $@ $<

# What the tests of storage do in their machines.
build/tests/tool: tests/storage/tool.c | setup-test
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(TEST_CC) -static -no-pie -s -o $@ $<

# Programs about threads, each built against three C libraries: build/tests/threads-LIBRARY-NAME.
THREAD_NAMES := $(patsubst tests/threads/%.c,%,$(wildcard tests/threads/*.c))
THREAD_LIBRARIES := glibc dynamic musl
THREAD_PROGRAMS := $(foreach library,$(THREAD_LIBRARIES),\
	$(THREAD_NAMES:%=build/tests/threads-$(library)-%))
MUSL := build/i386/musl-dev/usr
MUSL_LIBRARY := $(MUSL)/lib/i386-linux-musl

build/tests/threads-glibc-%: tests/threads/%.c tests/threads/threads.h | setup-test
	@mkdir -p $(@D)
	@echo "CC    $< (glibc)"
	$(QUIET)$(TEST_CC) -static -no-pie -s -o $@ $<

build/tests/threads-dynamic-%: tests/threads/%.c tests/threads/threads.h | setup-test
	@mkdir -p $(@D)
	@echo "CC    $< (dynamic glibc)"
	$(QUIET)$(TEST_CC) -pie -fpie -s -o $@ $<

build/tests/threads-musl-%: tests/threads/%.c tests/threads/threads.h | setup-test test-packages
	@mkdir -p $(@D)
	@echo "CC    $< (musl)"
	$(QUIET)$(TEST_CC) -nostdinc -isystem $(MUSL)/include/i386-linux-musl \
		-isystem $$(gcc -print-file-name=include) -nostdlib -static -no-pie \
		-fno-stack-protector -s -o $@ $(MUSL_LIBRARY)/crt1.o $(MUSL_LIBRARY)/crti.o $< \
		-Wl,--start-group $(MUSL_LIBRARY)/libc.a $$(gcc -m32 -print-libgcc-file-name) \
		-Wl,--end-group $(MUSL_LIBRARY)/crtn.o

# What runs as process 1 in the tests' machines: our own programs, of our own C library.
OWN_TEST_PROGRAMS := build/tests/testinit build/tests/arguments build/tests/vsyscall
vpath testinit.c tests/system
vpath arguments.c tests/machines
vpath vsyscall.c tests/machines

$(OWN_TEST_PROGRAMS:%=%.o): build/tests/%.o: %.c user/libc/libc.h | setup-build
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(CC) $(USER_CFLAGS) -c $< -o $@

$(OWN_TEST_PROGRAMS): %: %.o $(USER_LIBC)
	@echo "LINK  $@"
	$(QUIET)$(CC) $(USER_LDFLAGS) -o $@ $^ -lgcc

# What works on disks in tests/storage: build/tests/storage-NAME.
STORAGE_PROGRAMS := $(patsubst tests/storage/%.c,build/tests/storage-%,$(wildcard tests/storage/*.c))

build/tests/storage-%: tests/storage/%.c | setup-test
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(TEST_CC) -static -no-pie -s -o $@ $<

# Roots of Debian's own programs, all dynamic, for tests/real.
REAL_PACKAGES := coreutils dash bash lua5.4 sqlite3 tcc libtcc-dev libc6-dev perl-base procps \
	python3-minimal mawk sed grep diffutils findutils gzip libc-bin
REAL_IMAGES := build/tests/debian.cpio build/tests/stress.cpio
build/tests/debian.cpio: packages := $(REAL_PACKAGES)
build/tests/stress.cpio: packages := stress-ng

$(REAL_IMAGES): tools/initramfs.sh tools/debian-tree.sh tests/tests.mk $(USER_PROGRAMS) | setup-build
	@mkdir -p $(@D)
	@echo "CPIO  $@"
	$(QUIET)tools/initramfs.sh $@ $(packages)

.PHONY: test-programs test-packages
test-programs: $(TEST_PROGRAMS) $(THREAD_PROGRAMS) $(OWN_TEST_PROGRAMS) build/tests/tool \
		$(STORAGE_PROGRAMS)

# Packages that the tests use and the image does not need.
test-packages:
	@tools/fetch-packages.sh busybox-static klibc-utils libklibc mksh bash-static zsh-static \
		sash tcc libcmocka-dev libcmocka0 musl-dev libc6 libgcc-s1

# Two cases side by side; those that share a machine stay together.
RUN_TESTS = LOFT_BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 \
	$(PYTEST) -n 2 --dist loadgroup $(if $(TESTS),-k "$(TESTS)")
TEST_GROUPS := unit kernel system real storage machines gdb
TEST_IMAGES := $(BUILD)/loft.elf $(BUILD)/root.cpio $(BUILD)/root-own.cpio

.PHONY: test soak $(TEST_GROUPS:%=test-%)
test-unit: setup-test test-packages
	$(RUN_TESTS) tests/unit

test-kernel test-system test-real test-storage test-machines test-gdb: test-%: setup-test setup-run \
		test-packages test-programs $(TEST_IMAGES)
	$(RUN_TESTS) tests/$*

test-machines test-gdb: $(BUILD)/loft.iso
test-machines: setup-firmware
test-gdb: setup-gdb
test-real: $(REAL_IMAGES)

# The same kernel at other bases (V3), for the tests that compare them.
OTHER_BASES := $(filter-out $(KERNEL_VMA),0x80000000 0xC0000000 0xE0000000)
.PHONY: test-bases $(OTHER_BASES:%=base-%)
test-bases: $(OTHER_BASES:%=base-%)
$(OTHER_BASES:%=base-%): base-%:
	$(QUIET)$(MAKE) --no-print-directory KERNEL_VMA=$* \
		build/$(if $(filter-out 0xC0000000,$*),vma-$*/)loft.elf
test-system: test-bases $(BENCH_PROGRAMS)

test: format-check setup-test setup-run setup-gdb setup-firmware test-packages test-programs test-bases $(TEST_IMAGES) \
		$(REAL_IMAGES) $(BUILD)/loft.iso $(BENCH_PROGRAMS)
	$(RUN_TESTS) tests

soak: setup-test setup-run test-packages test-programs $(TEST_IMAGES) $(REAL_IMAGES)
	LOFT_FUZZ_CALLS=1000000 LOFT_STRESS_SECONDS=10 \
		LOFT_EXT2_OPERATIONS=100000 LOFT_EXT2_IMAGES=1000 LOFT_EXT2_CUTS=200 UNIT_EXT2=20 \
		$(RUN_TESTS) -s tests/system/test_fuzz.py tests/real/test_stress.py \
		tests/storage/test_ext2.py \
		$(foreach name,work crash wrong,tests/unit/test_unit.py::test_unit[test_ext2_$(name)])
	LOFT_SOAK=1 $(RUN_TESTS) -s tests/storage/test_flood.py tests/storage/test_little_memory.py \
		tests/real/test_memory_and_disk.py
