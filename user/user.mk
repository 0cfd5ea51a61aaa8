# Our own programs: each NAME here is user/NAME.c with our C library, a static ELF at
# build/user/bin/NAME. Included by the Makefile. They are the same for every KERNEL_VMA.

USER_NAMES := start init sh twopages sparse protect trespass grow fill flood fuzz
USER_PROGRAMS := $(USER_NAMES:%=build/user/bin/%)
USER_LIBC := build/user/libc/libc.o build/user/libc/fault.o

USER_CFLAGS := -std=gnu11 -Os -g -march=i486 -ffreestanding -fno-builtin \
	-fno-tree-loop-distribute-patterns -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fomit-frame-pointer \
	-mpreferred-stack-boundary=2 -ffunction-sections -fdata-sections \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
	$(INT_TYPES)
USER_LDFLAGS := -nostdlib -static -no-pie -s -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,-z,max-page-size=4096 -Wl,-z,noseparate-code -Wl,-z,noexecstack -Wl,--fatal-warnings

.PHONY: user
user: $(USER_PROGRAMS)

build/user/%.o: user/%.c user/user.mk | setup-build
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(CC) $(USER_CFLAGS) -MMD -MP -c $< -o $@

build/user/bin/%: build/user/%.o $(USER_LIBC)
	@mkdir -p $(@D)
	@echo "LINK  $@"
	$(QUIET)$(CC) $(USER_LDFLAGS) -o $@ $^ -lgcc

build/user/bin/fuzz: build/user/fuzz_calls.o build/user/fuzz_arguments.o

build/user/bin/twopages: build/user/twopages.o $(USER_LIBC) user/onepage.ld
	@mkdir -p $(@D)
	@echo "LINK  $@"
	$(QUIET)$(CC) $(USER_LDFLAGS) -Wl,-T,user/onepage.ld -Wl,--no-warn-rwx-segments \
		-o $@ $(filter %.o,$^) -lgcc

.PRECIOUS: build/user/%.o
-include $(wildcard build/user/*.d build/user/libc/*.d)
