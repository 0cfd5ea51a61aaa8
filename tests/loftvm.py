"""Loft in QEMU, driven as a person would: its serial console, its keyboard, its screen.

A VM is started by its constructor, watched for kernel panics in whatever is waited for, and
ended by close(). Everything that the serial line said is kept in build/test-logs/NAME.log.

Also here: newc archives, made with cpio or, for archives that lie, byte by byte.
"""

import json
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import disk

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("LOFT_BUILD", "build")
LOGS = BUILD / "test-logs"
KERNEL = BUILD / "loft.elf"

# What a test waits for comes within seconds. A slow, loaded machine gets ten times as long.
PATIENCE = 120

# isa-debug-exit makes QEMU exit with (value << 1) | 1; the kernel's self-tests write 0x10.
SELFTEST_PASSED = 0x10 << 1 | 1

PANIC = re.compile(r"^.{0,40}\bpanic: .*$", re.IGNORECASE | re.MULTILINE)

# A shell's prompt. busybox asks the terminal where its cursor is when it does not know its size.
PROMPT = r"[#$] (\x1b\[6n)?\Z"


class LoftError(AssertionError):
    """What was waited for did not come; the message ends with what came instead."""


class LoftPanic(LoftError):
    """The kernel panicked."""


class LoftExit(LoftError):
    """QEMU ended while something was still waited for."""


def free_name(name):
    """A file name made of a test's name."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", name).strip("-")


class Channel:
    """A socket that QEMU connects to, so that nothing it says is lost."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.socket = None

    def accept(self, process):
        deadline = time.monotonic() + PATIENCE
        while not select.select([self.listener], [], [], 0.1)[0]:
            if process.poll() is not None or time.monotonic() > deadline:
                raise LoftError(f"QEMU did not start (exit code {process.returncode})")
        self.socket = self.listener.accept()[0]
        self.listener.close()

    def close(self):
        for one in (self.socket, self.listener):
            if one:
                one.close()


class Qmp:
    """QEMU's machine protocol, one command at a time."""

    def __init__(self, channel):
        self.file = channel.socket.makefile("rw")
        self.file.readline()  # the greeting
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise LoftExit(f"QEMU ended before it answered {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise LoftError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


class VM:
    """A machine with Loft on it.

    name     of the log
    kernel   ELF for -kernel; with initrd and append beside it
    iso      boots this CD through the firmware instead
    firmware boots through the firmware from what these arguments of QEMU's make
    memory   in megabytes
    disks    disk.Disk each; without a machine, they say which one it is
    machine, cpu, vga, qemu   QEMU's -M, -cpu, -vga and the program
    extra    more arguments for QEMU
    """

    def __init__(self, name, kernel=None, initrd=None, append="", iso=None, firmware=(),
                 memory=64, machine=None, cpu=None, vga="std", qemu="qemu-system-i386", disks=(),
                 extra=()):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log_path = LOGS / f"{free_name(name)}.log"
        self.raw = ""       # all that the serial line said
        self.text = ""      # the same without carriage returns
        self.at = 0         # what is before was matched already
        self.checked = 0    # no panic before that
        self.folder = tempfile.mkdtemp(prefix="loft-")
        self.serial = Channel(self.folder, "serial")
        control = Channel(self.folder, "qmp")
        command = [
            qemu, "-accel", "tcg", "-M", machine or disk.machine_for(disks), "-m", str(memory), "-nodefaults",
            "-vga", vga, "-display", "none", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-chardev", f"socket,id=serial,path={self.serial.path},server=off",
            "-serial", "chardev:serial",
            "-chardev", f"socket,id=qmp,path={control.path},server=off",
            "-mon", "chardev=qmp,mode=control",
        ]
        if cpu:
            command += ["-cpu", cpu]
        if iso:
            command += ["-cdrom", str(iso)]
        elif firmware:
            command += list(firmware)
        else:
            command += ["-kernel", str(kernel or KERNEL),
                        "-append", f"console=ttyS0 panic=-1 {append}".strip()]
            if initrd:
                command += ["-initrd", str(initrd)]
        command += disk.arguments(disks)
        self.disks = disks
        for one in disks:
            one.machine = self
        command += [str(argument) for argument in extra]
        self.log = open(self.log_path, "wb")
        self.log.write((" ".join(command) + "\n").encode())
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        try:
            self.serial.accept(self.process)
            control.accept(self.process)
            self.qmp = Qmp(control)
        except BaseException:
            self.close()
            raise
        self.control = control

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.serial.close()
        if hasattr(self, "control"):
            self.control.close()
        for one in self.disks:
            one.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def power_cut(self):
        """Ends QEMU at once, whatever it is doing; the images of its disks stay as they are."""
        self.process.kill()
        self.process.wait()
        while self.listen(0.1):
            pass

    # --- listening

    def _complain(self, kind, what):
        tail = self.text[-3000:]
        raise kind(f"{what}\n--- the serial line, last part ({self.log_path}):\n{tail}")

    def listen(self, seconds):
        """Takes in what the serial line says within so many seconds. False at its end."""
        if not select.select([self.serial.socket], [], [], max(seconds, 0))[0]:
            return True
        try:
            data = self.serial.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.log.write(data)
        self.log.flush()
        text = data.decode("utf-8", "replace")
        self.raw += text
        self.text += text.replace("\r", "")
        return bool(data)

    def _check_panic(self):
        # From a little before what is new: a machine that says much is not to wait for its reader.
        start, self.checked = max(0, self.checked - 1000), len(self.text)
        if not PANIC.search(self.text, start):
            return
        end = time.monotonic() + 3  # for the registers and the backtrace
        while time.monotonic() < end and self.listen(end - time.monotonic()):
            pass
        panic = PANIC.search(self.text)
        raise LoftPanic(f"kernel panic ({self.log_path}):\n"
                        f"{self.text[max(0, panic.start() - 500):panic.end() + 3000]}")

    def expect(self, pattern, timeout=PATIENCE, panic=False):
        """Waits until the regular expression matches behind what was matched before.

        Returns the match. Fails at a kernel panic, unless panic is what is waited for.
        """
        compiled = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + timeout
        alive = True
        while True:
            match = compiled.search(self.text, self.at)
            if match:
                self.at = match.end()
                return match
            if not panic:
                self._check_panic()
            if not alive:
                self._complain(LoftExit, f"QEMU ended ({self.process.wait()}) "
                               f"while waiting for {pattern!r}")
            if time.monotonic() >= deadline:
                self._complain(LoftError, f"no {pattern!r} within {timeout} s")
            alive = self.listen(deadline - time.monotonic())

    def wait(self, timeout=PATIENCE, panic=False):
        """Waits until QEMU has ended. Returns its exit code."""
        deadline = time.monotonic() + timeout
        while self.listen(deadline - time.monotonic()):
            if time.monotonic() >= deadline:
                self._complain(LoftError, f"QEMU did not end within {timeout} s")
        if not panic:
            self._check_panic()
        return self.process.wait(max(1, deadline - time.monotonic()))

    # --- typing

    def send(self, text):
        """Types on the serial line. A line ends with what the Enter key sends: \\r."""
        self.serial.socket.sendall(text.replace("\n", "\r").encode())

    def run(self, command, timeout=PATIENCE):
        """Runs a command line at a shell's prompt. Returns its output and exit status."""
        # The marks are typed in two parts, so that the echo of the line does not match.
        self.send(f"echo @be''gin; {command}; echo @en''d $?\n")
        self.expect(r"^@begin\n", timeout)
        start = self.at
        end = self.expect(r"@end (\d+)\n", timeout)
        self.expect(PROMPT, timeout)
        return self.text[start:end.start()], int(end[1])

    def key(self, *keys):
        """Presses keys of the PS/2 keyboard together, by QEMU's names ("ctrl", "c")."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": key} for key in keys])

    # --- looking

    def monitor(self, command):
        """A command of QEMU's own monitor, such as `info registers` or `xp /4x 0x1000`."""
        return self.qmp("human-monitor-command", **{"command-line": command})

    def screenshot(self, name):
        """The screen as build/test-logs/NAME.png."""
        path = LOGS / f"{free_name(name)}.png"
        self.qmp("screendump", filename=str(path), format="png")
        return path


# --- archives

def lay_out(folder, files):
    """Makes files in a folder: {path: content}, where the content is bytes or text, a Path
    to copy, a string after "->" for a symbolic link, or None for a folder. A path that ends
    in * is executable; programs (Paths) are so anyway."""
    for name, content in files.items():
        executable = name.endswith("*") or isinstance(content, Path)
        path = Path(folder) / name.rstrip("*").lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        elif isinstance(content, Path):
            shutil.copyfile(content, path)
        elif isinstance(content, str) and content.startswith("->"):
            path.symlink_to(content[2:].strip())
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        if executable and not path.is_symlink():
            path.chmod(0o755)


def cpio(path, files):
    """Makes an ordinary newc archive with cpio. files as in lay_out. Returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loft-") as folder:
        for name in ("dev", "proc", "tmp"):
            (Path(folder) / name).mkdir()
        lay_out(folder, files)
        names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=folder, check=True,
                               capture_output=True).stdout
        with open(path, "wb") as archive:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "--owner", "0:0"],
                           cwd=folder, input=names, stdout=archive, check=True)
    return path


def cpio_with(path, archive, files):
    """Makes an archive of what is in another one and more files, which come behind. Returns the
    path."""
    behind = cpio(Path(path).with_suffix(".more"), files).read_bytes()
    before = Path(archive).read_bytes()
    end = before.rindex(b"TRAILER!!!") - 110  # behind the header of its entry
    Path(path).write_bytes(before[:end] + behind)
    return Path(path)


def newc_entry(name, data=b"", mode=0o100755, **fields):
    """One entry of a newc archive as bytes. Any header field can be made to lie: magic, ino,
    mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor,
    namesize, check."""
    name = name.encode() + b"\0"
    header = dict(ino=1, mode=mode, uid=0, gid=0, nlink=1, mtime=0, filesize=len(data),
                  devmajor=0, devminor=0, rdevmajor=0, rdevminor=0, namesize=len(name),
                  check=0)
    magic = fields.pop("magic", b"070701")
    header.update(fields)
    raw = magic + b"".join(b"%08X" % (value & 0xffffffff) for value in header.values())
    raw += name
    raw += b"\0" * (-len(raw) % 4)
    return raw + data + b"\0" * (-len(data) % 4)


def newc_end():
    return newc_entry("TRAILER!!!", mode=0)
