"""Runs inside gdb: into a C program of the host's, up to where it has loaded GS with the segment
of its thread-local storage."""
import struct

import gdb

from inside import physical_words, quietly, report, run_to, value


def step_until(condition, limit=20000):
    for _ in range(limit):
        if condition():
            return
        quietly("stepi")
    raise AssertionError(f"not within {limit} instructions")


def word_at(address):
    return struct.unpack("<I", gdb.selected_inferior().read_memory(address, 4))[0]


run_to("sys_set_thread_area")
step_until(lambda: value("$pc") < value("&KERNEL_VMA"))
step_until(lambda: value("$gs") != 0)
seen = {
    "gs": value("$gs"),
    "user": quietly("loft-translate gs:0"),
    "data": quietly("loft-translate $pc"),
    "selector": quietly("loft-translate 0x10:kernel_main"),
    "segments": quietly("loft-segments"),
    "pagedir": quietly("loft-pagedir user"),
    "log": quietly("loft-log"),
    "last_line": quietly("loft-log 1"),
}
base = int(seen["user"].partition("base ")[2][:8], 16)
physical = int(seen["user"].partition("    physical ")[2][:8], 16)
seen.update(base=base, linear_word=word_at(base), physical_word=physical_words(physical, 1)[0],
            pc=value("$pc"))
report(seen)
