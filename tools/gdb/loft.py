"""gdb commands that show what the processor does with an address.

Loaded by `make gdb`; in a session of your own: source tools/gdb/loft.py. They speak to QEMU
through its monitor, so they see what the processor would see, whatever gdb believes:

  loft-translate [SEGMENT:]ADDRESS   from what a program says to the byte in memory, both steps
  loft-pagedir [user|kernel]         what is mapped, as ranges
  loft-segments                      the segment registers and the GDT
  loft-log [COUNT]                   the kernel log, as far as it is kept

Hardware facts: Intel SDM 3A, 3.4 (segments), 4.3 (32-bit paging).
"""
import re
import struct

import gdb

PAGE = 1 << 12
LARGE_PAGE = 1 << 22
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")

# Bits of an entry that both levels have, lowest first, then those of what maps a page.
PRESENT, WRITABLE, USER, WRITE_THROUGH, UNCACHED, ACCESSED, DIRTY, LARGE, GLOBAL = (
    1 << bit for bit in range(9))
PAT_4K, PAT_4M = 1 << 7, 1 << 12


def monitor(command):
    return gdb.execute("monitor " + command, to_string=True)


def read_physical(address, nwords=1):
    """The 32-bit words at a physical address, past all translation."""
    text = monitor(f"xp /{nwords}xw {address:#x}")
    words = [int(word, 16) for line in text.splitlines()
             for word in line.partition(":")[2].split()]
    if len(words) != nwords:
        raise gdb.GdbError(f"cannot read physical memory at {address:#x}: {text.strip()}")
    return words


class Processor:
    """The registers that decide on an address, as QEMU's monitor prints them."""

    def __init__(self):
        text = monitor("info registers")
        self.cr0, self.cr3, self.cr4 = (
            int(re.search(rf"CR{n}=([0-9a-f]+)", text)[1], 16) for n in (0, 3, 4))
        self.gdt_base, self.gdt_limit = (
            int(word, 16) for word in re.search(r"GDT=\s+([0-9a-f]+) ([0-9a-f]+)", text).groups())
        # Selector and the hidden part: base, limit, flags (the descriptor's high word).
        self.segments = {
            name.lower(): tuple(int(word, 16) for word in words.split())
            for name, words in re.findall(r"([C-GS]S) =((?:[0-9a-f]+ ?){4})", text)}

    @property
    def paging(self):
        return bool(self.cr0 & (1 << 31))

    def linear_to_physical(self, linear):
        """Entries on the way [(name, place, value)], and the physical address or None."""
        directory = self.cr3 & ~(PAGE - 1)
        place = directory + 4 * (linear >> 22)
        pde = read_physical(place)[0]
        steps = [("directory", linear >> 22, place, pde)]
        if not pde & PRESENT:
            return steps, None
        if pde & LARGE and self.cr4 & (1 << 4):
            return steps, large_frame(pde) + (linear & (LARGE_PAGE - 1))
        index = linear >> 12 & 1023
        place = (pde & ~(PAGE - 1)) + 4 * index
        pte = read_physical(place)[0]
        steps.append(("table", index, place, pte))
        if not pte & PRESENT:
            return steps, None
        return steps, (pte & ~(PAGE - 1)) + (linear & (PAGE - 1))


def large_frame(pde):
    return pde & ~(LARGE_PAGE - 1)


def describe_entry(entry, maps_page, large=False):
    """The bits of an entry in words. maps_page: it is the last one on the way."""
    if not entry & PRESENT:
        return "not present" + (f", the rest is the kernel's own: {entry >> 1:#x}" if entry else "")
    words = ["present", "writable" if entry & WRITABLE else "read-only",
             "user" if entry & USER else "PL0 only"]
    words += [word for bit, word in ((WRITE_THROUGH, "PWT"), (UNCACHED, "PCD"),
                                     (ACCESSED, "accessed")) if entry & bit]
    if maps_page:
        words += [word for bit, word in ((DIRTY, "dirty"), (GLOBAL, "global"),
                                         (PAT_4M if large else PAT_4K, "PAT")) if entry & bit]
    if large:
        words.append("4 MB page")
    return ", ".join(words)


def describe_segment(base, limit, high):
    """A descriptor, from its base, its limit in bytes and its high word."""
    if not high & 1 << 15:
        return "not present"
    if not high & 1 << 12:
        kind = {9: "TSS", 11: "TSS, in use", 5: "task gate", 2: "LDT"}.get(high >> 8 & 15, "system")
    elif high & 1 << 11:
        kind = "code"
    else:
        kind = "data, writable" if high & 1 << 9 else "data, read-only"
    flat = ", flat: linear = offset" if (base, limit) == (0, 0xFFFFFFFF) else ""
    return f"base {base:08x} limit {limit:08x} DPL {high >> 13 & 3} {kind}{flat}"


def parse_descriptor(low, high):
    base = low >> 16 | (high & 0xFF) << 16 | high & 0xFF000000
    limit = low & 0xFFFF | high & 0xF0000
    if high & 1 << 23:
        limit = limit << 12 | 0xFFF
    return base, limit, high


def read_gdt(processor):
    """The descriptors as (low, high) words, or [] when the GDT cannot be read (the boot loader's
    own need not be there any more)."""
    try:
        data = gdb.selected_inferior().read_memory(processor.gdt_base, processor.gdt_limit + 1)
    except gdb.error:
        return []
    words = memoryview(bytes(data)[:len(data) // 8 * 8]).cast("I")
    return list(zip(words[0::2], words[1::2]))


class Translate(gdb.Command):
    """loft-translate [SEGMENT:]ADDRESS -- an address on its way to memory, both steps.

SEGMENT is a segment register (ds if none is given, cs for code, gs for thread-local data) or
the number of a selector. Segmentation adds the segment's base to the address; paging looks the
sum up in the page directory that CR3 points to."""

    def __init__(self):
        super().__init__("loft-translate", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        segment, colon, address = argument.rpartition(":")
        if not address.strip():
            raise gdb.GdbError("loft-translate [SEGMENT:]ADDRESS")
        offset = int(gdb.parse_and_eval(f"(unsigned)({address})")) & 0xFFFFFFFF
        processor = Processor()
        linear = self.segmentation(processor, segment.strip().lstrip("$") if colon else "ds", offset)
        self.paging(processor, linear)

    def segmentation(self, processor, segment, offset):
        if segment in SEGMENTS:
            selector, base, limit, high = processor.segments[segment]
            name = f"{segment} = {selector:#06x}"
        else:
            selector = int(gdb.parse_and_eval(segment))
            gdt = read_gdt(processor)
            if selector >> 3 >= len(gdt):
                raise gdb.GdbError(f"selector {selector:#x} is outside the GDT")
            base, limit, high = parse_descriptor(*gdt[selector >> 3])
            name = f"selector {selector:#06x}"
        linear = (base + offset) & 0xFFFFFFFF
        print(f"segmentation: {name}: GDT entry {selector >> 3}, RPL {selector & 3}")
        print(f"    {describe_segment(base, limit, high)}")
        if not high & 1 << 15 or selector >> 2 == 0:
            print("    no segment is loaded here: an access is a fault")
        elif offset > limit:
            print(f"    offset {offset:08x} is beyond the limit: an access is a fault")
        print(f"    linear {linear:08x} = base {base:08x} + offset {offset:08x}")
        return linear

    def paging(self, processor, linear):
        if not processor.paging:
            print(f"paging: off (CR0.PG = 0)\n    physical {linear:08x} = linear")
            return
        steps, physical = processor.linear_to_physical(linear)
        print(f"paging: CR3 = {processor.cr3:08x}")
        for level, index, place, entry in steps:
            last = level == "table" or (physical is not None and len(steps) == 1)
            large = last and level == "directory"
            print(f"    {level} entry {index} at physical {place:08x}: {entry:08x}")
            print(f"        {describe_entry(entry, last, large)}")
        if physical is None:
            print("    not mapped: an access is a page fault")
        else:
            size = LARGE_PAGE if len(steps) == 1 else PAGE
            print(f"    physical {physical:08x} = {physical & ~(size - 1):08x}"
                  f" + {linear & (size - 1):#x}")


class PageDirectory(gdb.Command):
    """loft-pagedir [user|kernel] -- what is mapped, as ranges.

Pages that follow each other in linear and in physical memory, with the same rights, are one
line: linear range, physical start, size of the pages, rights."""

    def __init__(self):
        super().__init__("loft-pagedir", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        processor = Processor()
        if not processor.paging:
            print("paging is off (CR0.PG = 0): linear addresses are physical addresses")
            return
        half = argument.strip()
        first, last = 0, 1024
        if half:
            kernel = kernel_base() >> 22
            if half not in ("user", "kernel"):
                raise gdb.GdbError("loft-pagedir [user|kernel]")
            first, last = (kernel, 1024) if half == "kernel" else (0, kernel)
        print(f"CR3 = {processor.cr3:08x}")
        for start, end, physical, size, rights in merge(self.pages(processor, first, last)):
            print(f"{start:08x}-{end - 1:08x} -> {physical:08x}  "
                  f"{(end - start) // size:6} x {size // 1024:4} KB  {rights}")

    def pages(self, processor, first, last):
        """Every mapped page: (linear, physical, size, rights)."""
        entries = read_physical(processor.cr3 & ~(PAGE - 1), 1024)
        for index in range(first, last):
            pde = entries[index]
            if not pde & PRESENT:
                continue
            if pde & LARGE:
                yield index << 22, large_frame(pde), LARGE_PAGE, self.rights(pde, pde, PAT_4M)
                continue
            for slot, pte in enumerate(read_physical(pde & ~(PAGE - 1), 1024)):
                if pte & PRESENT:
                    yield (index << 22 | slot << 12, pte & ~(PAGE - 1), PAGE,
                           self.rights(pde, pte, PAT_4K))

    def rights(self, pde, entry, pat):
        """A right must be granted by both levels (Intel SDM 3A 4.6)."""
        both = pde & entry
        words = ["user" if both & USER else "PL0", "rw" if both & WRITABLE else "r-"]
        words += [word for bit, word in ((GLOBAL, "global"), (WRITE_THROUGH, "PWT"),
                                         (UNCACHED, "PCD"), (pat, "PAT")) if entry & bit]
        return " ".join(words)


def merge(pages):
    """Joins pages to ranges (start, end, physical, page size, rights). The last page of the
    address space ends at 1 << 32."""
    run = None
    for linear, physical, size, rights in pages:
        if run and (run[1], run[2] + run[1] - run[0], run[3], run[4]) == \
                (linear, physical, size, rights):
            run[1] += size
            continue
        if run:
            yield tuple(run)
        run = [linear, linear + size, physical, size, rights]
    if run:
        yield tuple(run)


def kernel_base():
    return int(gdb.parse_and_eval("(unsigned)&KERNEL_VMA"))


class Segments(gdb.Command):
    """loft-segments -- the segment registers with what the processor keeps of them, and the GDT."""

    def __init__(self):
        super().__init__("loft-segments", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        processor = Processor()
        for name in SEGMENTS:
            selector, base, limit, high = processor.segments[name]
            print(f"{name} = {selector:04x}  {describe_segment(base, limit, high)}")
        print(f"GDT at {processor.gdt_base:08x}, limit {processor.gdt_limit:#x}")
        for index, (low, high) in enumerate(read_gdt(processor)):
            if low or high:
                print(f"  {index:2}: selector {index << 3:04x}  "
                      f"{describe_segment(*parse_descriptor(low, high))}")


class Log(gdb.Command):
    """loft-log [COUNT] -- the kernel log as far as its ring keeps it, or its last COUNT lines.

kernel/log.c describes the ring; this reads it without running any of the kernel's code."""

    HEADER = struct.Struct("<HHII")     # struct header: size, level, time_low, time_high

    def __init__(self):
        super().__init__("loft-log", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        if not Processor().paging:
            print("nothing logged: paging is off, C has not run")
            return
        lines = list(self.records())
        for line in lines[-int(argument):] if argument.strip() else lines:
            print(line)

    def variable(self, name):
        return gdb.parse_and_eval(f"'kernel/log.c'::{name}")

    def records(self):
        ring = self.variable("ring")
        data = bytes(gdb.selected_inferior().read_memory(ring.address, ring.type.sizeof))

        def at(position, size):
            start = position % len(data)
            return (data + data)[start:start + size]

        position, end = int(self.variable("oldest")), int(self.variable("end"))
        while position != end:
            size, level, low, high = self.HEADER.unpack(at(position, self.HEADER.size))
            text = at(position + self.HEADER.size, size).decode("utf-8", "replace")
            time = high << 32 | low
            yield f"<{level}>[{time // 1000000:5}.{time % 1000000:06}] {text}"
            position = (position + (self.HEADER.size + size + 3 & ~3)) & 0xFFFFFFFF


Translate()
PageDirectory()
Segments()
Log()
