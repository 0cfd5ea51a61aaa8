"""Debian's dynamic programs at the terminal, as a person uses them: bash's line editing and job
control, the prompts of lua, sqlite3 and python, top's screen, dash, a script that is interrupted."""

import time

import loftvm
import pytest

IMAGE = loftvm.ROOT / "build" / "tests" / "debian.cpio"
pytestmark = pytest.mark.xdist_group("procps")


@pytest.fixture(scope="module")
def machine():
    with loftvm.VM("prompts", initrd=IMAGE, memory=512, append="quiet loglevel=1") as machine:
        machine.expect(loftvm.PROMPT)
        yield machine


def converse(machine, start, prompt, talk, leave="\x04"):
    """Starts a program, types each line at its prompt, expects the answer, and leaves it."""
    machine.send(start + "\n")
    machine.expect(prompt)
    for line, answer in talk:
        machine.send(line + "\n")
        machine.expect(answer)
        machine.expect(prompt)
    machine.send(leave)
    machine.expect(loftvm.PROMPT)
    assert machine.run("echo still $((40 + 2))") == ("still 42\n", 0)


def test_bash_edits_lines(machine):
    machine.send("echo wrong\x01\x1bfX\x05 end\n")  # start of line, a word on, end of line
    machine.expect(r"\r?\n?echoX: command not found|bash: echoX: command not found")
    machine.expect(loftvm.PROMPT)
    machine.send("echo first line\n")
    machine.expect(r"\nfirst line\n")
    machine.expect(loftvm.PROMPT)
    machine.send("\x1b[A\x7f\x7f\x7f\x7fpage\n")  # the line before, its last word another
    machine.expect(r"\nfirst page\n")
    machine.expect(loftvm.PROMPT)
    machine.send("cat /etc/hostn\t\n")  # completed to the only name that begins so
    machine.expect(r"\nloft\n")
    machine.expect(loftvm.PROMPT)
    machine.send("\x12first l\n")  # searched for backwards
    machine.expect(r"\nfirst line\n")
    machine.expect(loftvm.PROMPT)


def test_bash_job_control(machine):
    machine.send("sleep 1000\n")
    time.sleep(2)
    machine.send("\x1a")
    machine.expect(r"\[1\]\+ +Stopped +sleep 1000")
    machine.expect(loftvm.PROMPT)
    assert "Running" in machine.run("bg; jobs")[0]
    machine.send("fg\n")
    time.sleep(2)
    machine.send("\x03")
    machine.expect(loftvm.PROMPT)
    machine.send("echo ended with $?\n")
    machine.expect(r"\nended with 130\n")
    machine.expect(loftvm.PROMPT)
    machine.send("python3 -c 'input()' </dev/tty &\n")
    machine.expect(loftvm.PROMPT)
    for _ in range(20):
        time.sleep(1)
        if "Stopped" in machine.run("jobs")[0]:
            break
    else:
        pytest.fail("a job in the background that reads the terminal is stopped")
    machine.run("kill -9 %1; wait")


def test_interrupted_script(machine):
    machine.run("printf '%s\\n' 'trap \"echo caught; exit 9\" INT' 'echo ready' "
                "'while :; do sleep 0.2; done' >/tmp/loop")
    machine.send("dash /tmp/loop\n")
    machine.expect(r"\nready\n")
    machine.send("\x03")
    machine.expect(r"caught\n")
    machine.expect(loftvm.PROMPT)
    machine.send("echo ended with $?\n")
    machine.expect(r"\nended with 9\n")
    machine.expect(loftvm.PROMPT)


def test_lua(machine):
    converse(machine, "lua", r"> \Z", [("=6*7", r"\n42\n"), ("x = {} for i=1,3 do x[i]=i*i end", ""),
                                       ("=table.concat(x, ' ')", r"\n1 4 9\n"),
                                       ("error('no')", r"stdin:1: no\n")])


def test_sqlite(machine):
    converse(machine, "sqlite3 /tmp/a.db", r"sqlite> \Z",
             [("create table t(a, b);", ""), ("insert into t values(1, 'one'), (2, 'two');", ""),
              ("select * from t order by a desc;", r"\n2\|two\n1\|one\n"),
              (".tables", r"\nt *\n"), ("selekt;", r"syntax error")])


def test_python(machine):
    converse(machine, "python3", r">>> \Z",
             [("2 ** 100", r"\n1267650600228229401496703205376\n"), ("import os; os.getpid() > 1", r"\nTrue\n"),
              ("1 / 0", r"ZeroDivisionError: division by zero\n")])


def test_dash(machine):
    converse(machine, "PS1='dash> ' dash -i", r"dash> \Z",
             [("echo $((6 * 7))", r"\n42\n"), ("sleep 0.1 & wait; echo waited", r"waited\n")])


def test_top_on_the_screen(machine):
    machine.send("top -d 1\n")
    machine.expect(r"Tasks:")
    machine.expect(r"PID USER")
    machine.expect(r"bash")
    machine.send("M")
    machine.expect(r"MiB Mem")
    machine.send("q")
    machine.expect(loftvm.PROMPT)
    assert machine.run("echo still $((40 + 2))") == ("still 42\n", 0)
