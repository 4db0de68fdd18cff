#!/usr/bin/python3
"""install.py < JOB.json, as PID 1 of a private mount and PID namespace

Mounts the job's disks, runs one function of its script confined (sandbox.py), copies boot files to the job's `outDir` and
leaves there `result.json`: {"ok": true, "boot": null | {"initrd": bool, "cmdline": text}} or {"ok": false, "why": text}.
The script's output goes to standard output. Safe to repeat; killed at any moment it leaves no mount, process or loop device.

Exit status: 0 the script ran, well or not; otherwise the host could not run it, with the reason on standard error.
"""

import json
import os
import shutil
import signal
import stat
import sys

import namespaces
import sandbox
from disks import Mounts
from groups import why_killed
from workspace import OUT_BYTES, WORK, begin

TARGET = "/target"


class ScriptFault(Exception):
    """What the script left is not what it may leave."""


def show_images(directory, userns):
    """Read-only; readable whoever owns them where the host's file system can do that."""
    if not directory or not os.path.isdir(directory):
        return
    try:
        namespaces.bind(directory, f"{WORK}/images", userns=userns, readonly=True)
    except OSError:
        namespaces.bind(directory, f"{WORK}/images", readonly=True)


def show_disks(job, mounts, userns):
    """Arguments of bwrap for the disks: mounted ones below TARGET, those without filesystem as /disks/<disk id>."""
    argv = ["--dir", TARGET]
    for disk in job["disks"]:
        if disk["mountpoint"]:
            path = mounts.mount(disk)
            shown = f"{WORK}/target/{disk['disk_id']}"
            mounts.show(path, shown, userns)
            argv += ["--dev-bind", shown, os.path.normpath(TARGET + "/" + os.path.relpath(path, mounts.root))]
        elif not disk["filesystem"]:
            argv += ["--dev-bind", mounts.file(disk), f"/disks/{disk['disk_id']}"]
    return argv


def well_formed(report):
    """The report, if it is one: the script could have written it itself."""
    if report["ok"] is not True:
        return {"ok": False, "why": str(report["why"])}
    boot = report["boot"]
    return {"ok": True, "boot": boot and {"initrd": bool(boot["initrd"]), "cmdline": str(boot["cmdline"])}}


def report_of(pipe, status):
    """What the script said of itself, or what became of its process."""
    try:
        return well_formed(json.loads(pipe.read(1 << 16)))
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    code = os.waitstatus_to_exitcode(status)
    ended = signal.Signals(code - 128).name if code > 128 and code - 128 in signal.valid_signals() else f"exit status {code}"
    return {"ok": False, "why": f"the script's process ended without returning from {{entry}}() ({ended})"}


def run(job, mounts):
    """Runs the script; everything it started has ended when this returns."""
    order = os.memfd_create("order")
    os.write(order, json.dumps({key: job[key] for key in ("script", "entry", "kwargs")}).encode())
    os.lseek(order, 0, os.SEEK_SET)
    said, say = os.pipe()
    box = sandbox.Sandbox([order, 1, 1, say], sandbox.network(WORK))
    os.close(say)
    show_images(job.get("imagesDir"), box.userns)
    argv = show_disks(job, mounts, box.userns)
    argv += ["--ro-bind", f"{WORK}/images", "/images", "--dev-bind", f"{WORK}/out", "/run/slipway/out"]
    for name in ("guest.py", "inside.py"):
        shutil.copyfile(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), f"{WORK}/{name}")
        argv += ["--ro-bind", f"{WORK}/{name}", f"/run/slipway/{name}"]
    status = box.start(WORK, ["/usr/bin/python3", "/run/slipway/guest.py"], argv)
    with os.fdopen(said, "r", encoding="utf-8", errors="replace") as pipe:
        report = report_of(pipe, status)
    if not report["ok"]:
        report["why"] = report["why"].replace("{entry}", job["entry"])
        if box.killed_for_memory:
            report["why"] += f"; {why_killed(box.killed_for_memory)}"
    return report


def take(name, out_dir):
    """Copies one boot file out; never what a link made by the script points at, never more than there was room for."""
    try:
        source = os.open(f"{WORK}/out/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ScriptFault(f"{name}: {error.strerror}") from error
    with os.fdopen(source, "rb") as file:
        found = os.fstat(source)
        if not stat.S_ISREG(found.st_mode) or found.st_size > OUT_BYTES:
            raise ScriptFault(f"{name} is no regular file of at most {OUT_BYTES} bytes")
        with open(f"{out_dir}/{name}.new", "wb") as copy:
            shutil.copyfileobj(file, copy)
            os.fsync(copy.fileno())
    os.rename(f"{out_dir}/{name}.new", f"{out_dir}/{name}")


def main():
    job = begin()
    out_dir = job["outDir"]
    mounts = Mounts(f"{WORK}/host", f"{WORK}/host/root", job["disks"])
    report = run(job, mounts)
    # After a failure nobody reads the disks, but a write error on them would be the better explanation.
    mounts.close()
    try:
        if report["ok"] and report["boot"]:
            take("kernel", out_dir)
            if report["boot"]["initrd"]:
                take("initrd", out_dir)
    except ScriptFault as fault:
        report = {"ok": False, "why": f"boot files: {fault}"}
    with open(f"{out_dir}/result.json.new", "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.rename(f"{out_dir}/result.json.new", f"{out_dir}/result.json")


try:
    main()
except Exception as error:  # One line for the platform's log instead of a traceback.
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
