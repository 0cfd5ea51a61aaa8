"""Scripted gdb sessions: QEMU is gdb's child and waits before its first instruction; a Python
script runs inside gdb and hands back what it saw as JSON."""
import fcntl
import json
import os
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL_VMA = int(os.environ.get("KERNEL_VMA", "0xC0000000"), 16)


def kernel_image(kernel_vma=KERNEL_VMA):
    """The kernel for this base, built if need be."""
    setting = f"0x{kernel_vma:08X}"
    build = "build" if kernel_vma == 0xC0000000 else f"build/vma-{setting}"
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with open(os.path.join(ROOT, "build", ".make.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # tests may run side by side
        subprocess.run(["make", "-s", f"KERNEL_VMA={setting}", f"{build}/loft.elf"], cwd=ROOT,
                       env=environment, stdout=sys.stderr, check=True)
    return os.path.join(ROOT, build, "loft.elf")


def run(script, image, folder, qemu=(), append="console=ttyS0", serial=True, seconds=60,
        **environment):
    """Runs tests/gdb/`script` in gdb with QEMU at the loader's first instruction. What the script
    gives to `report` (see inside.py) comes back; folder gets serial.log, unless there is to be no
    serial port. More named arguments are environment variables for the script."""
    report = folder / "report.json"
    command = ["setsid", "qemu-system-i386", "-accel", "tcg", "-m", "64", "-nic", "none", "-S",
               "-gdb", "stdio", "-display", "none", "-serial",
               f"file:{folder}/serial.log" if serial else "none",
               "-kernel", image, "-append", f"'{append}'", "-pidfile", f"{folder}/qemu.pid",
               *qemu]
    environment = dict(os.environ, **environment, LOFT_QEMU=" ".join(command), LOFT_REPORT=str(report),
                       PYTHONPATH=HERE)
    try:
        done = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", "-x", os.path.join(ROOT, "tools/gdb/start.py"),
             "-x", os.path.join(HERE, script), image],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=seconds)
    finally:
        end_process(folder / "qemu.pid")
    assert done.returncode == 0 and report.exists(), done.stdout
    return json.loads(report.read_text())


def end_process(pidfile):
    """QEMU ends with gdb, but not when gdb had to be killed; it removes its file when it ends."""
    if pidfile.exists():
        os.kill(int(pidfile.read_text()), signal.SIGKILL)
