"""Debian's own shells and busybox, each running its script on the host and on Loft.

The host runs the very same i386 binaries, in a chroot that holds what the image holds. Their
output must agree byte for byte; each section of a script ("== NAME") is a case.
"""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import loftvm

SCRIPTS = Path(__file__).parent / "scripts"
PACKAGES = loftvm.ROOT / "build" / "i386"

# Programs that the image gets beside busybox: the path in it, and in the packages.
PROGRAMS = {
    "/bin/bash-static": "bash-static/bin/bash-static",
    "/bin/zsh-static": "zsh-static/bin/zsh-static",
    "/bin/sash": "sash/bin/sash",
    "/bin/lksh": "mksh/bin/lksh",
    "/bin/mksh-klibc": "mksh/usr/lib/klibc/bin/mksh",
    "/bin/mksh-diet": "mksh/usr/lib/diet/bin/mksh",
    "/bin/mksh-musl": "mksh/usr/lib/i386-linux-musl/bin/mksh",
    "/usr/lib/klibc/bin/sh": "klibc-utils/usr/lib/klibc/bin/sh",
}

# Which program runs which script.
RUNS = {
    "busybox": (["/bin/busybox", "sh"], "applets.sh"),
    "busybox-ash": (["/bin/busybox", "ash"], "posix.sh"),
    "klibc-sh": (["/usr/lib/klibc/bin/sh"], "posix.sh"),
    "mksh-klibc": (["/bin/mksh-klibc"], "posix.sh"),
    "mksh-diet": (["/bin/mksh-diet"], "posix.sh"),
    "mksh-musl": (["/bin/mksh-musl"], "posix.sh"),
    "lksh": (["/bin/lksh"], "posix.sh"),
    "bash-posix": (["/bin/bash-static"], "posix.sh"),
    "bash": (["/bin/bash-static"], "bash.sh"),
    "zsh-posix": (["/bin/zsh-static", "--emulate", "sh"], "posix.sh"),
    "zsh": (["/bin/zsh-static", "-f"], "zsh.sh"),
    "sash": (["/bin/sash", "-f"], "sash.sh"),
}

ENVIRONMENT = ["PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root", "TERM=vt100", "LC_ALL=C", "TZ=UTC"]


def command(name, script_folder="/scripts"):
    """The command line that runs a script in a fresh folder; its output goes to /tmp/out."""
    program, script = RUNS[name]
    line = " ".join(["env", "-i", *ENVIRONMENT, *program, f"{script_folder}/{script}"])
    return (f"rm -rf /tmp/work /tmp/out; mkdir /tmp/work; cd /tmp/work; "
            f"{line} >/tmp/out 2>&1 </dev/null; echo \"[status $?]\" >>/tmp/out; cd /")


def sections():
    """(run, section) for each section of each script; a script without any is one."""
    for name, (_, script) in RUNS.items():
        titles = re.findall(r'^echo "== (.*)"$', (SCRIPTS / script).read_text(), re.MULTILINE)
        for title in titles or ["all"]:
            yield name, title


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


@pytest.fixture(scope="module")
def tree(scratch):
    """A folder with all that the image holds, for the host to chroot into."""
    folder = scratch / "tree"
    folder.mkdir()
    with open(loftvm.BUILD / "root.cpio", "rb") as archive:
        subprocess.run(["cpio", "--quiet", "-idm"], cwd=folder, stdin=archive, check=True)
    assert (folder / "bin/busybox").exists(), "the image has no busybox (no network?)"
    for target, source in PROGRAMS.items():
        (folder / target[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGES / source, folder / target[1:])
    (folder / "lib").mkdir(exist_ok=True)
    for library in (PACKAGES / "libklibc/lib").iterdir():
        shutil.copy(library, folder / "lib")
    shutil.copytree(SCRIPTS, folder / "scripts")
    return folder


@pytest.fixture(scope="module")
def image(tree, scratch):
    """The tree as an initramfs."""
    path = scratch / "real.cpio"
    names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=tree, check=True,
                           capture_output=True).stdout
    with open(path, "wb") as archive:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "--owner", "0:0"], cwd=tree,
                       input=names, stdout=archive, check=True)
    return path


@pytest.fixture(scope="module")
def host(tree, image):
    """A function that runs a script on the host; the result is kept."""
    results = {}
    enter = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "--pid",
             "--fork", f"--mount-proc={tree / 'proc'}", "chroot"]
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        try:
            os.mknod(tree / "dev" / name, 0o020666, os.makedev(1, minor))
            os.chmod(tree / "dev" / name, 0o666)
        except PermissionError:
            (tree / "dev" / name).touch()
    (tree / "dev" / "fd").symlink_to("/proc/self/fd")

    def run(name):
        if name not in results:
            subprocess.run([*enter, tree, "/bin/sh", "-c", command(name)], check=True,
                           stdin=subprocess.DEVNULL, timeout=300, start_new_session=True,
                           env={"PATH": "/bin:/sbin:/usr/bin:/usr/sbin"})
            results[name] = (tree / "tmp" / "out").read_bytes()
        return results[name]

    return run


@pytest.fixture(scope="module")
def guest(image, worker_id):
    """A function that runs a script on Loft; the result is kept. All share a machine."""
    results = {}
    with loftvm.VM(f"scripts-{worker_id}", initrd=image, memory=128,
                   append="quiet loglevel=1") as machine:
        machine.expect(loftvm.PROMPT)

        def run(name):
            if name not in results:
                machine.run(command(name), timeout=600)
                encoded, _ = machine.run("base64 /tmp/out", timeout=300)
                results[name] = base64.b64decode(encoded)
            return results[name]

        yield run


@pytest.mark.parametrize("name,section", [
    pytest.param(name, section, marks=pytest.mark.xdist_group(
        "applets" if name == "busybox" else "shells"))
    for name, section in sections()])
def test_script(name, section, host, guest):
    expected = split(host(name)).get(section)
    assert expected is not None, f"the host did not come to it:\n{host(name)[-2000:]}"
    seen = split(guest(name)).get(section)
    assert seen is not None, f"Loft did not come to it:\n{guest(name)[-2000:].decode()}"
    assert seen.decode("latin-1") == expected.decode("latin-1"), "Loft (left), Linux (right)"
