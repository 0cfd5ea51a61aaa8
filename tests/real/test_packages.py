"""Images with Debian packages named on the command line: what is in them, and what is said of
names that do not exist."""

import os
import subprocess

import loftvm
import pytest

pytestmark = pytest.mark.xdist_group("packages")


def run(*command):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PACKAGES")}
    return subprocess.run(command, cwd=loftvm.ROOT, env=environment, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_iso_with_packages(boot):
    made = run("make", "PACKAGES=lua5.4 sqlite3", "iso")
    assert made.returncode == 0, made.stdout
    machine = boot(iso=loftvm.BUILD / "loft-packages.iso", memory=256)
    machine.expect(r"loft:.*" + loftvm.PROMPT)
    for command, answer in {
        "lua -e 'print(6 * 7)'": "42",
        "lua5.4 -v 2>&1 | cut -c1-7": "Lua 5.4",
        "sqlite3 :memory: 'select 6 * 7'": "42",
        "ls -d /bin /sbin /lib | xargs -n 1 readlink | tr '\\n' ' '": "usr/bin usr/lib usr/sbin ",
        "readlink -f /usr/bin/lua": "/usr/bin/lua5.4",
        "readlink /bin/sh": "dash",
        "readlink -f /lib/ld-linux.so.2": "/usr/lib/i386-linux-gnu/ld-linux.so.2",
        "readlink -f /sbin/init": "/usr/bin/busybox",
        "find /usr/share/man /usr/share/doc /usr/share/locale -type f | wc -l": "0",
        "cat /proc/1/comm; tail -n 1 /proc/loft/ledger": "init\nok",
    }.items():
        output, _ = machine.run(command)
        assert output.rstrip("\n") == answer, command
    machine.send("poweroff\n")
    machine.wait()


@pytest.mark.parametrize("names,complaint", [
    ("lua5.4 no-such-package", "Debian has no i386 package named: no-such-package"),
    ("awk", "Package awk is a virtual package provided by:"),
    ("--option", "\"--option\" is not a package's name"),
    ("Lua", "\"Lua\" is not a package's name"),
])
def test_wrong_names(names, complaint, tmp_path):
    done = run("tools/initramfs.sh", str(tmp_path / "root.cpio"), *names.split())
    assert done.returncode != 0 and complaint in done.stdout, done.stdout
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_the_same_bytes_twice(tmp_path):
    for name in ("one", "two"):
        done = run("tools/initramfs.sh", str(tmp_path / name), "lua5.4")
        assert done.returncode == 0, done.stdout
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
