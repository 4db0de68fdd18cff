"""Bounds on what a template author's program may take from the host."""

import contextlib
import os
import resource

# All sandboxes of a host together, where the host has control groups. One debootstrap takes some 40 processes and 300 MiB.
GROUP = "slipway-scripts"
TASKS = 1024
# Of the host's memory, but not less than the second: pages of files that the script writes count too, and give way.
MEMORY_SHARE, MEMORY_BYTES = 0.125, 1024**3

# Each process; root outside is not bound by the count of processes, so that only the sandbox runs out of them.
LIMITS = (
    (resource.RLIMIT_NPROC, TASKS),
    (resource.RLIMIT_NOFILE, 4096),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MEMLOCK, 64 * 1024),
    (resource.RLIMIT_MSGQUEUE, 0),
)
# The first to go when the host runs out of memory.
OOM_SCORE = 1000
ATTEMPTS = 3


def confine_self():
    """What the sandbox and all that it starts cannot raise again."""
    for kind, most in LIMITS:
        resource.setrlimit(kind, (most, most))


def memory_bytes():
    return max(MEMORY_BYTES, int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * MEMORY_SHARE))


def groups():
    """(directory of the group, its settings) for the control groups of either version that the host has."""
    root = "/sys/fs/cgroup"
    if os.path.exists(f"{root}/cgroup.controllers"):
        put(f"{root}/cgroup.subtree_control", "+memory +pids")
        return [(f"{root}/{GROUP}", {"pids.max": TASKS, "memory.max": memory_bytes()})]
    first = {"pids": {"pids.max": TASKS}, "memory": {"memory.limit_in_bytes": memory_bytes()}}
    return [(f"{root}/{name}/{GROUP}", values) for name, values in first.items() if os.path.isdir(f"{root}/{name}")]


def put(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def join(pid):
    for directory, values in groups():
        os.makedirs(directory, exist_ok=True)
        for name, value in {**values, "cgroup.procs": pid}.items():
            put(f"{directory}/{name}", value)


def confine(pid):
    """Bounds a process from outside. Without control groups the limits of `confine_self` are all that keeps it from more."""
    put(f"/proc/{pid}/oom_score_adj", OOM_SCORE)
    failure = None
    for _ in range(ATTEMPTS):
        try:
            return join(pid)
        except FileNotFoundError as error:  # Another run that ended took the empty group away.
            failure = error
        except OSError as error:
            failure = error
            break
    print(f"no control group for the script: {failure}", flush=True)


def release():
    """Takes the group away if nothing is in it any more."""
    for directory, _ in groups():
        with contextlib.suppress(OSError):
            os.rmdir(directory)
