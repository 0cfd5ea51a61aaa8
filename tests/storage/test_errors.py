"""Disks that err or no longer answer, while their files and their swap are in use.

A failed swap-in ends only the process that needs the page (SIGBUS), a failed swap-out keeps the page,
a failed write is reported by fsync, once to each open file; a disk that is silent gives errors after a
bounded time, and the rest of the system goes on meanwhile.
"""

import re

import pytest

import disk

SIGBUS = 128 + 7
QUIET = "quiet loglevel=1"  # what the disks report is not to stand amid what programs say


def swap_machine(storage, images, controller, **arguments):
    swap = disk.Disk(disk.swap(images / "swap", 64), controller)
    arguments.setdefault("append", QUIET)
    # QEMU 7.2 itself may come to its end where several queued commands of AHCI's fail at a time.
    arguments["append"] += " libata.force=noncq"
    machine = storage(memory=32, disks=[swap], **arguments)
    machine.must(f"swapon /dev/{disk.names([swap])[0]}")
    return machine, swap


def test_failed_swap_in(storage, images, controller):
    """It ends the process whose page it was, and no other; the slots it had are free afterwards."""
    machine, swap = swap_machine(storage, images, controller)
    machine.hold("one", 500)
    machine.hold("two", 500)
    swap.fail(disk.error("read"))
    assert machine.release("one")[1] == SIGBUS
    swap.fail()
    assert machine.release("two") == ("0 wrong\n", 0)
    machine.hold("three", 500)
    assert machine.release("three") == ("0 wrong\n", 0)
    machine.ledger()
    machine.swap_is_unused()


def test_failed_swap_in_once(storage, images, controller):
    """What the next attempt can read is no error."""
    machine, swap = swap_machine(storage, images, controller)
    machine.hold("one", 500)
    swap.fail(*[disk.error("read", once=True)] * 2)
    assert machine.release("one") == ("0 wrong\n", 0)
    machine.ledger()


def test_failed_swap_out(storage, images, controller):
    """The pages stay in memory, whole, and go to other slots when these can be written."""
    machine, swap = swap_machine(storage, images, controller)
    swap.fail(disk.error("write"))
    machine.hold("one", 500)
    assert machine.release("one") == ("0 wrong\n", 0)
    machine.hold("two", 500)
    swap.fail()
    machine.hold("three", 3000)
    assert machine.release("two") == ("0 wrong\n", 0)
    assert machine.release("three") == ("0 wrong\n", 0)
    machine.must("flood 20")
    machine.ledger()


def test_swap_that_cannot_be_written(storage, images):
    """Memory is out then, and what asks for more ends; the machine goes on."""
    machine, swap = swap_machine(storage, images, "virtio")
    swap.fail(disk.error("write"))
    output, status = machine.run("flood 30 1", timeout=300)
    assert status != 0 and "signal 9" in output, output
    machine.ledger()
    swap.fail()
    machine.must("flood 8 1")


def file_machine(storage, images, controller, **arguments):
    """With a file of 64 KB on ext2 whose first page, on the disk, is at the sector returned."""
    image = disk.ext2(images / "ext2", 16, {"f": b"0123456789abcdef" * 4096, "other": "well\n"})
    block = int(disk.debugfs(image, "blocks /f").splitlines()[-1].split()[0])
    one = disk.Disk(image, controller)
    arguments.setdefault("append", QUIET)
    machine = storage(memory=64, disks=[one], **arguments)
    machine.must(f"mount -t ext2 /dev/{disk.names([one])[0]} /mnt")
    return machine, one, block * 8


def test_failed_write_is_told_by_fsync(storage, images, controller):
    machine, one, sector = file_machine(storage, images, controller)
    one.fail(disk.error("write", sector))
    assert machine.must("tool fsync /mnt/f") == """\
write: ok
one: Input/output error, ok
opened after that: ok
two: Input/output error, ok
map: Input/output error, ok
one again: Input/output error, ok
late: Input/output error, ok
what is read: x y
O_SYNC: Input/output error
close: ok
behind sync, not yet told: Input/output error, ok
close: ok ok
"""
    one.fail()
    machine.must("echo again >/mnt/f; sync; umount /mnt")
    good, output = disk.e2fsck(one.path)
    assert good and disk.content(one.path, "/f") == b"again\n", output
    machine.ledger()


def test_failed_read(storage, images, controller):
    """Of the page that cannot be read, and of no other; and when it can be, it is."""
    machine, one, sector = file_machine(storage, images, controller)
    one.fail(disk.error("read", sector + 16))
    assert machine.must("dd if=/mnt/f bs=4096 count=2 2>/dev/null | wc -c") == "8192\n"
    output, status = machine.run("cat /mnt/f | wc -c")
    assert "Input/output error" in output and output.endswith("8192\n"), output
    assert machine.run("tool map /mnt/f 8200")[1] == SIGBUS
    assert machine.must("tool map /mnt/f 4097") == f"byte {ord('1')}\n"
    assert machine.must("tool map /mnt/f 20482") == f"byte {ord('2')}\n"
    one.fail()
    assert machine.must("wc -c </mnt/f") == "65536\n"
    assert machine.must("tool map /mnt/f 8200") == f"byte {ord('8')}\n"
    machine.ledger()


# QEMU waits for such a request itself when an IDE or AHCI disk is reset: tests/kernel/test_block_devices.py
# has those that are silent in another way.
VIRTIO = pytest.mark.parametrize("controller", ["virtio", "virtio-legacy"])


@VIRTIO
def test_stuck_file(storage, images, controller):
    """Who reads from a disk that does not answer gets an error in the end; others go on."""
    machine, one, _ = file_machine(storage, images, controller, append=f"{QUIET} block.timeout=1")
    one.stick()
    machine.must("((cat /mnt/f >/tmp/read 2>&1; echo $? >/tmp/end) 2>/dev/null &)")
    for _ in range(10):
        machine.must("ls / >/dev/null && dd if=/dev/zero of=/tmp/z bs=64k count=16 2>/dev/null")
    machine.must("until [ -s /tmp/end ]; do sleep 0.2; done", timeout=60)
    assert machine.must("cat /tmp/end /tmp/read").startswith("1\n")
    assert "Input/output error" in machine.must("tail -n 1 /tmp/read")
    one.unstick()
    machine.must("until cat /mnt/f >/dev/null 2>&1; do sleep 1; done", timeout=90)
    machine.must("echo new >/mnt/new; umount /mnt")
    good, output = disk.e2fsck(one.path)
    assert good, output
    machine.ledger()


@VIRTIO
def test_stuck_swap(storage, images, controller):
    """It ends the process that needs a page from there; nobody else waits for it."""
    machine, swap = swap_machine(storage, images, controller, append=f"{QUIET} block.timeout=1")
    machine.hold("one", 500)
    swap.stick()
    assert machine.release("one")[1] == SIGBUS
    machine.must("ls / >/dev/null")
    machine.ledger()


def test_failures_by_number(storage, images):
    """Each request of a little work with files fails in turn: errors, no panic, and a file system
    that e2fsck can put right."""
    machine, one, _ = file_machine(storage, images, "virtio")
    machine.must("cp /bin/busybox /mnt/b; umount /mnt")
    for nth in list(range(1, 30)) + list(range(30, 120, 10)):
        machine.run(f"echo {nth} >/proc/sys/vm/fail_io; mount -t ext2 /dev/vda /mnt && "
                    "(cat /mnt/b /mnt/other >/dev/null; mkdir /mnt/d; cp /mnt/b /mnt/d/c; sync; "
                    "mv /mnt/d/c /mnt/e; rm -r /mnt/d /mnt/e); umount /mnt; "
                    "echo 0 >/proc/sys/vm/fail_io", timeout=120)
        assert "/mnt" not in machine.must("cat /proc/mounts"), nth
    log = machine.must("dmesg | grep -c 'a request fails as asked' || true")
    assert int(re.search(r"\d+", log)[0]) > 20
    machine.ledger()
    good, output = disk.repair(one.path)
    assert good, output
