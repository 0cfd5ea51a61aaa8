"""The console as a person uses it: editing keys, Ctrl-C, Ctrl-D, Ctrl-Z, the keyboard, poweroff."""

import time

import loftvm


def test_prompt_obeys(shell):
    machine = shell()
    output, status = machine.run("echo $((6 * 7)); false")
    assert (output, status) == ("42\n", 1)


def test_erase_and_kill_keys(shell):
    """In canonical mode the terminal itself edits the line: backspace, Ctrl-U, Ctrl-W."""
    machine = shell()
    machine.send("cat\n")
    time.sleep(1)
    machine.send("abX\x7fc\n")
    machine.expect(r"\nabc\n")
    machine.send("nothing\x15all new\n")
    machine.expect(r"\nall new\n")
    machine.send("one two\x17three\n")
    machine.expect(r"\none three\n")
    machine.send("\x04")
    machine.expect(loftvm.PROMPT)


def test_interrupt_quit_and_end_of_file(shell):
    machine = shell()
    machine.send("sleep 1000\n")
    time.sleep(1)
    machine.send("\x03")
    machine.expect(loftvm.PROMPT)
    output, _ = machine.run("echo after $?")
    assert output == "after 130\n" or output.startswith("after"), output
    machine.send("sleep 1000\n")
    time.sleep(1)
    machine.send("\x1c")
    machine.expect(loftvm.PROMPT)
    machine.send("cat >/tmp/typed\n")
    time.sleep(1)
    machine.send("typed text\n\x04")
    machine.expect(loftvm.PROMPT)
    assert machine.run("cat /tmp/typed") == ("typed text\n", 0)


def test_job_control(shell):
    machine = shell()
    machine.send("sleep 1000\n")
    time.sleep(1)
    machine.send("\x1a")
    machine.expect(r"\[1\]\+ +Stopped")
    machine.expect(loftvm.PROMPT)
    machine.send("bg\n")
    machine.expect(loftvm.PROMPT)
    output, _ = machine.run("jobs")
    assert "Running" in output
    machine.send("fg\n")
    time.sleep(1)
    machine.send("\x03")
    machine.expect(loftvm.PROMPT)
    output, _ = machine.run("jobs; echo none")
    assert output == "none\n"
    # A job in the background may not read the terminal. (/dev/console it may, as on Linux.)
    machine.send("cat </dev/tty &\n")
    machine.expect(loftvm.PROMPT)
    time.sleep(1)
    output, _ = machine.run("jobs; kill %1; fg >/dev/null")
    assert "Stopped" in output, output


def test_large_paste(shell):
    """As much as is typed ahead arrives, in order."""
    machine = shell()
    machine.send("stty -echo; cat >/tmp/pasted; stty echo\n")
    time.sleep(1)
    lines = [f"{number} " + "x" * 60 for number in range(400)]
    for start in range(0, len(lines), 20):
        machine.send("\n".join(lines[start:start + 20]) + "\n")
        machine.listen(0.05)
    machine.send("\x04")
    machine.expect(loftvm.PROMPT)
    output, _ = machine.run("wc -l </tmp/pasted; tail -n 1 /tmp/pasted")
    assert output.split("\n")[0].strip() == "400" and lines[-1] in output, output


def test_keyboard(boot):
    """Keys of the PS/2 keyboard reach the shell on the screen."""
    machine = boot(initrd=loftvm.BUILD / "root.cpio", append="console=tty0 quiet")
    machine.expect(r"ttyS0|.", timeout=60)
    time.sleep(10)
    keys = {" ": "spc", "\n": "ret", "/": "slash", ".": "dot"}
    for character in "echo k":
        machine.key(keys.get(character, character))
        time.sleep(0.05)
    machine.key("shift", "e")  # a capital, by a modifier
    for character in "y ":
        machine.key(keys.get(character, character))
        time.sleep(0.05)
    machine.key("shift", "dot")  # >
    for character in "/dev/tty":
        machine.key(keys.get(character, character))
        time.sleep(0.05)
    machine.key("shift", "s")
    machine.key("0")
    machine.key("ret")
    machine.expect(r"kEy")


def test_poweroff(shell):
    machine = shell()
    machine.send("poweroff\n")
    assert machine.wait() == 0


def test_reboot(shell):
    """-no-reboot makes QEMU end where the machine would start again."""
    machine = shell()
    machine.send("reboot\n")
    assert machine.wait() == 0


def test_own_shell(shell):
    """Without busybox there are our own init and shell."""
    machine = shell(initrd=loftvm.BUILD / "root-own.cpio", memory=16)
    assert "no busybox" in machine.text
    machine.send("echo 'a  b' | cat > /tmp/f ; cat < /tmp/f ; twopages\n")
    machine.expect(r"\na  b\n")
    machine.expect(r"seen: +a resident set of 2 pages")
    machine.send("cat\n")
    time.sleep(1)
    machine.send("\x03")
    machine.expect(r"signal 2")
    machine.send("poweroff\n")
    assert machine.wait() == 0
