"""The machines' disks: that the images are what the tests take them for, and what Loft finds."""

import pytest

import disk
import loftvm


def test_images(scratch):
    """ext2 of each block size and of both revisions, with what was put into it; a swap area."""
    for size, revision in ((1024, 0), (1024, 1), (2048, 1), (4096, 1)):
        image = disk.ext2(scratch / "image", 8, {"a/b": "hello\n", "l": "-> a/b"}, size, revision)
        good, output = disk.e2fsck(image)
        assert good, output
        assert disk.content(image, "/a/b") == b"hello\n"
        assert f"{size}" in disk.debugfs(image, "stats").split("Block size:")[1].split("\n")[0]
        tree = disk.tree(image, scratch / f"tree-{size}-{revision}")
        assert (tree / "l").readlink().name == "b"
    image = disk.swap(scratch / "swap", 8, label="there")
    assert image.read_bytes()[4086:4096] == b"SWAPSPACE2"


@pytest.mark.parametrize("table", ["dos", "gpt"])
def test_partitioned_images(scratch, table):
    inner = disk.ext2(scratch / "inner", 4, {"f": "content"})
    found = disk.partitioned(scratch / table, 32, [8, inner, "size=4MiB"], table)
    assert list(found) == [1, 2, 3] and found[1].size == 8 * disk.MEGABYTE // disk.SECTOR
    again = disk.copy_out(scratch / table, found[2], scratch / "again")
    assert disk.content(again, "/f") == b"content" and disk.e2fsck(again)[0]


def test_logical_partitions_image(scratch):
    inner = disk.ext2(scratch / "inner", 4, {"f": "content"})
    found = disk.partitioned(scratch / "logical", 32, [8, "type=5", 4, inner])
    assert list(found) == [1, 2, 5, 6]
    again = disk.copy_out(scratch / "logical", found[6], scratch / "again")
    assert disk.content(again, "/f") == b"content"


@pytest.mark.parametrize("controller", disk.CONTROLLERS)
def test_boots_with_disks(boot, scratch, controller):
    """A machine with three disks comes up; they can be made to stop and to go on."""
    disks = [disk.Disk(disk.sparse(scratch / f"{controller}-{n}", 4), controller,
                       errors=[disk.error("read", sector=7)] if n else ()) for n in range(3)]
    machine = boot(initrd=loftvm.BUILD / "root-own.cpio", disks=disks, append="quiet")
    machine.expect(r"[#$] \Z")
    for one in disks:
        one.stick()
        one.fail(disk.error("write", once=True), disk.error("read", sector=3))
        one.fail()
        one.unstick()
