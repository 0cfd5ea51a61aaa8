"""Disks that err or no longer answer, while their files and their swap are in use.

A failed swap-in ends only the process that needs the page (SIGBUS), a failed swap-out keeps the page,
a failed write is reported by fsync, once to each open file; a disk that is silent gives errors after a
bounded time, and the rest of the system goes on meanwhile.

On IDE and AHCI such a disk is one of nbd.py's: QEMU waits with all of the machine while a port is reset,
so what stands still there for some seconds is everything; that others go on is to be seen between the
resets, and when the disk has been given up. It is one of nbd.py's on any controller where not even one
more write may succeed.

An error among AHCI's queued commands is one for which the driver has to take the link down: a driver
that only restarts the engine, and then issues a command that is not queued, finds the disk at the others
still. QEMU 7.2 ends with SIGSEGV there (its port has no current command when that one is done), which
is how a failed swap-in or swap-out on AHCI would be told here.
"""

import re

import pytest

import disk

SIGBUS = 128 + 7
SERVED = "served"
QUIET = "quiet loglevel=1"  # what the disks report is not to stand amid what programs say


def one_disk(image, controller, stuck):
    """A disk, and what the kernel is told: one that is to be stuck (for good or, SERVED, from the first
    request on) is given up soon."""
    if not stuck:
        return disk.Disk(image, controller), QUIET
    one = disk.Disk(image, controller, served=True) if stuck == SERVED else \
        disk.stuck_disk(image, controller)
    return one, f"{QUIET} block.timeout=1"


def swap_machine(storage, images, controller, stuck=False):
    swap, append = one_disk(disk.swap(images / "swap", 64), controller, stuck)
    machine = storage(memory=32, disks=[swap], append=append)
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


def file_machine(storage, images, controller, stuck=False):
    """With a file of 64 KB on ext2 whose first page, on the disk, is at the sector returned."""
    image = disk.ext2(images / "ext2", 16, {"f": b"0123456789abcdef" * 4096, "other": "well\n"})
    block = int(disk.debugfs(image, "blocks /f").splitlines()[-1].split()[0])
    one, append = one_disk(image, controller, stuck)
    machine = storage(memory=64, disks=[one], append=append)
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


def test_stuck_file(storage, images, controller):
    """Who reads from a disk that does not answer gets an error in the end; others go on."""
    machine, one, _ = file_machine(storage, images, controller, stuck=True)
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


@pytest.mark.parametrize("controller", ["piix", "ahci", "virtio"])
def test_stuck_fsync(storage, images, controller):
    """What was written to a disk that does not answer: fsync says so, and what is written to it later,
    when it answers, is there."""
    machine, one, _ = file_machine(storage, images, controller, stuck=SERVED)
    machine.must("cat /mnt/f >/dev/null")
    one.stick()
    output, status = machine.run("dd if=/dev/zero of=/mnt/f bs=4k count=1 conv=notrunc,fsync")
    assert status == 1 and "Input/output error" in output, output
    machine.must("ls / >/dev/null && cat /mnt/f >/dev/null")
    one.unstick()
    machine.must("until dd if=/dev/zero of=/mnt/f bs=4k count=2 conv=notrunc,fsync; do sleep 1; done",
                 timeout=90)
    machine.must("umount /mnt")
    good, output = disk.e2fsck(one.path)
    assert good and disk.content(one.path, "/f") == bytes(8192) + b"0123456789abcdef" * 3584, output
    machine.ledger()


def test_stuck_swap_in(storage, images, controller):
    """It ends the process that needs a page from there; nobody else waits for it."""
    machine, swap = swap_machine(storage, images, controller, stuck=True)
    machine.hold("one", 500)
    swap.stick()
    assert machine.release("one")[1] == SIGBUS
    machine.must("ls / >/dev/null")
    swap.unstick()
    machine.must("until swapoff /dev/[sv]da; do sleep 1; done", timeout=90)
    machine.ledger()


@pytest.mark.parametrize("controller", ["piix", "ahci", "virtio"])
def test_stuck_swap_out(storage, images, controller):
    """What cannot be written stays in memory, whole; and when it can be, it is."""
    machine, swap = swap_machine(storage, images, controller, stuck=SERVED)
    swap.stick()
    machine.hold("one", 500)
    machine.hold("two", 500)
    machine.must("until dmesg | grep -q 'given up'; do sleep 0.2; done", timeout=60)
    assert machine.release("one") == ("0 wrong\n", 0)
    assert machine.vmstat("pswpin") == 0
    swap.unstick()
    # Whether it has come back is found out by the first that asks after a while.
    for _ in range(30):
        machine.hold("three", 3000)
        assert machine.release("three") == ("0 wrong\n", 0)
        if machine.vmstat("pswpin") > 1000:
            break
    else:
        assert False, "nothing is written to the disk that is there again"
    assert machine.release("two") == ("0 wrong\n", 0)
    machine.ledger()


def test_write_back_beside_a_stuck_disk(storage, images):
    """While somebody waits for a silent disk to be mounted, what others have changed is still written
    to their disks."""
    good, silent = (disk.Disk(disk.ext2(images / name, 16)) for name in ("good", "silent"))
    machine = storage(disks=[good, silent], append="quiet block.timeout=1000")
    machine.must("mount -t ext2 /dev/vda /mnt; mkdir /two; cd /proc/sys/vm; "
                 "echo 5 >dirty_writeback_centisecs; echo 1 >dirty_expire_centisecs")
    silent.stick()
    # The task that writes back rests for five seconds at first.
    machine.must("(mount -t ext2 /dev/vdb /two; echo $? >/tmp/end) 2>/dev/null & sleep 6")
    machine.must("dd if=/dev/zero of=/mnt/f bs=64k count=4; "
                 "until grep -q 'Dirty: *0 kB' /proc/meminfo; do sleep 0.1; done; [ ! -e /tmp/end ]")
    silent.unstick()
    machine.must("until [ -s /tmp/end ]; do sleep 0.1; done; umount /two; umount /mnt", timeout=60)
    assert machine.must("cat /tmp/end") == "0\n"
    machine.ledger()


def test_writeback_counts_swap(storage, images):
    """What is on its way to swap is being written, as long as that takes. (One request still gets
    through.)"""
    swap = disk.stuck_disk(disk.swap(images / "swap", 16), "virtio")
    machine = storage(memory=64, disks=[swap])
    machine.must("swapon /dev/vda")
    assert machine.meminfo("Writeback") == 0
    swap.stick()
    machine.hold("one", 100)
    counted = machine.vmstat("nr_writeback")
    assert 0 < counted <= 100 and machine.meminfo("Writeback") == 4 * counted
    swap.unstick()
    machine.must("until grep -q '^Writeback: *0 kB' /proc/meminfo; do sleep 0.1; done", timeout=60)
    assert machine.vmstat("nr_writeback") == 0
    assert machine.release("one") == ("0 wrong\n", 0)
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
