"""A root of Debian's programs, on the host in a chroot and on Loft as the initramfs: the same
binaries run the same scripts in both, and what they print must agree.

A script is a list of sections, each begun by a line "== NAME" of its output; a section is a case.
"""

import base64
import os
import re
import signal
import subprocess

import loftvm

ENVIRONMENT = ["PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root", "TERM=vt100", "LC_ALL=C", "TZ=UTC"]

# A line of a script that begins a section: of a shell's, or of any other language's.
SECTION = re.compile(r"""^ *(?:echo|print|say|io\.write|\.print|section)[ (]*["']== ([^"'\\]*)""",
                     re.MULTILINE)


def section_names(text):
    """The sections of a script; one without any is one."""
    return SECTION.findall(text) or ["all"]


def command(program, script):
    """The command line that runs a script in a fresh folder; its output goes to /tmp/out."""
    line = " ".join(["env", "-i", *ENVIRONMENT, *program, script])
    return (f"rm -rf /tmp/work /tmp/out; mkdir /tmp/work; cd /tmp/work; "
            f"{line} >/tmp/out 2>&1 </dev/null; echo \"[status $?]\" >>/tmp/out; cd /")


# What two runs on the same machine do not agree on: process numbers, names of temporary files.
NOISE = [(rb"(line \d+:) +\d+ ", rb"\1 PID "), (rb"/tmp/zsh\w+", b"/tmp/zshNAME"),
         (rb"/proc/self/fd/\d+", b"/proc/self/fd/N")]


def split(output):
    """The sections of a script's output by name."""
    for pattern, replacement in NOISE:
        output = re.sub(pattern, replacement, output)
    parts = re.split(rb"^== (.*)\n", output, flags=re.MULTILINE)
    result = {"all": output}
    result.update({parts[i].decode(): parts[i + 1] for i in range(1, len(parts), 2)})
    return result


def unpack(archive, folder):
    """Unpacks an initramfs into a folder that is not there yet."""
    folder.mkdir()
    with open(archive, "rb") as stream:
        subprocess.run(["cpio", "--quiet", "-idm"], cwd=folder, stdin=stream, check=True)
    assert (folder / "bin/busybox").exists(), "the image has no busybox (no network?)"


def pack(folder, archive):
    """Makes an initramfs of a folder, before a Host has put its devices there."""
    names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=folder, check=True,
                           capture_output=True).stdout
    with open(archive, "wb") as stream:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "--owner", "0:0"], cwd=folder,
                       input=names, stdout=stream, check=True)


def signals_as_at_login():
    """Who was started in the background, or by nohup, ignores signals, and so would its children."""
    for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(one, signal.SIG_DFL)


class Host:
    """Runs scripts in a chroot into a folder; each result is kept."""

    def __init__(self, tree):
        self.tree, self.results = tree, {}
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.enter = ["unshare", *user, "--mount", "--pid", "--fork",
                      f"--mount-proc={tree / 'proc'}", "chroot", str(tree)]
        for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("urandom", 9)):
            try:
                os.mknod(tree / "dev" / name, 0o020666, os.makedev(1, minor))
                os.chmod(tree / "dev" / name, 0o666)
            except PermissionError:
                (tree / "dev" / name).touch()
        (tree / "dev" / "fd").symlink_to("/proc/self/fd")

    def run(self, program, script):
        if (*program, script) not in self.results:
            subprocess.run([*self.enter, "/bin/sh", "-c", command(program, script)], check=True,
                           stdin=subprocess.DEVNULL, timeout=300, start_new_session=True,
                           preexec_fn=signals_as_at_login,
                           env={"PATH": "/bin:/sbin:/usr/bin:/usr/sbin"})
            self.results[(*program, script)] = (self.tree / "tmp" / "out").read_bytes()
        return self.results[(*program, script)]


class Guest:
    """Runs scripts on Loft, all in one machine; each result is kept."""

    def __init__(self, name, image, memory):
        self.results = {}
        self.machine = loftvm.VM(name, initrd=image, memory=memory, append="quiet loglevel=1")
        self.machine.expect(loftvm.PROMPT)

    def close(self):
        self.machine.close()

    def run(self, program, script):
        if (*program, script) not in self.results:
            self.machine.run(command(program, script), timeout=600)
            encoded, _ = self.machine.run("base64 /tmp/out", timeout=300)
            self.results[(*program, script)] = base64.b64decode(encoded)
        return self.results[(*program, script)]


def compare(host, guest, program, script, section):
    """The case itself: a section of a script's output on both."""
    on_host, on_loft = host.run(program, script), guest.run(program, script)
    expected, seen = split(on_host).get(section), split(on_loft).get(section)
    assert expected is not None, f"the host did not come to it:\n{on_host[-2000:].decode()}"
    assert seen is not None, f"Loft did not come to it:\n{on_loft[-2000:].decode()}"
    assert seen.decode("latin-1") == expected.decode("latin-1"), "Loft (left), Linux (right)"
