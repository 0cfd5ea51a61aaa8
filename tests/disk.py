"""Disks for the machines of the tests: images, and how they are attached.

An image is an ordinary file, made by the host's own tools (mke2fs, mkswap, sfdisk). A Disk says
which image and on what controller; VM(..., disks=[...]) attaches them in that order:

    piix           the IDE controller of -M pc             sda, sdb, ... up to four
    ahci           the AHCI controller of -M q35           sda, sdb, ... up to six
    virtio         virtio-blk, the modern interface alone  vda, vdb, ...
    virtio-legacy  virtio-blk, the legacy interface alone  vda, vdb, ...

A disk can be made to err (errors=, for sectors, kinds of requests, once or for ever) and to stop
answering at any moment (Disk.stick, Disk.unstick; stuck_disk makes one for either kind of
controller). VM.power_cut() is what it says; the image then
holds what the host was given until then.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import loftvm
import nbd

CONTROLLERS = ("piix", "ahci", "virtio", "virtio-legacy")
SECTOR = 512
MEGABYTE = 1 << 20

# Where Debian has what administers disks; an ordinary user's PATH may not say so.
TOOLS_PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def run_tool(*command, script=None):
    """Runs a tool of the host, with this as its input: its exit status and output, both kinds."""
    done = subprocess.run([str(word) for word in command], input=script or "", check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=dict(os.environ, PATH=TOOLS_PATH, LC_ALL="C"))
    return done.returncode, done.stdout


def tool(*command, script=None):
    """The same, for what must end with 0. Returns the output."""
    status, output = run_tool(*command, script=script)
    assert status == 0, f"{command}: {status}\n{output}"
    return output


# --- images

def sparse(path, megabytes):
    """An image of zeros that takes no room until it is written. Returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as image:
        image.truncate(int(megabytes * MEGABYTE))
    return path


def ext2(path, megabytes, files=None, block_size=4096, revision=1, label="", options=()):
    """An image with ext2, as mke2fs makes it. Returns the path.

    files    what is in it: loftvm.lay_out's files, or the path of a folder to copy
    options  more for mke2fs: ("-O", "^resize_inode"), ("-N", "1000"), ("-E", "revision=0")
    """
    path = sparse(path, megabytes)
    with tempfile.TemporaryDirectory(prefix="loft-") as folder:
        if isinstance(files, dict):
            loftvm.lay_out(folder, files)
        elif files:
            folder = files
        tool("mke2fs", "-q", "-F", "-t", "ext2", "-b", block_size, "-r", revision, "-L", label,
             "-E", "root_owner=0:0", *(("-d", folder) if files else ()), *options, path)
    return path


def swap(path, megabytes, label=None, uuid=None, options=()):
    """An image with a swap area, as mkswap makes it. Returns the path."""
    path = sparse(path, megabytes)
    path.chmod(0o600)
    tool("mkswap", "-q", *(("-L", label) if label else ()), *(("-U", uuid) if uuid else ()),
         *options, path)
    return path


class Partition:
    """Where a partition lies, in sectors."""

    def __init__(self, number, start, size):
        self.number, self.start, self.size = number, start, size


def partitioned(path, megabytes, parts, table="dos"):
    """An image with a partition table, as sfdisk makes it. Returns {number: Partition}.

    table    "dos" (MBR) or "gpt"
    parts    one for each partition: its size in megabytes; or the path of an image that is copied
             into it; or what sfdisk takes, such as "size=10MiB, type=82", "type=5" (the rest, as
             an extended one)
    """
    path = sparse(path, megabytes)
    lines, contents = [f"label: {table}"], {}
    for number, part in enumerate(parts, 1):
        if isinstance(part, Path):
            contents[number] = part
            part = part.stat().st_size // MEGABYTE
        lines.append(part if isinstance(part, str) else f"size={part}MiB")
    tool("sfdisk", "--quiet", path, script="\n".join(lines) + "\n")
    found = partitions(path)
    # sfdisk numbers logical partitions from 5 on: what is copied goes by the order of the lines.
    for number, part in zip(found, range(1, len(parts) + 1)):
        if part in contents:
            copy_in(path, found[number].start, contents[part])
    return found


def partitions(path):
    """{number: Partition} of an image, as sfdisk reads it."""
    dump = json.loads(tool("sfdisk", "--json", path))["partitiontable"]
    return {int(re.search(r"\d+$", part["node"])[0]):
            Partition(int(re.search(r"\d+$", part["node"])[0]), part["start"], part["size"])
            for part in dump.get("partitions", [])}


def copy_in(path, start, content):
    """Copies an image into another one, from sector `start` on; holes stay holes."""
    with open(path, "r+b") as image, open(content, "rb") as source:
        for at in range(0, os.path.getsize(content), MEGABYTE):
            block = source.read(MEGABYTE)
            if block.strip(b"\0"):
                image.seek(start * SECTOR + at)
                image.write(block)


def copy_out(path, partition, to):
    """A partition as an image of its own. Returns its path."""
    with open(path, "rb") as image, open(to, "wb") as part:
        image.seek(partition.start * SECTOR)
        for _ in range(0, partition.size * SECTOR, MEGABYTE):
            left = partition.size * SECTOR - part.tell()
            block = image.read(min(MEGABYTE, left))
            if block.strip(b"\0"):
                part.write(block)
            else:
                part.seek(len(block), os.SEEK_CUR)
        part.truncate(partition.size * SECTOR)
    return Path(to)


# --- the host's view of an image with ext2

def e2fsck(path):
    """Checks an image and changes nothing: whether all is well, and what e2fsck says."""
    status, output = run_tool("e2fsck", "-fn", path)
    return status == 0, output


def repair(path):
    """Lets e2fsck repair all that it can (-fy): whether all is well now, and what it says."""
    status, output = run_tool("e2fsck", "-fy", path)
    return status in (0, 1) and e2fsck(path)[0], output


def debugfs(path, *commands):
    """What debugfs says to commands such as "stat /file" or "ls -l /"."""
    return tool("debugfs", "-f", "-", path, script="\n".join(commands) + "\n")


def content(path, name):
    """The content of a file in the image, as the host finds it."""
    with tempfile.TemporaryDirectory(prefix="loft-") as folder:
        debugfs(path, f'dump "{name}" {folder}/content')
        return (Path(folder) / "content").read_bytes()


def tree(path, folder, name="/"):
    """Copies what is in the image into a folder. Returns it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    debugfs(path, f'rdump "{name}" {folder}')
    return Path(folder)


# --- disks of a machine

class Disk:
    """An image on a controller, and what goes wrong with it.

    errors       what goes wrong from the start: a list of error()'s; see fail() for later
    served       by nbd.Server: it can be silent on any controller, and then errs in no other way
    write_cache  whether the disk says that it has one, so that the machine must flush
    options      more for QEMU's -device: ("serial=ABC", "physical_block_size=4096")
    """

    def __init__(self, path, controller="virtio", errors=(), served=False, write_cache=True,
                 read_only=False, options=()):
        assert controller in CONTROLLERS, controller
        self.path, self.controller, self.errors = Path(path), controller, list(errors)
        self.served, self.server = served, None
        self.write_cache, self.read_only, self.options = write_cache, read_only, list(options)
        self.machine = None
        self.id = None      # of the node in QEMU's graph
        self.layers = 0     # of errors there were

    @property
    def kind(self):
        return "virtio" if self.controller.startswith("virtio") else "ata"

    def _errors(self, image):
        """A layer above the image that errs; each has a name of its own."""
        self.layers += 1
        return {"driver": "blkdebug", "image": image, "inject-error": self.errors,
                "node-name": f"{self.id}-errors{self.layers}"}

    def _top(self, below):
        """The uppermost layer, in which requests can get stuck."""
        return {"driver": "throttle", "node-name": self.id, "throttle-group": f"{self.id}-group",
                "read-only": self.read_only, "file": below}

    def _blockdev(self):
        if self.served:
            self.folder = tempfile.TemporaryDirectory(prefix="loft-")
            path = f"{self.folder.name}/disk"
            self.server = nbd.Server(self.path, path)
            return {"driver": "nbd", "node-name": self.id,
                    "server": {"type": "unix", "path": path}}
        image = {"driver": "file", "filename": str(self.path), "node-name": f"{self.id}-file",
                 "read-only": self.read_only}
        return self._top(self._errors(image) if self.errors else image)

    def arguments(self, number, place):
        """QEMU's, for the machine's disk of this number, at this place of its controller."""
        self.id = f"disk{number}"
        device = {"piix": "ide-hd", "ahci": "ide-hd"}.get(self.controller, "virtio-blk-pci")
        words = [device, f"drive={self.id}", f"id={self.id}-device",
                 "rerror=report,werror=report", f"write-cache={'on' if self.write_cache else 'off'}"]
        if self.controller == "virtio":
            words.append("disable-legacy=on,disable-modern=off")
        elif self.controller == "virtio-legacy":
            words.append("disable-legacy=off,disable-modern=on")
        else:
            words.append(place)
        return ["-object", f"throttle-group,id={self.id}-group",
                "-blockdev", json.dumps(self._blockdev()),
                "-device", ",".join(words + self.options)]

    def fail(self, *errors):
        """From now on these rules are what goes wrong; with none, all is well."""
        self.errors = list(errors)
        below = f"{self.id}-file"
        if errors:
            layer = self._errors(below)
            self.machine.qmp("blockdev-add", **layer)
            below = layer["node-name"]
        self.machine.qmp("blockdev-reopen", options=[self._top(below)])

    def stick(self):
        """From now on nothing that is asked of the disk is ever answered; without a server, the
        next request still is, which no limit keeps back."""
        if self.served:
            self.server.be_silent(True)
        else:
            self._limit(1)

    def unstick(self):
        """It answers again, also what was asked meanwhile: a machine that stops lets it all out."""
        if self.served:
            self.server.be_silent(False)
            return
        self._limit(0)
        self.machine.qmp("stop")
        self.machine.qmp("cont")

    def slow_down(self, requests_a_second):
        """From now on it does no more than so many; 0: as many as it can."""
        self.machine.qmp("qom-set", path=f"/objects/{self.id}-group", property="limits",
                         value={"iops-total": requests_a_second})

    def close(self):
        """The machine has ended."""
        if self.server:
            self.server.close()
            self.folder.cleanup()

    def _limit(self, bytes_a_second):
        self.machine.qmp("qom-set", path=f"/objects/{self.id}-group", property="limits",
                         value={"bps-total": bytes_a_second, "iops-total": bytes_a_second})


def stuck_disk(path, controller="virtio"):
    """A disk that stick() works for while the machine resets it: not a throttled one on controllers
    for whose reset QEMU waits until there is nothing to do (nbd.py)."""
    return Disk(path, controller, served=controller in ("piix", "ahci"))


def error(kind="read", sector=None, once=False, errno=5):
    """A rule for Disk's errors: requests of this kind ("read", "write", "flush") that touch the
    sector (None: any) fail with EIO (ENOSPC: 28), the first one alone or each."""
    rule = {"event": "none", "iotype": kind, "once": once, "errno": errno, "immediately": False}
    if sector is not None:
        rule["sector"] = sector
    return rule


# Not the places where -cdrom puts the drive that firmware boots from.
PLACES = {"piix": ["bus=ide.0,unit=0", "bus=ide.0,unit=1", "bus=ide.1,unit=1"],
          "ahci": ["bus=ide.0", "bus=ide.1", "bus=ide.3", "bus=ide.4", "bus=ide.5"]}


def machine_for(disks):
    """QEMU's -M for them."""
    kinds = {disk.controller for disk in disks}
    assert not {"piix", "ahci"} <= kinds, "piix is pc's controller, ahci is q35's"
    return "q35" if "ahci" in kinds else "pc"


def arguments(disks):
    """QEMU's, for all disks of a machine."""
    words, used = [], {"piix": 0, "ahci": 0}
    for number, disk in enumerate(disks):
        place = None
        if disk.controller in used:
            place = PLACES[disk.controller][used[disk.controller]]
            used[disk.controller] += 1
        words += disk.arguments(number, place)
    return words


def names(disks):
    """The names in /dev of a machine's disks, in order."""
    counts, found = {"ata": 0, "virtio": 0}, []
    for disk in disks:
        prefix = {"ata": "sd", "virtio": "vd"}[disk.kind]
        found.append(prefix + "abcdefghijkl"[counts[disk.kind]])
        counts[disk.kind] += 1
    return found


def keep(path, name):
    """Copies an image to build/test-logs, for who looks into a failure. Returns the copy's path."""
    to = loftvm.LOGS / f"{loftvm.free_name(name)}.img"
    return Path(shutil.copyfile(path, to))
