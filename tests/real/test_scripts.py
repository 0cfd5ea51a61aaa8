"""Debian's own shells and busybox, each running its script on the host and on Loft.

The host runs the very same i386 binaries, in a chroot that holds what the image holds. Their
output must agree byte for byte; each section of a script ("== NAME") is a case.
"""

import shutil
from pathlib import Path

import pytest

import loftvm
import sidebyside

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

def sections():
    """(run, section) for each section of each script."""
    for name, (_, script) in RUNS.items():
        for title in sidebyside.section_names((SCRIPTS / script).read_text()):
            yield name, title


@pytest.fixture(scope="module")
def tree(scratch):
    """A folder with all that the image holds, for the host to chroot into."""
    folder = scratch / "tree"
    sidebyside.unpack(loftvm.BUILD / "root.cpio", folder)
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
    sidebyside.pack(tree, path)
    return path


@pytest.fixture(scope="module")
def host(tree, image):
    return sidebyside.Host(tree)


@pytest.fixture(scope="module")
def guest(image, worker_id):
    machine = sidebyside.Guest(f"scripts-{worker_id}", image, 128)
    yield machine
    machine.close()


@pytest.mark.parametrize("name,section", [
    pytest.param(name, section, marks=pytest.mark.xdist_group(
        "applets" if name == "busybox" else "shells"))
    for name, section in sections()])
def test_script(name, section, host, guest):
    program, script = RUNS[name]
    sidebyside.compare(host, guest, program, f"/scripts/{script}", section)
