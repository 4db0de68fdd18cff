"""The control groups of runs: one of each run's own, below one of all runs of the host."""

import contextlib
import errno
import fcntl
import os
import re
import time
import uuid

import limits

ROOT = "/sys/fs/cgroup"
TOGETHER = "slipway-scripts"
# The first to go when the host runs out of memory.
OOM_SCORE = 1000
# Another run takes away what is empty as it ends, or just before this one holds it, and may do so again.
ATTEMPTS = 10
# A process that has ended is in its group until the kernel has switched to another: microseconds, on Linux 6.18.
RELEASE_S, RETRY_S = 1, 0.001


def put(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def hierarchies():
    """(directory of all runs' group, its settings, those of one run's) for the control groups of either version that the host has."""
    tasks, memory = (limits.TASKS_TOGETHER, limits.TASKS), (limits.memory_bytes_together(), limits.memory_bytes())
    if os.path.exists(f"{ROOT}/cgroup.controllers"):
        put(f"{ROOT}/cgroup.subtree_control", "+memory +pids")
        together, own = ({"pids.max": t, "memory.max": m} for t, m in zip(tasks, memory))
        return [(f"{ROOT}/{TOGETHER}", {**together, "cgroup.subtree_control": "+memory +pids"}, own)]
    first = {"pids": ("pids.max", tasks), "memory": ("memory.limit_in_bytes", memory)}
    return [
        (f"{ROOT}/{name}/{TOGETHER}", {file: all_runs}, {file: one})
        for name, (file, (all_runs, one)) in first.items()
        if os.path.isdir(f"{ROOT}/{name}")
    ]


def settle(directory, settings):
    os.makedirs(directory, exist_ok=True)
    for name, value in settings.items():
        put(f"{directory}/{name}", value)


def held(directory):
    """A descriptor that keeps a group from being swept, as long as this process lives; raises if another holds it."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def sweep(together):
    """Takes away what runs that were killed left: groups that nobody holds and nothing is in."""
    for name in os.listdir(together):
        if os.path.isdir(f"{together}/{name}"):
            with contextlib.suppress(OSError):
                fd = held(f"{together}/{name}")
                try:
                    os.rmdir(f"{together}/{name}")
                finally:
                    os.close(fd)


def killed_for_memory(directory):
    """How many processes of a group the kernel ended since it was made."""
    for name in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(FileNotFoundError), open(f"{directory}/{name}", encoding="ascii") as file:
            found = re.search(r"^oom_kill (\d+)$", file.read(), re.M)
            return int(found[1]) if found else 0
    return 0


def remove(directory):
    """Takes away a group whose processes have ended; if the kernel keeps one in there for longer than was ever seen, the next run does."""
    deadline = time.monotonic() + RELEASE_S
    while time.monotonic() < deadline:
        try:
            return os.rmdir(directory)
        except OSError as error:
            if error.errno != errno.EBUSY:
                return None
            time.sleep(RETRY_S)  # Nothing tells when it is empty: version 1 has no event for that.
    return None


class Group:
    """What one run may take. Without control groups the limits that its processes set themselves are all that keeps it from more."""

    def __init__(self, pid):
        self.name, self.held = uuid.uuid4().hex, {}
        put(f"/proc/{pid}/oom_score_adj", OOM_SCORE)
        failure = None
        for _ in range(ATTEMPTS):
            try:
                return self._join(pid)
            except (FileNotFoundError, BlockingIOError) as error:
                failure = error
                self._let_go()
            except OSError as error:
                failure = error
                break
        print(f"no control group for the script: {failure}", flush=True)

    def _join(self, pid):
        for together, all_runs, own in hierarchies():
            directory = f"{together}/{self.name}"
            settle(together, all_runs)
            sweep(together)
            os.makedirs(directory, exist_ok=True)
            self.held[directory] = held(directory)
            settle(directory, own)
            put(f"{directory}/cgroup.procs", pid)

    def _let_go(self):
        while self.held:
            os.close(self.held.popitem()[1])

    def release(self):
        """Takes the groups away, now that nothing is in them; returns how many processes the kernel ended for want of memory."""
        killed = sum(map(killed_for_memory, self.held))
        for directory in self.held:
            remove(directory)
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(directory))
        self._let_go()
        return killed


def why_killed(count):
    """Says to a template author what became of processes that the kernel ended."""
    own, together = limits.memory_bytes() // limits.MIB, limits.memory_bytes_together() // limits.MIB
    return f"the kernel ended {count} of its processes for want of memory: a script has {own} MiB, all of a node together {together} MiB"
