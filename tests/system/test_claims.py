"""What DESIGN.md claims and our own programs show: V3, V4, V7, V8, V9, V10, V12.

Each of them runs at the shell's prompt of the usual image, as a person would run it, on kernels
built for each of the three bases.
"""

import re

import pytest

import loftvm

BASES = ["0x80000000", "0xC0000000", "0xE0000000"]
USUAL = "0xC0000000"


def kernel(base):
    build = loftvm.ROOT / "build"
    return (build if base == USUAL else build / f"vma-{base}") / "loft.elf"


@pytest.fixture(params=[pytest.param(base, marks=pytest.mark.xdist_group(base))
                        for base in BASES], scope="module")
def machine(request):
    """A shell on 64 MB, with the kernel at one of the bases; the tests of a base share it."""
    base = request.param
    with loftvm.VM(f"claims-{base}", kernel=kernel(base), initrd=loftvm.BUILD / "root.cpio",
                   append="quiet") as machine:
        machine.expect(loftvm.PROMPT)
        machine.base = base
        yield machine


def ledger(machine):
    """The free frames; fails if the ledger does not balance."""
    text, status = machine.run("cat /proc/loft/ledger", timeout=600)
    assert status == 0 and text.rstrip().endswith("ok"), text
    return int(re.search(r"^free (\d+)$", text, re.MULTILINE)[1])


def demonstrate(machine, command, timeout=loftvm.PATIENCE):
    """Runs one of our programs: it must be content, and leave all frames as they were."""
    for _ in range(3):
        before = ledger(machine)
        output, status = machine.run(command, timeout=timeout)
        assert status == 0, output
        after = ledger(machine)
        if before == after:  # V12; a first run may leave caches behind
            return output
    raise AssertionError(f"{command}: {before} free frames before, {after} after, each time")


def test_v3_the_base_is_only_an_example(machine):
    """The stack of a program ends at the base that the kernel was built for."""
    output, status = machine.run("cat /proc/self/maps")
    assert status == 0, output
    stack = re.search(r"-([0-9a-f]{8}) .*\[stack\]", output)
    assert stack and int(stack[1], 16) == int(machine.base, 16), output


def test_v4_each_kind_of_page(machine):
    demonstrate(machine, "protect")


def test_v7_space_costs_nothing_until_it_is_touched(machine):
    demonstrate(machine, "sparse")


def test_v8_two_page_frames(machine):
    output = demonstrate(machine, "env -i /bin/twopages")
    assert "0x00001000" in output and f"..{machine.base.lower()}" in output, output


def test_v9_growing_moves_no_data(machine):
    demonstrate(machine, "grow")


def test_v10_no_trespass(machine):
    demonstrate(machine, "trespass", timeout=1200)


def test_v12_the_ledger_balances(machine):
    """A shell pipeline with files leaves as many free frames as there were."""
    demonstrate(machine, "cp /bin/busybox /tmp/b; gzip /tmp/b; zcat /tmp/b.gz | md5sum; "
                         "rm /tmp/b.gz")
