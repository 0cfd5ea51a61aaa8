"""Disks as the block layer sees them: the kernel's own tests of it on each controller, on disks that
are sound, that have a bad sector, and that stop answering; and partitions, as sfdisk made them.
"""

import re

import pytest

import disk
import loftvm

BAD_SECTOR = 1000


def marked(path, mark):
    """An image that the kernel's tests take as theirs."""
    disk.sparse(path, 16)
    with open(path, "r+b") as image:
        image.write(mark)
    return path


def run(boot, disks, tests, append=""):
    """Boots to the self-tests and returns the machine, with QEMU not yet ended."""
    return boot(append=f"selftest={tests} {append}".strip(), disks=disks)


def passed(machine):
    code = machine.wait(timeout=300, panic=True)
    return code == loftvm.SELFTEST_PASSED


@pytest.mark.parametrize("controller", disk.CONTROLLERS)
def test_transfers(boot, scratch, controller):
    image = marked(scratch / f"{controller}.img", b"LOFT SCRATCH DISK")
    machine = run(boot, [disk.Disk(image, controller)], "block")
    assert passed(machine), machine.text[-3000:]
    name = disk.names([disk.Disk(image, controller)])[0]
    assert re.search(rf"{name}: 32768 sectors of 512 bytes \(16 MB\).*write cache", machine.text)
    # The first page of what was written, on the host's side.
    assert image.read_bytes()[64 * 512:65 * 512].strip(b"\x3c") in (b"", b"\xa5" * 512)


@pytest.mark.parametrize("controller", disk.CONTROLLERS)
def test_bad_sector(boot, scratch, controller):
    image = marked(scratch / f"{controller}-bad.img", b"LOFT BAD SECTOR DISK")
    bad = disk.Disk(image, controller, errors=[disk.error("read", BAD_SECTOR)])
    machine = run(boot, [bad], "block_bad_sector")
    assert passed(machine), machine.text[-3000:]
    assert re.search(rf": read of 1 sectors at {BAD_SECTOR}: failed", machine.text)


@pytest.mark.parametrize("controller", disk.CONTROLLERS)
def test_silent_disk(boot, scratch, controller):
    image = marked(scratch / f"{controller}-silent.img", b"LOFT SILENT DISK")
    silent = disk.stuck_disk(image, controller)
    machine = run(boot, [silent], "block_silent_disk", "block.timeout=1")
    machine.expect("may stop now")
    silent.stick()
    machine.expect("no answer for 1 s: reset")
    machine.expect("does not answer: given up")
    machine.expect("may go on now")
    silent.unstick()
    assert passed(machine), machine.text[-3000:]


def test_read_only_disk(shell, scratch):
    image = disk.sparse(scratch / "read-only.img", 1)
    machine = shell(disks=[disk.Disk(image, "virtio", read_only=True)])
    assert "vda: 2048 sectors of 512 bytes (1 MB), virtio, write cache, read-only" in machine.text


# --- partitions

PRIMARY = ["size=2MiB, type=83", "size=4MiB, type=82", "size=1MiB, type=c, bootable"]
LOGICAL = ["size=2MiB", "size=20MiB, type=5", "n5: start=8192, size=2MiB",
           "n6: start=16384, size=3MiB", "n7: start=24576, size=1MiB"]


def expected(image, found, name):
    """/proc/partitions, from what sfdisk says."""
    lines = [f" 254        0 {image.stat().st_size // 1024:10} {name}"]
    extended = {number for number in found if number < 5 and any(n >= 5 for n in found)
                and found[number].start <= found[min(n for n in found if n >= 5)].start
                < found[number].start + found[number].size}
    for number, part in sorted(found.items()):
        blocks = 1 if number in extended else part.size // 2
        major, minor = (254, number) if number < 16 else (259, number - 16)
        lines.append(f" {major}  {minor:7} {blocks:10} {name}{number}")
    return lines


@pytest.mark.parametrize("table, parts", [("dos", PRIMARY), ("dos", LOGICAL), ("gpt", ["5", "3"]),
                                          ("gpt", ["1"] * 20)],
                         ids=["primary", "logical", "gpt", "gpt-many"])
def test_partitions(shell, scratch, table, parts, request):
    image = scratch / f"{request.node.callspec.id}.img"
    parts = [int(part) if part.isdigit() else part for part in parts]
    found = disk.partitioned(image, 32, parts, table)
    machine = shell(disks=[disk.Disk(image, "virtio")])
    output, status = machine.run("cat /proc/partitions")
    assert status == 0
    lines = output.splitlines()
    assert lines[:2] == ["major minor  #blocks  name", ""]
    assert lines[2:] == expected(image, found, "vda")
    last = max(found)
    output, status = machine.run(f"echo {last} | dd of=/dev/vda{last} && blockdev --rereadpt /dev/vda "
                                 f"&& head -n 1 /dev/vda{last} && cat /proc/partitions")
    assert status == 0 and f"\n{last}\n" in output, output
    assert output.splitlines()[-len(lines):] == lines


@pytest.mark.parametrize("controller", disk.CONTROLLERS)
def test_diskstats(shell, scratch, controller):
    """Booting reads the first sector of each disk: to see whether there are partitions."""
    image = disk.sparse(scratch / f"{controller}-stats.img", 4)
    machine = shell(disks=[disk.Disk(image, controller)])
    output, status = machine.run("cat /proc/diskstats")
    assert status == 0
    fields = output.split()
    assert len(fields) == 20
    assert fields[2] == disk.names([disk.Disk(image, controller)])[0]
    assert [int(fields[3]), int(fields[5])] == [1, 1]
    assert all(int(field) == 0 for field in fields[7:10] + fields[11:12] + fields[14:])


def test_no_disks(shell):
    machine = shell()
    assert machine.run("cat /proc/partitions /proc/diskstats") == ("", 0)
