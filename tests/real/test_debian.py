"""Debian's own programs as its packages have them, all dynamic, at work on the host and on Loft.

What they work on is, where possible, what the packages bring: licenses, the libraries of Perl
and Python, tcc's examples, scripts. tests/real/debian/ holds what they do with it.
"""

import re
import shutil
from pathlib import Path

import pytest

import loftvm
import sidebyside

WORK = Path(__file__).parent / "debian"
SCRIPTS = Path(__file__).parent / "scripts"
IMAGE = loftvm.ROOT / "build" / "tests" / "debian.cpio"
EXAMPLES = loftvm.ROOT / "build/i386/tcc/usr/share/doc/tcc/examples"

# Which program runs which script; the second machine has the programs that take longest.
RUNS = {
    "dash": (["/bin/dash"], WORK / "dash.sh"),
    "dash-posix": (["/bin/dash"], SCRIPTS / "posix.sh"),
    "bash": (["/bin/bash"], WORK / "bash.sh"),
    "bash-posix": (["/bin/bash", "--posix"], SCRIPTS / "posix.sh"),
    "bash-syntax": (["/bin/bash"], SCRIPTS / "bash.sh"),
    "coreutils": (["/bin/bash"], WORK / "coreutils.sh"),
    "lua": (["/usr/bin/lua"], WORK / "lua.lua"),
    "sqlite": (["/bin/sh"], WORK / "sqlite.sh"),
    "tcc": (["/bin/sh"], WORK / "tcc.sh"),
    "perl": (["/usr/bin/perl"], WORK / "perl.pl"),
    "python": (["/usr/bin/python3"], WORK / "python.py"),
}
SECOND = {"python", "perl", "lua", "bash"}


def sections():
    for name, (_, script) in RUNS.items():
        for title in sidebyside.section_names(script.read_text()):
            yield pytest.param(name, title, marks=pytest.mark.xdist_group(
                f"debian-{name in SECOND:d}"))


@pytest.fixture(scope="module")
def tree(scratch):
    folder = scratch / "debian"
    sidebyside.unpack(IMAGE, folder)
    for source in (SCRIPTS, WORK):
        shutil.copytree(source, folder / "scripts" / source.name)
    shutil.copytree(EXAMPLES, folder / "usr/share/doc/tcc/examples")
    (folder / "usr/share/doc/tcc/examples/ex1.c").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def image(tree, scratch):
    sidebyside.pack(tree, scratch / "debian.cpio")
    return scratch / "debian.cpio"


@pytest.fixture(scope="module")
def host(tree, image):
    return sidebyside.Host(tree)


@pytest.fixture(scope="module")
def guest(image, worker_id):
    machine = sidebyside.Guest(f"debian-{worker_id}", image, 512)
    yield machine
    machine.close()


@pytest.mark.parametrize("name,section", sections())
def test_program(name, section, host, guest):
    program, script = RUNS[name]
    sidebyside.compare(host, guest, program, f"/scripts/{script.parent.name}/{script.name}",
                       section)
