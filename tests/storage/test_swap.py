"""swapon and swapoff: what is taken, what is refused, and what becomes of a file that is swapped to; and
a program that sends its own memory out, under every kind of mapping."""

import re
import struct

import pytest

import disk
import loftvm

PAGE = 4096

@pytest.fixture(scope="session")
def root_pageout(scratch, root):
    return loftvm.cpio_with(scratch / "pageout.cpio", root,
                            {"bin/mm_pageout": loftvm.BUILD / "tests" / "mm_pageout"})


INVALID, BUSY = "Invalid argument", "Device or resource busy"


def said(machine, path, flags=0):
    """What swapon's errno was, in words; the kernel's own lines may stand before them."""
    output, status = machine.run(f"tool swapon {path} {flags}")
    found = re.search(r"^swapon: (.*)$", output, re.MULTILINE)
    assert found, (output, status)
    return found[1].strip()


def test_refused(storage, images):
    header = disk.swap(images / "header", 8)
    with open(header, "r+b") as image:     # a version that nobody knows
        image.seek(1024)
        image.write(struct.pack("<I", 7))
    cut = disk.swap(images / "cut", 8)
    with open(cut, "r+b") as image:        # says that it is longer than it is
        image.seek(1028)
        image.write(struct.pack("<I", 1 << 20))
    disks = [disk.Disk(image) for image in (header, cut, disk.sparse(images / "zeros", 8),
                                            disk.ext2(images / "ext2", 16),
                                            disk.swap(images / "good", 8))]
    machine = storage(memory=32, disks=disks)
    machine.must("swapon /dev/vde")
    assert said(machine, "/dev/vde") == BUSY
    for device in ("vda", "vdb", "vdc"):
        assert said(machine, f"/dev/{device}") == INVALID, device
    machine.must("mount -t ext2 /dev/vdd /mnt")
    assert said(machine, "/dev/vdd") == BUSY
    machine.must("swapoff /dev/vde")
    assert said(machine, "/dev/vde", 0x80000) == INVALID       # a flag that is none
    assert said(machine, "/dev/null") == INVALID
    assert said(machine, "/mnt") == "Is a directory"
    assert said(machine, "/mnt/none") == "No such file or directory"
    machine.must("dd if=/dev/zero of=/tmp/file bs=4k count=20; mkswap /tmp/file")
    assert said(machine, "/tmp/file") == INVALID               # of tmpfs: not on a disk
    machine.must("truncate -s 1M /mnt/holes && mkswap /mnt/holes")
    assert said(machine, "/mnt/holes") == INVALID
    machine.must("tool swapon /dev/vde 0x8007")
    lines = machine.must("cat /proc/swaps").splitlines()
    assert len(lines) == 2 and lines[1].split() == ["/dev/vde", "partition", "8188", "0", "7"]
    output, status = machine.run("mount -t ext2 /dev/vde /tmp")
    assert status != 0, output
    machine.must("swapoff /dev/vde")
    output, status = machine.run("swapoff /dev/vde")
    assert status != 0 and INVALID in output, output
    machine.ledger()


def test_device_is_not_changed(storage, images):
    """Whichever of its nodes a program comes by."""
    machine = storage(memory=32, disks=[disk.Disk(disk.swap(images / "swap", 8))])
    machine.must("mknod /tmp/other b 254 0; swapon /dev/vda")
    for node in ("/dev/vda", "/tmp/other"):
        output, status = machine.run(f"dd if=/dev/zero of={node} bs=4k count=1")
        assert status != 0 and "Text file busy" in output, (node, output)
        assert said(machine, node) == BUSY
    machine.must("swapoff /tmp/other && dd if=/dev/zero of=/dev/vda bs=4k count=1")
    assert said(machine, "/dev/vda") == INVALID
    machine.ledger()


def test_read_only_device(storage, images):
    machine = storage(memory=32, disks=[disk.Disk(disk.swap(images / "swap", 8), read_only=True)])
    assert said(machine, "/dev/vda") == "Read-only file system"
    assert len(machine.must("cat /proc/swaps").splitlines()) == 1
    machine.ledger()


def test_node_of_a_device(storage, images):
    """It is but a name, which may go, and come back by another."""
    machine = storage(memory=32, disks=[disk.Disk(disk.swap(images / "swap", 8))])
    machine.must("swapon /dev/vda && mv /dev/vda /dev/other && rm /dev/other")
    line = machine.must("cat /proc/swaps").splitlines()[1]
    assert line.split() == ["/dev/other\\040(deleted)", "partition", "8188", "0", "-2"]
    machine.must("mknod /dev/again b 254 0")
    assert said(machine, "/dev/again") == BUSY
    machine.must("swapoff /dev/again")
    machine.ledger()


def test_areas_that_begin(storage, images):
    """/proc/swaps has them when they have begun, and not before."""
    disks = [disk.Disk(disk.swap(images / "swap", 8)), disk.Disk(disk.ext2(images / "ext2", 64))]
    machine = storage(memory=32, disks=disks)
    machine.must("mount -t ext2 /dev/vdb /mnt && dd if=/dev/zero of=/mnt/swap bs=64k count=256 && "
                 "mkswap /mnt/swap", timeout=60)
    for area in ("/dev/vda", "/mnt/swap"):
        assert machine.must(f"tool swaps {area} 20", timeout=120) == "well\n"
    machine.ledger()


def test_file_is_not_changed(storage, images):
    machine = storage(memory=32, disks=[disk.Disk(disk.ext2(images / "ext2", 16))])
    machine.must("mount -t ext2 /dev/vda /mnt && dd if=/dev/zero of=/mnt/swap bs=64k count=64 && "
                 "mkswap /mnt/swap && swapon /mnt/swap")
    for command in ("rm /mnt/swap", "mv /mnt/swap /mnt/other", "echo x >>/mnt/swap",
                    "dd if=/dev/zero of=/mnt/swap bs=1 count=1 conv=notrunc",
                    "truncate -s 4096 /mnt/swap", "umount /mnt"):
        output, status = machine.run(command)
        assert status != 0, f"{command}: {output}"
    assert machine.must("cat /proc/swaps").splitlines()[1].split()[1] == "file"
    machine.must("swapoff /mnt/swap && echo x >>/mnt/swap && rm /mnt/swap && umount /mnt")
    machine.ledger()


@pytest.mark.parametrize("where", ["disk", "file"])
def test_every_mapping(storage, images, root_pageout, where):
    disks = [disk.Disk(disk.swap(images / "swap", 32)), disk.Disk(disk.ext2(images / "ext2", 64))]
    machine = storage(memory=48, disks=disks, initrd=root_pageout)
    machine.must("mount -t ext2 /dev/vdb /mnt")
    area = "/dev/vda"
    if where == "file":
        area = "/mnt/swap"
        machine.must(f"dd if=/dev/zero of={area} bs=64k count=512 && mkswap {area}", timeout=60)
    machine.must(f"swapon {area}")
    output = machine.must("cd /mnt && mm_pageout", timeout=120)
    assert "wrong" not in output and "cold: ok" in output, output
    assert machine.vmstat("pswpout") > 5000 and machine.vmstat("pswpin") > 5000
    machine.swap_is_unused()
    machine.ledger()
    machine.must(f"swapoff {area}", timeout=60)
    assert machine.meminfo("SwapTotal") == machine.meminfo("SwapCached") == 0
    machine.ledger()


def slots_of(machine, name):
    """The slots of swap that the process which holds memory has its pages in, by pagemap."""
    pid = machine.must("pidof tool").split()[-1]      # the first that was started
    maps = machine.must(f"cat /proc/{pid}/maps").splitlines()
    regions = [line.split()[0].split("-") for line in maps if " 00000000 00:00 0" in line]
    start, end = max(((int(low, 16), int(high, 16)) for low, high in regions),
                     key=lambda region: region[1] - region[0])
    words = machine.must(f"dd if=/proc/{pid}/pagemap bs=8 skip={start // PAGE} "
                         f"count={min((end - start) // PAGE, 256)} 2>/dev/null | od -An -v -t x4 "
                         f">/tmp/{name}.map; cat /tmp/{name}.map").split()
    pairs = [(int(low, 16), int(high, 16)) for low, high in zip(words[::2], words[1::2])]
    return [(low | high << 32) >> 5 & (1 << 25) - 1 for low, high in pairs if high >> 30 & 1]


def test_page_that_cannot_be_read(storage, images):
    """SIGBUS for who needs it; nobody else notices, not even those whose pages are read with it."""
    swap = disk.Disk(disk.swap(images / "swap", 64))
    machine = storage(memory=32, disks=[swap])
    machine.must("swapon /dev/vda")
    machine.hold("victim", 1000)
    machine.hold("other", 6000)
    slots = slots_of(machine, "victim")
    assert slots
    swap.fail(disk.error("read", sector=slots[len(slots) // 2] * 8 + 3))
    assert machine.release("other") == ("0 wrong\n", 0)
    said, status = machine.release("victim")
    assert status == 128 + 7, (said, status)
    swap.fail()
    machine.must("swapoff /dev/vda", timeout=60)
    machine.ledger()


def test_neighbours_of_a_bad_page(storage, images):
    """Many who read around it at once, each from another place, lose that page and none beside it."""
    swap = disk.Disk(disk.swap(images / "swap", 64))
    machine = storage(memory=32, disks=[swap])
    machine.must("swapon /dev/vda")
    for _ in range(6):
        machine.hold("many", 192, how="crowd")
        slots = slots_of(machine, "many")[8::16]
        assert len(slots) > 8
        swap.fail(*(disk.error("read", sector=slot * 8 + 1) for slot in slots))
        output, status = machine.release("many")
        assert status == 0, output
        lost = {int(number) for number in re.search(r"lost:(.*)", output)[1].split()}
        assert lost == {len(slots)}, output
        swap.fail()
    machine.must("swapoff /dev/vda", timeout=60)
    machine.ledger()


def test_pages_that_cannot_be_written(storage, images):
    """They stay in memory, whole."""
    swap = disk.Disk(disk.swap(images / "swap", 64))
    machine = storage(memory=32, disks=[swap])
    machine.must("swapon /dev/vda")
    swap.fail(*(disk.error("write", sector=slot * 8) for slot in range(256, 3000, 50)))
    machine.hold("writer", 8000)
    assert machine.vmstat("pswpout") > 1000
    assert machine.release("writer") == ("0 wrong\n", 0)
    machine.ledger()
    machine.must("swapoff /dev/vda", timeout=60)
    machine.ledger()


def test_shared_by_several(storage, images):
    """Memory that several programs share goes out and comes back here and there."""
    machine = storage(memory=20, disks=[disk.Disk(disk.swap(images / "swap", 40))])
    machine.must("swapon /dev/vda")
    output = machine.must("tool share 10240 20000", timeout=300)
    assert output.strip().endswith("0 wrong") and machine.vmstat("pswpin") > 1000, output
    machine.swap_is_unused()
    machine.ledger()


@pytest.mark.parametrize("change", ["rm /mnt/file && umount /mnt", "truncate -s 0 /mnt/file"])
def test_swapoff_of_a_file_that_goes(storage, images, change):
    """While swapoff waits for pages of a tmpfs to come back, its file is cut or the tmpfs goes."""
    swap = disk.Disk(disk.swap(images / "swap", 40))
    machine = storage(memory=20, disks=[swap])
    machine.must("swapon /dev/vda && mount -t tmpfs none /mnt && "
                 "dd if=/dev/zero of=/mnt/file bs=1M count=8")
    free = machine.number("/proc/loft/ledger", "free")
    machine.run("tool hold 4500 </dev/null")     # needs the memory
    assert machine.meminfo("SwapTotal") - machine.meminfo("SwapFree") > 4096
    swap.slow_down(50)
    machine.must(">/tmp/end; (swapoff /dev/vda; echo $? >/tmp/end) 2>/dev/null & sleep 0.5")
    machine.must(change)
    assert not machine.must("cat /tmp/end").strip(), "swapoff was too fast for this test"
    swap.slow_down(0)
    machine.must("until [ -s /tmp/end ]; do sleep 0.1; done; grep -q 0 /tmp/end")
    machine.must("umount /mnt || true; mount -t tmpfs none /mnt && umount /mnt")
    assert machine.ledger() > free + 2000
