"""V11: processes use more memory than the machine has.

flood, one of our own programs, fills memory and verifies it three times in different orders, in two
processes at a time; afterwards the ledger balances and no slot of swap is left in use. On 24 MB with
96 MB filled, or, in `make soak`, on 32 MB with 512 MB, as DESIGN.md says.
"""

import os
import re
import time

import pytest

import disk

LONG = bool(os.environ.get("LOFT_SOAK"))
MEMORY = 32 if LONG else 24
FILLED = 256 if LONG else 48       # by each of two processes
SWAP = 512 if LONG else 128
TIMEOUT = 3600 if LONG else 600


def flood(machine, megabytes=FILLED):
    output = machine.must(f"flood {megabytes}", TIMEOUT)
    assert output.count(", 0 wrong") == 6, output
    assert int(re.search(r"pswpout (\d+)", output)[1]) > megabytes * 256, output


def check_swap_free(machine):
    machine.ledger()
    machine.swap_is_unused()


def test_v11_without_swap(storage):
    """As much as fits without a disk; the rest of this file is about more."""
    machine = storage(memory=64)
    machine.must("flood 16")
    machine.ledger()


def test_v11_on_a_disk(storage, images, controller):
    swap = disk.Disk(disk.swap(images / "swap", SWAP), controller)
    machine = storage(memory=MEMORY, disks=[swap])
    machine.must(f"swapon /dev/{disk.names([swap])[0]}")
    flood(machine)
    check_swap_free(machine)


def test_v11_on_a_partition(storage, images):
    found = disk.partitioned(images / "disk", SWAP + 8, ["size=2MiB", disk.swap(images / "s", SWAP)])
    assert found[2].size * disk.SECTOR == SWAP * disk.MEGABYTE
    machine = storage(memory=MEMORY, disks=[disk.Disk(images / "disk", "ahci")])
    machine.must("swapon /dev/sda2")
    flood(machine)
    check_swap_free(machine)


def test_v11_on_a_file(storage, images):
    """Swap on a file of an ext2 file system."""
    image = disk.ext2(images / "ext2", SWAP + 32)
    machine = storage(memory=MEMORY, disks=[disk.Disk(image)])
    machine.must("mount -t ext2 /dev/vda /mnt")
    machine.must(f"dd if=/dev/zero of=/mnt/swap bs=64k count={SWAP * 16} && chmod 600 /mnt/swap && "
                 "mkswap /mnt/swap && swapon /mnt/swap", TIMEOUT)
    flood(machine)
    check_swap_free(machine)
    output, status = machine.run("rm /mnt/swap")
    assert status, "the file of an active area cannot be removed"
    machine.must("swapoff /mnt/swap && rm /mnt/swap && umount /mnt", TIMEOUT)
    good, output = disk.e2fsck(image)
    assert good, output


def test_v11_on_two_areas(storage, images):
    """The area of the higher priority is filled first; equals take turns."""
    disks = [disk.Disk(disk.swap(images / f"swap{n}", size), controller)
             for n, (size, controller) in enumerate(
                 [(SWAP // 4, "virtio"), (SWAP // 2, "piix"), (SWAP // 2, "piix")])]
    machine = storage(memory=MEMORY, disks=disks)
    for name, priority in ("sda", 1), ("sdb", 1), ("vda", 5):
        machine.must(f"tool swapon /dev/{name} {0x8000 | priority}")
    machine.hold("first", 3000)
    used = machine.swap_used()
    assert used["vda"] >= 12000 and used["sda"] + used["sdb"] < 200, used
    machine.hold("second", SWAP // 4 * 256)
    used = machine.swap_used()
    assert used["vda"] >= SWAP // 4 * 1000, used
    assert min(used["sda"], used["sdb"]) > 4000, used
    assert abs(used["sda"] - used["sdb"]) < 2 * 1024 + max(used.values()) // 4, used
    assert machine.release("first") == ("0 wrong\n", 0)
    assert machine.release("second") == ("0 wrong\n", 0)
    flood(machine)
    check_swap_free(machine)


def test_v11_swapoff_in_the_middle(storage, images):
    """One of two areas goes while it is full of a running flood's pages."""
    disks = [disk.Disk(disk.swap(images / f"swap{n}", SWAP)) for n in range(2)]
    machine = storage(memory=MEMORY, disks=disks)
    machine.must("swapon /dev/vda")
    machine.run(f"(flood {FILLED} >/tmp/flood 2>&1 &)")
    deadline = time.monotonic() + TIMEOUT
    while machine.meminfo("SwapTotal") - machine.meminfo("SwapFree") < FILLED * 512:
        assert time.monotonic() < deadline, machine.must("cat /proc/swaps /tmp/flood")
        time.sleep(0.2)
    machine.must("swapon /dev/vdb && swapoff /dev/vda", TIMEOUT)
    assert "/dev/vda" not in machine.must("cat /proc/swaps")
    while "flood: " not in machine.must("tail -n 1 /tmp/flood", TIMEOUT):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    output = machine.must("cat /tmp/flood")
    assert output.count(", 0 wrong") == 6 and "as it should be" in output, output
    check_swap_free(machine)
