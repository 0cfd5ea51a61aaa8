"""tools/bench.py measures every row that it lists, and profiles one. What the figures are is for
`make bench` to show: no test compares them."""

import os
import subprocess

import loftvm

SECONDS = 300


def bench(*options):
    done = subprocess.run([loftvm.ROOT / "tools" / "bench.py", "--build", loftvm.KERNEL.parent,
                           *options], capture_output=True, text=True, timeout=SECONDS,
                          env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_row_is_measured():
    text = bench("--loft-only")
    listed = [line.split("|")[0].strip()
              for line in (loftvm.ROOT / "tools/bench/rows.txt").read_text().splitlines()
              if line and not line.startswith("#")]
    shown = {words[0]: words[1] for words in map(str.split, text.splitlines()) if len(words) > 1}
    assert [name for name in listed if name not in shown] == []
    assert all(float(shown[name].replace(",", "")) > 0 for name in listed)
    assert "how it grows" in text


def test_profile_names_the_kernels_functions():
    text = bench("--profile", "null_getppid")
    assert "syscall_entry" in text and "sys_getppid" in text
    assert "iret" in bench("--profile", "null_getppid", "--of", "return")
