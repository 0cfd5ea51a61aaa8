"""The page cache and its disks: what is written to a block device or a file arrives, by request, by
age and by amount; what is read in a row is read ahead; errors are told once.
"""

import re
import subprocess
import time

import pytest

import disk
import loftvm

PROGRAM = loftvm.ROOT / "build" / "tests" / "synced_file"
DIRECT = """open direct: 0
read direct: 1048576
direct: same
write direct: 35840
cached after direct: same
size: Invalid argument
position: Invalid argument
the end: 0
"""


def expect(machine, command, text="", status=0):
    """What a command line says, and how it ends."""
    output, ended = machine.run(command)
    assert re.search(text, output) and ended == status, (command, ended, output)
    return output


def number(machine, name, file="/proc/vmstat"):
    """A figure of /proc/vmstat or /proc/meminfo."""
    return int(re.search(rf"(?m)^{name}:?\s+(\d+)", expect(machine, f"cat {file}"))[1])


def reads(machine, name="vda"):
    """Requests and sectors read so far."""
    words = re.search(rf" {name} (\d+) \d+ (\d+) ", expect(machine, "cat /proc/diskstats"))
    return int(words[1]), int(words[2])


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.3)


def synced_file(machine, path):
    """Runs the program on a device or file of 1 MB: everything the same, every way."""
    output = expect(machine, f"/mnt/synced_file {path} direct")
    assert "DIFFERS" not in output and "SHARED" not in output, output
    assert DIRECT in output.replace("\r", ""), output


@pytest.mark.parametrize("controller", ["virtio", "ahci", "piix"])
def test_block_device(shell, scratch, controller):
    """A raw device in every way; then the power goes, and the image has what was synced."""
    raw = disk.sparse(scratch / f"raw-{controller}.img", 1)
    tools = disk.ext2(scratch / f"tools-{controller}.img", 8, {"synced_file*": PROGRAM})
    machine = shell(disks=[disk.Disk(raw, controller), disk.Disk(tools, controller)])
    names = ("vda", "vdb") if controller == "virtio" else ("sda", "sdb")
    expect(machine, f"mount -t ext2 /dev/{names[1]} /mnt")
    synced_file(machine, f"/dev/{names[0]}")
    sums = expect(machine, f"sync; md5sum /dev/{names[0]}")
    expect(machine, "cat /proc/loft/ledger", r"(?m)^ok$")
    machine.power_cut()
    assert disk.tool("md5sum", raw).split()[0] in sums


@pytest.mark.parametrize("block_size", [1024, 2048, 4096])
def test_file(shell, scratch, block_size):
    """The same with a file on ext2."""
    image = disk.ext2(scratch / f"file-{block_size}.img", 16, {"synced_file*": PROGRAM}, block_size)
    machine = shell(disks=[disk.Disk(image)])
    expect(machine, "mount -t ext2 /dev/vda /mnt; dd if=/dev/zero of=/mnt/f bs=64k count=16")
    synced_file(machine, "/mnt/f")
    sums = expect(machine, "md5sum /mnt/f; umount /mnt")
    expect(machine, "cat /proc/loft/ledger", r"(?m)^ok$")
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report
    (scratch / "f").write_bytes(disk.content(image, "/f"))
    assert disk.tool("md5sum", scratch / "f").split()[0] in sums


@pytest.mark.parametrize("block_size", [1024, 4096])
def test_mappings(shell, scratch, block_size):
    """Programs about mapped files say on a disk, on a small machine, what they say on the host."""
    programs = [PROGRAM.with_name(name) for name in
                ("mm_random_file", "file_own_pages", "mm_msync", "mm_mincore", "mm_random_lock")]
    image = disk.ext2(scratch / f"mappings-{block_size}.img", 32,
                      {f"{program.name}*": program for program in programs}, block_size)
    machine = shell(disks=[disk.Disk(image)], memory=20)
    expect(machine, "mount -t ext2 /dev/vda /mnt; cd /mnt")
    for program in programs:
        on_host = subprocess.run([program], cwd=scratch, capture_output=True, text=True, check=True)
        output = expect(machine, f"./{program.name}")
        assert output.replace("\r", "") == on_host.stdout, program
    expect(machine, "cd /; umount /mnt; cat /proc/loft/ledger", r"(?m)^ok$")
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report


def test_hardly_any_dirty_pages(shell, scratch):
    """The same where whoever makes a third page dirty must write some."""
    image = disk.ext2(scratch / "hardly.img", 16, {"synced_file*": PROGRAM}, 1024)
    machine = shell(disks=[disk.Disk(image)])
    expect(machine, "mount -t ext2 /dev/vda /mnt; dd if=/dev/zero of=/mnt/f bs=64k count=16; "
           "echo 8192 >/proc/sys/vm/dirty_bytes")
    synced_file(machine, "/mnt/f")
    expect(machine, "umount /mnt; cat /proc/loft/ledger", r"(?m)^ok$")
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report


def test_little_memory(shell, scratch):
    """Files larger than memory, read and written."""
    image = disk.ext2(scratch / "little.img", 64)
    machine = shell(disks=[disk.Disk(image)], memory=24)
    expect(machine, "mount -t ext2 /dev/vda /mnt; cd /mnt")
    expect(machine, "head -c 28000000 /dev/urandom >a; cp a b; cmp a b")
    sums = expect(machine, "md5sum a b; cd /; umount /mnt; cat /proc/loft/ledger", r"(?m)^ok\r?$")
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report
    (scratch / "b").write_bytes(disk.content(image, "/b"))
    assert sums.count(disk.tool("md5sum", scratch / "b").split()[0]) == 2


def test_control(shell, scratch):
    """What a device says of itself."""
    raw = scratch / "control.img"
    disk.partitioned(raw, 8, [4])
    machine = shell(disks=[disk.Disk(raw)])
    expect(machine, "blockdev --getsz /dev/vda", r"(?m)^16384\r?$")
    expect(machine, "blockdev --getsize64 /dev/vda", r"(?m)^8388608\r?$")
    expect(machine, "blockdev --getss /dev/vda", r"(?m)^512\r?$")
    expect(machine, "blockdev --getbsz /dev/vda", r"(?m)^4096\r?$")
    expect(machine, "blockdev --getro /dev/vda", r"(?m)^0\r?$")
    expect(machine, "blockdev --getsz /dev/vda1", r"(?m)^8192\r?$")
    expect(machine, "blockdev --flushbufs /dev/vda")
    expect(machine, "blockdev --rereadpt /dev/vda; ls -l /dev/vda1", "254,   1")
    expect(machine, "exec 3</dev/vda1; blockdev --rereadpt /dev/vda", "busy", 1)
    expect(machine, "exec 3<&-; blockdev --rereadpt /dev/vda")
    expect(machine, "blockdev --setro /dev/vda; echo x >/dev/vda", "not permitted", 1)
    expect(machine, "blockdev --setrw /dev/vda; dd if=/dev/zero of=/dev/vda1 bs=1M count=9",
           "No space left", 1)
    expect(machine, "mknod /tmp/n b 77 7; cat /tmp/n", "No such device or address", 1)


def test_read_ahead(shell, scratch):
    """In a row: few large requests. Here and there: what is asked for, and no more."""
    machine = shell(disks=[disk.Disk(disk.sparse(scratch / "ahead.img", 16))])
    before = reads(machine)
    expect(machine, "dd if=/dev/vda of=/dev/null bs=4k count=2048")
    requests, sectors = (now - then for now, then in zip(reads(machine), before))
    assert 16384 <= sectors <= 16384 + 1024 and sectors / requests > 100, (requests, sectors)
    assert number(machine, "pgpgin") >= sectors / 2
    expect(machine, "blockdev --flushbufs /dev/vda")
    assert number(machine, "Buffers", "/proc/meminfo") == 0
    # One file, read here and there.
    before = reads(machine)
    expect(machine, "exec 3</dev/vda; for at in 3900 100 2500 1100 3100 700 1900 300 3500 1500; do "
           "dd bs=4k skip=$at count=1 </dev/vda of=/dev/null; done 2>&1 | tail -1; exec 3<&-")
    _, sectors = (now - then for now, then in zip(reads(machine), before))
    assert sectors == 80, sectors


def test_by_age(shell, scratch):
    """A dirty page is written when it is old enough, and not before."""
    image = disk.sparse(scratch / "age.img", 4)
    machine = shell(disks=[disk.Disk(image)])
    # The device stays open: the last close writes everything.
    expect(machine, "exec 3<>/dev/vda; echo by age >&3")
    assert number(machine, "nr_dirty") == 1 and number(machine, "Dirty", "/proc/meminfo") == 4
    time.sleep(2)
    assert image.read_bytes()[:4] == bytes(4)
    expect(machine, "cd /proc/sys/vm; echo 100 >dirty_expire_centisecs; "
           "echo 50 >dirty_writeback_centisecs")
    eventually(lambda: number(machine, "nr_dirty") == 0)
    eventually(lambda: image.read_bytes()[:6] == b"by age")


def test_by_amount(shell, scratch):
    """Beyond the lower limit pages are written, however young; beyond the upper one, by who writes."""
    machine = shell(disks=[disk.Disk(disk.sparse(scratch / "amount.img", 32))])
    expect(machine, "cd /proc/sys/vm; echo 90000 >dirty_expire_centisecs; exec 3<>/dev/vda; "
           "echo 1048576 >dirty_background_bytes; echo 4194304 >dirty_bytes")
    assert number(machine, "nr_dirty_background_threshold") == 256
    assert number(machine, "nr_dirty_threshold") == 1024
    expect(machine, "cat dirty_ratio dirty_background_ratio", r"^0\s+0\s")
    expect(machine, "dd if=/dev/zero of=/dev/vda bs=1M count=24")
    assert number(machine, "nr_dirty") <= 1024
    eventually(lambda: number(machine, "nr_dirty") <= 256)
    assert number(machine, "nr_dirtied") >= 24 * 256
    expect(machine, "echo 10 >dirty_background_ratio; cat dirty_background_bytes", r"^0\s")
    expect(machine, "sync")
    assert number(machine, "nr_dirty") == 0 and number(machine, "nr_writeback") == 0


def test_errors_are_told(shell, scratch):
    """fsync tells of a failed write, once; what could be written is there."""
    image = disk.Disk(disk.sparse(scratch / "errors.img", 4), errors=[disk.error("write", sector=80)])
    machine = shell(disks=[image])
    write = "dd if=/tmp/x of=/dev/vda bs=64k count=4 conv=notrunc,fsync"
    expect(machine, "head -c 262144 /dev/zero | tr '\\0' x >/tmp/x")
    expect(machine, f"exec 3</dev/vda; {write}", "Input/output error", 1)
    assert image.path.read_bytes()[40 * 1024:40 * 1024 + 512] == bytes(512)
    assert image.path.read_bytes()[:32 * 1024] == b"x" * (32 * 1024)
    assert image.path.read_bytes()[64 * 1024:128 * 1024] == b"x" * (64 * 1024)
    image.fail()
    expect(machine, write)
    expect(machine, "cat /proc/loft/ledger", r"(?m)^ok$")
