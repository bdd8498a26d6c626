"""Which files a command opens for writing, and whom it connects to: told by the kernel.

``strace`` follows every process that the command starts. Where it is missing or not allowed,
Python's own audit hooks take its place: they see every process that runs Python, but not what
compiled libraries do by themselves. ``METHOD`` says which of the two is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_CALLS = (
    "open,openat,openat2,creat,connect,sendto,sendmsg,sendmmsg,rename,renameat,renameat2,"
    "mkdir,mkdirat,link,linkat,symlink,symlinkat"
)
_HOOK = """
import os, sys

def _told(event, given):
    if event == "open":
        path, mode, flags = given
        if isinstance(path, (str, bytes)) and (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _say("wrote", os.path.abspath(os.fsdecode(path)))
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
        path = given[0] if event == "os.mkdir" else given[1]
        _say("wrote", os.path.abspath(os.fsdecode(path)))
    elif event in ("socket.connect", "socket.getaddrinfo"):
        where = given[1] if event == "socket.connect" else given[0]
        if not isinstance(where, (str, bytes)) or event == "socket.getaddrinfo":
            _say("called", repr(where))

def _say(what, which):
    os.write(_log, f"{what} {which}\\n".encode("utf-8", "surrogateescape"))

_log = os.open(os.environ["TRACED_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
sys.addaudithook(_told)
"""


@dataclass
class Trace:
    """What was seen.

    Attributes:
        code: the command's exit code.
        said: what it wrote on its standard error.
        wrote: files and folders opened for writing, made, or renamed into place.
        called: addresses that were connected or sent to, other than this machine's own sockets.
    """

    code: int
    said: str
    wrote: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)

    def outside(self, *allowed: Path) -> list[str]:
        """Files that were written elsewhere than below ``allowed``."""
        homes = [str(path.resolve()) for path in allowed]
        return sorted(
            name
            for name in self.wrote
            if not any(name == home or name.startswith(f"{home}/") for home in homes)
            and not name.startswith(_NO_FILES)
        )


_NO_FILES = ("/dev/null", "/dev/tty", "/dev/pts/", "/proc/self/", "/proc/thread-self/")
"""What is opened for writing and keeps nothing."""


@cache
def method() -> str:
    """``strace`` where it runs, else ``audit hooks``."""
    path = shutil.which("strace")
    if path is None:
        return "audit hooks"
    tried = subprocess.run([path, "-f", "-o", os.devnull, "true"], capture_output=True, check=False)
    return "strace" if tried.returncode == 0 else "audit hooks"


def traced(command: list[str], environment: dict[str, str], folder: Path, within: float) -> Trace:
    """Run a command and see what it writes and whom it calls.

    Args:
        command: the program with its arguments.
        environment: all of its environment variables.
        folder: for the trace itself.
        within: seconds after which it is given up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "trace"
    if method() == "strace":
        before = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-s", "4096", "-o", str(log)]
        before += ["-e", f"trace={_CALLS}"]
        done = _run([*before, *command], environment, within)
        read = _of_strace
    else:
        hooks = folder / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
        path = os.pathsep.join([str(hooks), environment.get("PYTHONPATH", "")])
        done = _run(command, {**environment, "PYTHONPATH": path, "TRACED_LOG": str(log)}, within)
        read = _of_hooks
    found = Trace(done.returncode, done.stderr)
    read(log, found)
    found.wrote.discard(str(log))
    return found


def _run(
    command: list[str], environment: dict[str, str], within: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=within, check=False
    )


_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_PATH = re.compile(
    r'(?:AT_FDCWD<((?:[^>\\]|\\.)*)>|\d+<((?:[^>\\]|\\.)*)>|AT_FDCWD)?(?:, )?"((?:[^"\\]|\\.)*)"'
)
_OWN = re.compile(r"sa_family=AF_(UNIX|NETLINK)")


def _whole_lines(log: Path) -> list[str]:
    """The calls, those that another process interrupted joined again."""
    begun: dict[str, str] = {}
    lines = []
    for line in log.read_text(errors="replace").splitlines():
        if line.endswith("<unfinished ...>"):
            begun[line.split(" ", 1)[0]] = line.removesuffix("<unfinished ...>").rstrip()
        elif resumed := _RESUMED.match(line):
            lines.append(begun.pop(resumed[1], "") + resumed[2])
        else:
            lines.append(line)
    return lines


def _of_strace(log: Path, found: Trace) -> None:
    for line in _whole_lines(log):
        call = _LINE.match(line)
        if call is None:
            continue
        name, given, result = call[1], call[2], int(call[3])
        if name in {"connect", "sendto", "sendmsg", "sendmmsg"}:
            # A call that failed was made all the same.
            if "sa_family=AF_" in given and not _OWN.search(given):
                found.called.add(given.split("sa_family=")[1][:120])
        elif result >= 0:
            writes = name not in {"open", "openat", "openat2"} or re.search(
                r"O_(WRONLY|RDWR|CREAT)", given
            )
            paths = list(_PATH.finditer(given))
            if writes and paths:
                found.wrote.add(_absolute(paths[-1]))


def _absolute(path: re.Match[str]) -> str:
    base = path[1] or path[2] or "/"
    return os.path.normpath(os.path.join(base, path[3]))  # noqa: PTH118 - names as the kernel has them


def _of_hooks(log: Path, found: Trace) -> None:
    for line in log.read_text(errors="replace").splitlines():
        what, _, which = line.partition(" ")
        (found.wrote if what == "wrote" else found.called).add(which)


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    """What a user's machine has and a CI machine has not: a home of its own, and no ``CI``."""
    home, spare = folder / "home", folder / "spare"
    for made in (home, spare):
        made.mkdir(parents=True, exist_ok=True)
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("CI", "ORT_", "RAY_", "HF_", "XDG_", "GITHUB_"))
    }
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(spare),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
