"""Disks as files of their own: many users, who come and go."""

import pytest

import disk
import loftvm


@pytest.fixture(scope="session")
def root_users(scratch, root):
    return loftvm.cpio_with(scratch / "users.cpio", root,
                            {"bin/device_users": loftvm.BUILD / "tests" / "storage-device_users"})


def test_flush_of_what_is_mounted(storage, images):
    """BLKFLSBUF brings the file system that is mounted from the device to the disk as well."""
    image = disk.ext2(images / "ext2", 16)
    machine = storage(disks=[disk.Disk(image)])
    machine.must("mount -t ext2 /dev/vda /mnt && mkdir /mnt/d && echo flushed >/mnt/d/f && "
                 "blockdev --flushbufs /dev/vda")
    assert disk.content(image, "/d/f") == b"flushed\n"
    assert machine.must("cat /mnt/d/f; umount /mnt") == "flushed\n"
    good, output = disk.e2fsck(image)
    assert good, output
    machine.ledger()


@pytest.mark.parametrize("table", ["/dev/none", "/dev/vda"])
def test_last_user(storage, images, root_users, table):
    """What is written while another's close writes is not lost; nor is there harm in reading the
    table of partitions again meanwhile."""
    disk.partitioned(images / "disk", 16, [12])
    machine = storage(initrd=root_users, disks=[disk.Disk(images / "disk")])
    assert "0 lost" in machine.must(f"device_users /dev/vda1 {table} 200", timeout=120)
    machine.ledger()
