"""ext2 on disks: random work beside the host's own view of the image, images with wrong bytes, and
power cuts.

The programs are storage/ext2_*.c; they come on a disk of their own. For long runs:
LOFT_EXT2_OPERATIONS (of random work), LOFT_EXT2_IMAGES (wrong ones), LOFT_EXT2_CUTS. What a run does
follows from its seed, which is printed; LOFT_SEED sets it.
"""

import os
import random
import re
import shutil
import struct
import subprocess
import time

import pytest

import disk
import loftvm

PROGRAMS = loftvm.ROOT / "build" / "tests"
OPERATIONS = int(os.environ.get("LOFT_EXT2_OPERATIONS", "3000"))
IMAGES = int(os.environ.get("LOFT_EXT2_IMAGES", "40"))
CUTS = int(os.environ.get("LOFT_EXT2_CUTS", "4"))
SEED = int(os.environ.get("LOFT_SEED", str(random.randrange(1 << 31))))

# Block size, revision, and what else mke2fs is told.
KINDS = {
    "1k": (1024, 1, ()),
    "2k": (2048, 1, ()),
    "4k": (4096, 1, ()),
    "1k-revision-0": (1024, 0, ()),
    "4k-revision-0": (4096, 0, ()),
}


@pytest.fixture
def tools(images):
    """A disk with the programs."""
    files = {name: PROGRAMS / f"storage-ext2_{name}" for name in ("work", "poke", "power")}
    return disk.ext2(images / "tools.img", 8, files)


def make(path, kind, megabytes=32):
    block_size, revision, options = KINDS[kind]
    return disk.ext2(path, megabytes, block_size=block_size, revision=revision, options=options)


def manifest(folder, seed, operations=0):
    """What storage-ext2_work says on the host: after so much work, of what is there."""
    return subprocess.run([PROGRAMS / "storage-ext2_work", folder, str(seed), str(operations)],
                          check=True, capture_output=True, text=True).stdout


def names_in(text):
    """A list of files without what was said while the work was done."""
    return [line for line in text.splitlines() if line.startswith("./")]


def without_links(text):
    """A list of files without what debugfs does not copy out: links, FIFOs, modes' upper bits."""
    lines = []
    for line in text.splitlines():
        found = re.match(r"(\S+) (\d+) \d+ (\d+ [0-9a-f]{8})$", line)
        if found:
            lines.append(f"{found[1]} {found[3]}")
    return lines


def boot(storage, tools, paths, controller="virtio", **arguments):
    """A machine with these disks, the programs in /tools. The first image is machine.device."""
    disks = [disk.Disk(path, controller) for path in [tools, *paths]]
    names = disk.names(disks)
    machine = storage(disks=disks, **arguments)
    machine.device = f"/dev/{names[1]}"
    machine.must(f"mkdir -p /tools /mnt && mount -t ext2 -o ro /dev/{names[0]} /tools")
    return machine


def controller_for(number):
    """Each in turn."""
    return disk.CONTROLLERS[number % len(disk.CONTROLLERS)]


@pytest.mark.parametrize("kind", KINDS)
def test_random_work(storage, images, tools, tmp_path, kind):
    """The same list on the host, on Loft, and by debugfs of the image; e2fsck has nothing to say."""
    print(f"LOFT_SEED={SEED}")
    image = make(images / "work.img", kind, 64)
    there = tmp_path / "host"
    there.mkdir()
    expected = manifest(there, SEED, OPERATIONS)
    machine = boot(storage, tools, [image], controller_for(list(KINDS).index(kind)))
    machine.must(f"mount -t ext2 {machine.device} /mnt")
    output = machine.must(f"/tools/work /mnt {SEED} {OPERATIONS}", timeout=3600)
    assert output.splitlines() == expected.splitlines()
    machine.must("umount /mnt")
    machine.must(f"mount -t ext2 -o ro {machine.device} /mnt")
    again = machine.must(f"/tools/work /mnt {SEED} 0", timeout=600)
    assert again.splitlines() == names_in(expected)
    machine.must("umount /mnt && umount /tools")
    machine.ledger()
    clean, said = disk.e2fsck(image)
    assert clean, said
    seen = manifest(disk.tree(image, tmp_path / "debugfs"), SEED)
    assert without_links(seen) == without_links(expected)


# ---- wrong images

def spoil(path, chance):
    """Changes some bytes of an image, for the most part of what is metadata: not zero, or near the
    start."""
    with open(path, "r+b") as image:
        content = bytearray(image.read())
        left = chance.randrange(1, 60)
        while left:
            at = chance.randrange(len(content))
            if chance.random() < 0.3:
                at = 1024 + chance.randrange(60000)
            if content[at] or chance.random() < 0.02:
                content[at] = chance.randrange(256)
                left -= 1
        image.seek(0)
        image.write(content)


def wrong_image(path, template, chance):
    path.write_bytes(template.read_bytes())
    spoil(path, chance)
    return path


def template_of(images, kind):
    """A small image with something of everything."""
    files = {f"{name}/{i}": "x" * (i * 977) for name in ("one", "two/three") for i in range(12)}
    files |= {f"two/link{i}": "-> " + "y" * (i * 9 + 1) for i in range(10)}
    files |= {f"many/file-with-a-name-{i}": "" for i in range(60)}
    block_size, revision, options = KINDS[kind]
    return disk.ext2(images / f"{kind}.img", 2, files, block_size, revision, options=options)


PER_DISK = 10
DISKS = 4


@pytest.mark.parametrize("batch", range(-(-IMAGES // (PER_DISK * DISKS))))
def test_wrong_images(storage, images, tools, batch):
    """No panic, no hang, and the ledger balances, whatever is on the disk."""
    chance = random.Random(f"{SEED} {batch}")
    print(f"LOFT_SEED={SEED}, batch {batch}")
    templates = [template_of(images, kind) for kind in KINDS]
    paths, devices = [], []
    for number in range(DISKS):
        parts = [wrong_image(images / f"part{part}.img", templates[part % len(templates)], chance)
                 for part in range(PER_DISK)]
        path = images / f"disk{number}.img"
        disk.partitioned(path, 3 * PER_DISK, parts, table="gpt")
        paths.append(path)
        devices += [f"/dev/vd{'bcde'[number]}{part}" for part in range(1, PER_DISK + 1)]
    machine = boot(storage, tools, paths)
    output = machine.must(f"/tools/poke /mnt {SEED + batch} {' '.join(devices)}", timeout=1200)
    assert "all done" in output
    assert len(re.findall(r"^/dev/vd\S+: \d+ steps", output, re.MULTILINE)) > len(devices) / 4
    machine.must("umount /tools")
    machine.ledger()


# ---- power cuts

def promises(text):
    """What the program had promised by then: {file: (size, checksum, paths)}."""
    kept = {}
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        # The last line may have been cut off.
        if not line.endswith("\n"):
            continue
        words = line.split()
        assert words and words.pop(0) == str(number), f"not line {number}: {line}"
        if words[0] == "P" and len(words) == 5:
            kept[words[1]] = (int(words[2]), words[3], [words[4]])
        elif words[0] == "M" and len(words) == 3 and words[1] in kept:
            kept[words[1]][2].append(words[2])
        elif words[0] == "V" and len(words) == 2:
            kept.pop(words[1], None)
        assert words[0] != "E", line
    return kept


@pytest.mark.parametrize("cut", range(CUTS))
def test_power_cut(storage, images, tools, tmp_path, cut):
    """The power goes at some moment: e2fsck repairs it, and what fsync promised is there."""
    chance = random.Random(f"{SEED} {cut}")
    print(f"LOFT_SEED={SEED}, cut {cut}")
    kind = list(KINDS)[cut % len(KINDS)]
    image = make(images / "power.img", kind, 16)
    machine = boot(storage, tools, [image], controller_for(cut))
    machine.must(f"mount -t ext2 {machine.device} /mnt")
    if cut % 2:     # the task that writes back is at it all the time
        machine.must("echo 5 >/proc/sys/vm/dirty_writeback_centisecs; "
                     "echo 1 >/proc/sys/vm/dirty_expire_centisecs")
    machine.machine.send(f"/tools/power /mnt {SEED + cut}\n")
    machine.machine.expect(r"^0 begin\n")
    start = machine.machine.at
    end = time.monotonic() + chance.uniform(0.3, 8)
    while time.monotonic() < end:
        machine.machine.listen(end - time.monotonic())
    machine.machine.power_cut()
    kept = promises(machine.machine.text[start:])
    cut_off = shutil.copyfile(image, images / "cut-off.img")
    whole, said = disk.repair(image)
    assert whole, said
    listed = dict(re.match(r"\./(\S+) \d+ \d+ (\d+ [0-9a-f]{8})$", line).groups()
                  for line in manifest(disk.tree(image, tmp_path / "after"), 1).splitlines()
                  if re.match(r"\./(\S+) \d+ \d+ \d+ [0-9a-f]{8}$", line))
    assert kept, "the machine was cut off before it could promise anything"
    for size, checksum, paths in kept.values():
        assert f"{size} {checksum}" in [listed.get(path) for path in paths], \
            (disk.keep(cut_off, f"power-{cut}"), paths, size, checksum, said)


# ---- what is allowed and refused

LIMITS = """\
name of 256: ENAMETOOLONG
name of 255: 0
no room in a name: ENOENT
link of 59: 59
link of 60: 60
link of block - 1, made: 0
link of block, made: ENAMETOOLONG
largest: {largest}
larger: EFBIG
write at the end: EFBIG
write over the end: 1
sectors of one block at the end: 4
data in the last block: 1
shrink: 0
sectors: 0
write behind a hole: 4
data at block: 20
hole at: 0
hole behind, end: 4
data behind the end: ENXIO
blocks: 2
block size: 1
nanoseconds: 0
too many links: EMLINK
links: 32000
get: 0
flags: 0
set immutable: 0
open for writing: EPERM
unlink: EPERM
chmod: EPERM
link: EPERM
set append: 0
open for writing: EPERM
truncate: EPERM
append: 1
ftruncate: EPERM
no longer append: EPERM
map: EACCES
rename: EPERM
set nodump: 0
fallocate: EOPNOTSUPP
exchange: EINVAL
no replacing: EEXIST
rename: 0
not empty: ENOTEMPTY
over a full one: ENOTEMPTY
over an empty one: 0
chown: 0
device: 0
large device: 0
fifo: 0
full: ENOSPC
another: 0
as much again: 1
statvfs: {block} {blocks} {inodes}
"""

LOOK = """\
owned: 70000 80000
device: 20600 4 64
large device: 60600 259 70000
fifo: 10600
linked: 32000
link of 59: EEXIST
flags: 0
"""

# The largest file: what three levels of pointers reach, and what a count of 512-byte sectors in 32
# bits can say (Linux, fs/ext2/super.c).
LARGEST = {1024: 17247252480, 2048: 275415851008, 4096: 2196873666560}


def overhead(path, block_size):
    """Blocks that statfs does not count, from what dumpe2fs says of the groups."""
    said = disk.tool("dumpe2fs", path)
    blocks = 1 if block_size == 1024 else 0
    for group in said.split("\nGroup ")[1:]:
        for first, last in re.findall(r"(?:Group descriptors|Inode table) at (\d+)-(\d+)", group):
            blocks += int(last) - int(first) + 1
        # One of these alone has no range; a copy of the superblock; two bitmaps.
        blocks += len(re.findall(r"Group descriptors at \d+\b(?!-)", group))
        blocks += len(re.findall(r"superblock at", group)) + 2
    return blocks


@pytest.mark.parametrize("block_size", LARGEST)
def test_limits(storage, images, block_size):
    """Sizes, names, links, flags, holes, device numbers, and room, as Linux has them."""
    tools = disk.ext2(images / "tools.img", 4, {"limits": PROGRAMS / "storage-ext2_limits"})
    image = disk.ext2(images / "limits.img", 24, block_size=block_size, options=("-N", "6144"))
    uncounted = overhead(image, block_size)
    machine = boot(storage, tools, [image])
    machine.must("mount -t ext2 /dev/vdb /mnt")
    output = machine.must("/tools/limits /mnt make", timeout=600)
    assert output == LIMITS.format(largest=LARGEST[block_size], block=block_size, inodes=6144,
                                   blocks=(24 << 20) // block_size - uncounted)
    machine.must("umount /mnt && mount -t ext2 -o ro /dev/vdb /mnt")
    assert machine.must("/tools/limits /mnt look") == LOOK
    machine.must("umount /mnt")
    free = int(re.search(r"^Free blocks: +(\d+)", disk.tool("dumpe2fs", "-h", image),
                         re.MULTILINE)[1])
    machine.must("mount -t ext2 -o ro /dev/vdb /mnt")
    assert int(machine.must("stat -f -c %f /mnt")) == free
    machine.must("umount /mnt && umount /tools")
    machine.ledger()
    clean, said = disk.e2fsck(image)
    assert clean, said


def test_features(storage, images):
    """Unknown features that forbid it are refused, and named; those that allow reading are read."""
    extents = disk.ext2(images / "extents.img", 4, options=("-O", "extents"))
    huge = disk.ext2(images / "huge.img", 4, {"file": "content"}, options=("-O", "huge_file"))
    none = disk.sparse(images / "none.img", 4)
    machine = storage(disks=[disk.Disk(path) for path in (extents, huge, none)])
    output, status = machine.run("mkdir -p /mnt; mount -t ext2 /dev/vda /mnt")
    assert status and "Invalid argument" in output, output
    machine.must("dmesg | grep 'ext2: vda: .*feature extent'")
    machine.must("mount -t ext2 /dev/vdb /mnt && grep '/mnt ext2 ro' /proc/mounts")
    assert machine.must("cat /mnt/file") == "content"
    output, status = machine.run("echo more >/mnt/file")
    assert status and "Read-only" in output, output
    output, status = machine.run("mount -o remount,rw /mnt")
    assert status, output
    machine.must("umount /mnt")
    output, status = machine.run("mount -t ext2 /dev/vdc /mnt")
    assert status and "Invalid argument" in output, output
    output, status = machine.run("mount -t ext2 -o nonsense /dev/vdb /mnt")
    assert status and "Invalid argument" in output, output


# ---- directories without an end

def endless_directory(path):
    """An image whose directory d is as large as one can be: a million times the same block."""
    image = disk.ext2(path, 1024, {"f": b"x" * 3072}, block_size=1024, options=("-N", "128"))
    disk.run_tool("debugfs", "-w", "-R", "mkdir d", image)
    block = int(disk.debugfs(image, "blocks /d").split()[-1])
    pointers = [int(word) for word in disk.debugfs(image, "blocks /f").splitlines()[-1].split()]
    with open(image, "r+b") as file:
        for at, to in zip(pointers, [block] + pointers):
            file.seek(at * 1024)
            file.write(struct.pack("<I", to) * 256)
    fields = {f"block[{i}]": block for i in range(12)}
    fields |= dict(zip(("block[IND]", "block[DIND]", "block[TIND]"), pointers), size=1 << 30)
    commands = "".join(f"set_inode_field /d {name} {value}\n" for name, value in fields.items())
    disk.tool("debugfs", "-w", "-f", "-", image, script=commands)
    return image


@pytest.mark.parametrize("command", ["stat /mnt/d/none", "mkdir /mnt/d/new", "rmdir /mnt/d",
                                     "tool names /mnt/d"])
def test_endless_directory(storage, images, command):
    """Who looks through it lets others run, and can be killed."""
    image = endless_directory(images / "ext2")
    machine = storage(memory=64, disks=[disk.Disk(image)])
    machine.must("mount -t ext2 /dev/vda /mnt")
    output = machine.must(f"({command} >/dev/null 2>&1 & sleep 0.2; kill -9 $!; wait $!; echo $?) "
                          "2>/dev/null")
    assert output == "137\n"
    machine.must("umount /mnt")
    machine.ledger()


# ---- where files lie

def runs(image, name):
    """How many runs of neighbouring blocks a file lies in, its indirect ones among them."""
    blocks = [int(block) for block in disk.debugfs(image, f"blocks {name}").split()
              if block.isdigit()]
    assert blocks, name
    return 1 + sum(behind != before + 1 for before, behind in zip(blocks, blocks[1:]))


@pytest.mark.parametrize("block_size", [1024, 4096])
def test_files_lie_together(storage, images, block_size):
    """One that is written alone, several that are written in turn, and small ones: each in few runs.
    What is kept for a file while it is written is there for others when nothing else is."""
    image = disk.ext2(images / "ext2", 64, block_size=block_size, options=("-m", "0"))
    machine = storage(memory=64, disks=[disk.Disk(image)])
    machine.must("mount -t ext2 /dev/vda /mnt; cd /mnt; tool weave 16384 alone; "
                 "tool weave 8192 a b c; mkdir d; for i in 1 2 3 4 5 6 7 8 9; do "
                 "cp /etc/passwd d/$i; done; sync; cd /", timeout=120)
    assert runs(image, "/alone") <= 6
    for name in ("/a", "/b", "/c"):
        assert runs(image, name) <= 24, name
    first = [int(disk.debugfs(image, f"blocks /d/{i}").splitlines()[-1].split()[0])
             for i in range(1, 10)]
    assert first == list(range(first[0], first[0] + 9))
    # All that is free, by two whose windows would keep the last blocks from each other.
    output, status = machine.run("tool weave 65536 /mnt/x /mnt/y", timeout=120)
    assert status == 1 and "No space left on device" in output, output
    machine.run("dd if=/dev/zero of=/mnt/z bs=1k")
    assert machine.must("df -k /mnt | tail -n 1").split()[-3] == "0"
    machine.must("umount /mnt")
    good, output = disk.e2fsck(image)
    assert good, output
    machine.ledger()
