"""Machines from 4 MB to 4 GB: programs can fill nine tenths of what is free, find in it what
they wrote, and give it back (user/fill.c).
"""

import re

import pytest

import loftvm

OWN = loftvm.BUILD / "root-own.cpio"
USUAL = loftvm.BUILD / "root.cpio"

# Megabytes, image, whether there are frames above 896 MB.
MACHINES = [(4, OWN, False), (8, USUAL, False), (64, USUAL, False), (1024, USUAL, True),
            (4096, USUAL, True)]


def show(machine, command, timeout=loftvm.PATIENCE):
    """What a command prints. Our own shell has no $? for machine.run."""
    machine.send(command + "\n")
    machine.expect(r"\n")
    start = machine.at
    end = machine.expect(loftvm.PROMPT, timeout)
    return machine.text[start:end.start()]


def ledger(machine):
    """The frames of each kind; fails if the ledger does not balance."""
    text = show(machine, "cat /proc/loft/ledger", timeout=600)
    assert re.search(r"^ok$", text, re.MULTILINE), text
    return {kind: int(count)
            for kind, count in re.findall(r"^([a-z_]+) (\d+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("memory, image, high", MACHINES,
                         ids=[f"{memory}MB" for memory, *_ in MACHINES])
def test_nine_tenths_of_what_is_free_can_be_filled(boot, memory, image, high):
    machine = boot(initrd=image, memory=memory)
    machine.expect(loftvm.PROMPT)
    ledger(machine)
    for attempt in range(2):
        before = ledger(machine)
        output = show(machine, "fill", timeout=600)
        after = ledger(machine)
        assert "fill: as it should be" in output, output
        # Most of the memory is free to begin with; 4 GB have a hole for devices and an end.
        free = int(re.search(r"fill: (\d+) KB free", output)[1])
        assert free * 1024 > (min(memory, 3000) << 20) * share_that_is_free(memory), output
        frames = re.search(r"frames 0x([0-9a-f]+) to 0x([0-9a-f]+), (\d+) of them above", output)
        highest, above = int(frames[2], 16), int(frames[3])
        assert (highest >= 0x38000) == (above > 0) == high, output
        if before["free"] == after["free"]:     # V12; a first run may leave caches behind
            return
    raise AssertionError(f"free frames: {before['free']} before, {after['free']} after")


def share_that_is_free(memory):
    """What is left when kernel, image and shell are up, at the least."""
    return {4: 0.3, 8: 0.4}.get(memory, 0.9)


def test_four_gigabytes_are_used_up_to_the_device_hole(boot):
    """QEMU's pc puts 3 GB below the hole and the rest above 4 GB, which is said to be lost."""
    machine = boot(initrd=OWN, memory=4096)
    machine.expect(r"1024 MB of RAM at and above 4 GB are out of reach")
    amount = re.search(r"memory: (\d+) KB in all", machine.text) or \
        machine.expect(r"memory: (\d+) KB in all")
    assert int(amount[1]) > 3000 << 10
    machine.expect(loftvm.PROMPT)


def test_three_megabytes_say_what_is_missing_or_work(boot):
    """Below what we promise: a prompt or a reason, never silence."""
    machine = boot(initrd=OWN, memory=3)
    machine.expect(r"kernel panic: .*memory|[#$] \Z|[Oo]ut of memory|no memory", panic=True)
