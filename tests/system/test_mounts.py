"""File systems on disks: mounting, unmounting, remounting, by a person at the shell; and the root
file system on a disk, as the command line asks for it.
"""

import json
import re
import subprocess

import pytest

import disk
import loftvm

ROOT_FILES = {"etc/marker": "on the disk\n", "dev": None, "proc": None, "tmp": None, "mnt": None}


def expect(machine, command, text="", status=0):
    """What a command line says, and how it ends."""
    output, ended = machine.run(command)
    assert re.search(text, output) and ended == status, (command, ended, output)
    return output


def ledger_is_ok(machine):
    expect(machine, "cat /proc/loft/ledger", r"(?m)^ok$")


@pytest.fixture
def mounted(shell, scratch, request):
    """A shell on a machine with an empty ext2 on /mnt; afterwards e2fsck finds nothing wrong."""
    image = disk.ext2(scratch / f"{request.node.name}.img", 16)
    machine = shell(disks=[disk.Disk(image)])
    machine.image = image
    expect(machine, "mount -t ext2 /dev/vda /mnt")
    yield machine
    machine.run("cd /; umount /mnt")
    ledger_is_ok(machine)
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report


def test_mount_finds_the_type(shell, scratch):
    image = disk.ext2(scratch / "type.img", 8, {"a": "content"})
    machine = shell(disks=[disk.Disk(image)])
    expect(machine, "cat /proc/filesystems", r"(?m)^\text2$")
    expect(machine, "cat /proc/filesystems", r"(?m)^nodev\ttmpfs$")
    expect(machine, "mount /dev/vda /mnt; cat /mnt/a", "content")
    expect(machine, "cat /proc/mounts", r"(?m)^/dev/vda /mnt ext2 rw,relatime")
    expect(machine, "cat /proc/self/mountinfo",
           r"(?m)^\d+ \d+ 254:0 / /mnt rw,relatime - ext2 /dev/vda rw")
    expect(machine, "umount /mnt; ls /mnt; grep -c /mnt /proc/mounts", "^0$", 1)
    ledger_is_ok(machine)


def test_mount_errors(shell, scratch):
    empty = disk.sparse(scratch / "empty.img", 4)
    image = disk.ext2(scratch / "errors.img", 4)
    locked = disk.ext2(scratch / "locked.img", 4)
    machine = shell(disks=[disk.Disk(image), disk.Disk(empty), disk.Disk(locked, read_only=True)])
    expect(machine, "mount -t ext2 /dev/null /mnt", "Block device required", 255)
    expect(machine, "mount -t ext2 /dev/none /mnt", "No such file or directory", 255)
    expect(machine, "mknod /tmp/none b 8 200; mount -t ext2 /tmp/none /mnt", "No such device", 255)
    expect(machine, "mount -t ext2 /dev/vdb /mnt", "Invalid argument", 255)
    expect(machine, "mount -t ext9 /dev/vda /mnt", "No such device", 255)
    expect(machine, "mount -t ext2 /dev/vda /init", "Not a directory", 255)
    expect(machine, "mount -t ext2 /dev/vda /mnt && mount -t ext2 /dev/vda /tmp",
           "Device or resource busy", 255)
    expect(machine, "umount /mnt")
    # busybox's mount tries again read-only.
    expect(machine, "mount -t ext2 /dev/vdc /mnt; grep /mnt /proc/mounts", "/mnt ext2 ro,")
    expect(machine, "mount -o remount,rw /mnt", "", 255)
    expect(machine, "umount /mnt; umount /mnt", "Invalid argument", 1)
    ledger_is_ok(machine)


def test_busy(mounted):
    expect(mounted, "cd /mnt; umount /mnt", "Device or resource busy", 1)
    expect(mounted, "cd /; exec 5>/mnt/open; umount /mnt", "Device or resource busy", 1)
    expect(mounted, "exec 5>&-; mkdir /mnt/on; mount -t tmpfs x /mnt/on; umount /mnt",
           "Device or resource busy", 1)
    expect(mounted, "rmdir /mnt/on", "Device or resource busy", 1)
    expect(mounted, "umount /mnt/on; rmdir /mnt/on; umount /mnt")


def test_detached(mounted):
    """umount -l: out of sight at once, written and free when the last file is closed."""
    expect(mounted, "exec 5>/mnt/kept; umount -l /mnt; ls /mnt")
    expect(mounted, "echo late >&5; mount -t ext2 /dev/vda /mnt", "Device or resource busy", 255)
    expect(mounted, "exec 5>&-; mount -t ext2 /dev/vda /mnt; cat /mnt/kept", "late")


def test_remount(mounted):
    expect(mounted, "exec 5>/mnt/open; mount -o remount,ro /mnt", "busy", 255)
    expect(mounted, "echo more >&5; exec 5>&-; mount -o remount,ro /mnt")
    expect(mounted, "touch /mnt/new", "Read-only file system", 1)
    expect(mounted, "chmod 600 /mnt/open", "Read-only file system", 1)
    expect(mounted, "rm -f /mnt/open", "Read-only file system", 1)
    assert "Filesystem state:         clean" in disk.tool("dumpe2fs", "-h", mounted.image)
    # A file without a name will have to be freed.
    expect(mounted, "mount -o remount,rw /mnt; exec 6</mnt/open; rm /mnt/open; "
           "mount -o remount,ro /mnt", "busy", 255)
    expect(mounted, "exec 6<&-; mount -o remount,ro,noatime /mnt; grep /mnt /proc/mounts",
           "ext2 ro,noatime")
    expect(mounted, "mount -o remount,rw /mnt; touch /mnt/new")


def test_remount_bind(mounted):
    """With bind as well what is on the disk is written, and marked clean or in use."""
    expect(mounted, "exec 5>/mnt/open; mount -o remount,bind,ro /mnt", "busy", 255)
    expect(mounted, "exec 5>&-; echo content >/mnt/new; mount -o remount,bind,ro /mnt")
    expect(mounted, "touch /mnt/other", "Read-only file system", 1)
    assert "Filesystem state:         clean" in disk.tool("dumpe2fs", "-h", mounted.image)
    assert disk.content(mounted.image, "/new") == b"content\n"
    expect(mounted, "mount -o remount,bind,rw /mnt; touch /mnt/other")
    assert "Filesystem state:         not clean" in disk.tool("dumpe2fs", "-h", mounted.image)


def test_large_sectors(shell, scratch):
    """Less than one of a disk's sectors is not written: all of it is."""
    large = ("logical_block_size=4096", "physical_block_size=4096")
    image = disk.ext2(scratch / "large.img", 8, block_size=4096)
    small = disk.ext2(scratch / "small.img", 8, block_size=1024)
    machine = shell(disks=[disk.Disk(image, options=large), disk.Disk(small, options=large)])
    expect(machine, "printf word | dd of=/dev/vda bs=1 seek=5 conv=notrunc,fsync", "4.0 records")
    assert image.read_bytes()[4:10] == b"\0word\0"
    expect(machine, "mount -t ext2 /dev/vdb /mnt", "Invalid argument", 255)
    expect(machine, "mount /dev/vda /mnt && touch /mnt/new; umount /mnt")
    machine.power_cut()
    assert disk.e2fsck(image)[0]


def test_caches(mounted):
    """Names and inodes stay when nobody uses them; drop_caches frees them."""
    expect(mounted, "mkdir /mnt/d; cd /mnt/d; for i in $(seq 300); do echo $i >f$i; done; cd /; "
           "sync; ls /mnt/none", "", 1)
    state = expect(mounted, "cat /proc/sys/fs/dentry-state", "").split()
    assert int(state[1]) >= 300 and int(state[4]) >= 1, state
    before = int(expect(mounted, "cat /proc/sys/fs/inode-nr").split()[0])
    expect(mounted, "echo 3 >/proc/sys/vm/drop_caches")
    state = expect(mounted, "cat /proc/sys/fs/dentry-state", "").split()
    after = int(expect(mounted, "cat /proc/sys/fs/inode-nr").split()[0])
    assert int(state[1]) < 10 and after <= before - 300, (state, before, after)
    expect(mounted, "cat /mnt/d/f*", "(?s)1\n10\n100\n.*99\n")


def test_power_off_writes(shell, scratch):
    image = disk.ext2(scratch / "off.img", 8)
    machine = shell(disks=[disk.Disk(image)])
    expect(machine, "mount /dev/vda /mnt; exec 5>/mnt/last; echo word >&5")
    machine.send("poweroff -f\n")
    machine.wait()
    assert "Filesystem state:         clean" in disk.tool("dumpe2fs", "-h", image)
    assert disk.e2fsck(image)[0] and disk.content(image, "/last") == b"word\n"


# --- the root on a disk

@pytest.fixture(scope="module")
def root_image(tmp_path_factory):
    """What the usual initramfs has but /init, and a marker, on ext2."""
    folder = tmp_path_factory.mktemp("root")
    with open(loftvm.BUILD / "root.cpio", "rb") as archive:
        subprocess.run(["cpio", "--quiet", "-idm", "-H", "newc", "--no-absolute-filenames"],
                       cwd=folder, stdin=archive, check=True)
    (folder / "init").unlink()
    loftvm.lay_out(folder, ROOT_FILES)
    image = disk.ext2(folder.parent / "root.img", 16, folder)
    whole = folder.parent / "root-disk.img"
    disk.partitioned(whole, 20, [1, image])
    return whole


def partuuid(image):
    table = json.loads(disk.tool("sfdisk", "--json", image))["partitiontable"]
    return table["id"].removeprefix("0x").upper() + "-02"


def start(boot, image, append, **arguments):
    machine = boot(append=f"init=/bin/sh {append}", disks=[disk.Disk(image)], **arguments)
    machine.expect(loftvm.PROMPT)
    return machine


@pytest.mark.parametrize("name", ["/dev/vda2", "254:2", "fe02", "PARTUUID"])
def test_root(boot, root_image, name):
    if name == "PARTUUID":
        name += f"={partuuid(root_image)}"
    machine = start(boot, root_image, f"root={name}")
    expect(machine, "cat /etc/marker", "on the disk")
    expect(machine, "touch /tmp/x", "Read-only file system", 1)
    expect(machine, "mount -t proc proc /proc; cat /proc/mounts",
           r"(?m)^/dev/root / ext2 ro,relatime.*\ndevtmpfs /dev devtmpfs ")
    expect(machine, "ls -d /dev/vda2 /..; cd /; cd ..; pwd", "(?m)^/$")


def test_root_writable(boot, root_image, scratch):
    image = scratch / "writable.img"
    image.write_bytes(root_image.read_bytes())
    machine = start(boot, image, "root=/dev/vda2 rootfstype=ext2 rootflags=errors=remount-ro rw rootwait")
    expect(machine, "mount -t proc proc /proc; echo more >/etc/marker; grep ' / ' /proc/mounts",
           "ext2 rw,relatime.*errors=remount-ro")
    # Root is never taken away: it becomes read-only.
    expect(machine, "umount /; touch /tmp/x", "Read-only file system", 1)
    machine.send("mount -o remount,rw /; poweroff -f\n")
    machine.wait()
    part = disk.copy_out(image, disk.partitions(image)[2], scratch / "writable-2.img")
    assert disk.e2fsck(part)[0] and disk.content(part, "/etc/marker") == b"more\n"


def test_root_by_guid(boot, root_image, scratch):
    part = disk.copy_out(root_image, disk.partitions(root_image)[2], scratch / "guid-part.img")
    image = scratch / "guid.img"
    disk.partitioned(image, 20, [part], table="gpt")
    node = json.loads(disk.tool("sfdisk", "--json", image))["partitiontable"]["partitions"][0]
    machine = start(boot, image, f"root=PARTUUID={node['uuid']}")
    expect(machine, "cat /etc/marker", "on the disk")


def test_initramfs_with_init_wins(shell, root_image):
    machine = shell(disks=[disk.Disk(root_image)], append="root=/dev/vda2")
    expect(machine, "ls /etc/marker", "No such file", 1)


def test_initramfs_without_init(boot, root_image, scratch):
    initrd = loftvm.cpio(scratch / "nothing.cpio", {"etc/other": "in memory\n"})
    machine = start(boot, root_image, "root=/dev/vda2", initrd=initrd)
    expect(machine, "cat /etc/marker; ls /etc/other", "on the disk", 1)


@pytest.mark.parametrize("append, code", [("root=/dev/vdz1", 6), ("root=/dev/vda1", 22),
                                          ("root=/dev/vda2 rootfstype=none", 19)])
def test_root_that_cannot_be_mounted(boot, root_image, append, code):
    machine = boot(append=append, disks=[disk.Disk(root_image)])
    machine.expect(r"VFS: Cannot open root device \"/dev/vd\w+\" or unknown-block", panic=True)
    machine.expect(r"fe00 +20480 vda\n", panic=True)
    machine.expect(r"fe01 +1024 vda1\n", panic=True)
    machine.expect(r"fe02 +16384 vda2\n", panic=True)
    machine.expect(rf"panic: VFS: Unable to mount root fs on unknown-block\(\d+,\d+\): error {code}",
                   panic=True)


def test_switch_root(shell, root_image):
    """What an initramfs does that looks for the root itself: busybox's switch_root needs to be
    process 1, and deletes the initramfs."""
    machine = shell(disks=[disk.Disk(root_image)], append="init=/bin/sh")
    expect(machine, "mount -t ext2 /dev/vda2 /mnt; mount -t proc proc /mnt/proc; echo $$", r"^1$")
    machine.send("exec switch_root /mnt /bin/sh\n")
    machine.expect(loftvm.PROMPT)
    expect(machine, "cat /etc/marker; cd ..; pwd", r"on the disk\n/$")
    expect(machine, "cat /proc/mounts", r"(?m)^/dev/vda2 / ext2 rw")
    expect(machine, "ls /new /init", "No such file", 1)
