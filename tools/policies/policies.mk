# `make policies`: three of busybox's programs, recorded on Loft itself (record.c), and what each
# replacement policy makes of them (simulate.c). Part of the Makefile.

POLICIES := $(BUILD)/policies
POLICY_SOURCES := mm/policy_second_chance.c mm/policy_working_set.c mm/policy_history.c \
	mm/vm_events.c
POLICY_PROGRAMS := sort bzip2 awk
# What they do with the 60000 lines of /data. A colon is a blank here.
POLICY_sort := -o:/tmp/out:/data
POLICY_bzip2 := -9:-k:/data
POLICY_awk := "{n[$$1]+=$$3}END{for(w:in:n)if(n[w]>m)m=n[w];print:m}":/data

.PHONY: policies
policies: $(POLICIES)/simulate $(POLICY_PROGRAMS:%=$(POLICIES)/%.trace)
	$(QUIET)$< $(POLICY_PROGRAMS:%=$(POLICIES)/%.trace)

$(POLICIES)/simulate: tools/policies/simulate.c $(POLICY_SOURCES) include/policy.h
	@mkdir -p $(@D)
	$(QUIET)gcc -O2 -std=gnu11 -Wall -Wextra -Wno-pointer-to-int-cast -Wno-int-to-pointer-cast \
		-fno-builtin -DKERNEL_VMA=0xC0000000 -Iinclude -o $@ $< $(POLICY_SOURCES)

$(POLICIES)/record.so: tools/policies/record.c
	@mkdir -p $(@D)
	$(QUIET)gcc -O2 -Wall -Wextra -shared -fPIC -o $@ $<

# The image with /data: words of a fixed vocabulary in an order that is the same each time.
$(POLICIES)/root.cpio: $(ROOT) tools/policies/data.awk
	@mkdir -p $(POLICIES)/data
	$(QUIET)awk -f tools/policies/data.awk >$(POLICIES)/data/data
	$(QUIET)cp $(ROOT) $@
	$(QUIET)cd $(POLICIES)/data && echo data | cpio -o -H newc --quiet >>../root.cpio

# The program is process 1: when it ends the kernel panics, and QEMU is left.
$(POLICIES)/%.trace: $(POLICIES)/root.cpio $(POLICIES)/record.so $(BUILD)/loft.elf
	@echo "RECORD $*"
	$(QUIET)timeout 300 qemu-system-i386 -accel tcg -m 128 -kernel $(BUILD)/loft.elf \
		-initrd $< -append 'console=ttyS0 init=/bin/$* panic=-1 -- $(subst :, ,$(POLICY_$*))' \
		-nodefaults -display none -serial file:$@.log -no-reboot \
		-plugin $(POLICIES)/record.so,out=$@
