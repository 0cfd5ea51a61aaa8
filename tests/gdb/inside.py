"""Helpers for the scripts that run inside gdb."""
import json
import os

import gdb


def report(what):
    """Hands the outcome to the test."""
    with open(os.environ["LOFT_REPORT"], "w") as file:
        json.dump(what, file)


def value(expression):
    return int(gdb.parse_and_eval(f"(unsigned)({expression})")) & 0xFFFFFFFF


def quietly(command):
    return gdb.execute(command, to_string=True)


def run_to(place):
    """Runs to a symbol or *ADDRESS; it must be reached."""
    breakpoint = gdb.Breakpoint(place, gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
    quietly("continue")
    assert not breakpoint.is_valid(), f"{place} not reached, stopped at {value('$pc'):#x}"


def physical_words(address, nwords):
    lines = quietly(f"monitor xp /{nwords}xw {address:#x}").splitlines()
    return [int(word, 16) for line in lines for word in line.partition(":")[2].split()]
