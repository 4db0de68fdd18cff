"""Runs inside the sandbox: calls one function of the script that comes on standard input, and tells on descriptor 3 how it ended."""

import inspect
import json
import os
import shutil
import sys
import traceback

OUT = "/run/slipway/out"


def inside(root, path):
    """The file that `path` names on the disks below `root`, links followed as the guest will follow them."""
    if path == root or path.startswith(f"{root}/"):
        path = path[len(root) :]
    real, todo, links = root, path.split("/"), 0
    while todo:
        part = todo.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            real = real if real == root else os.path.dirname(real)
            continue
        step = f"{real}/{part}"
        if not os.path.islink(step):
            real = step
            continue
        links += 1
        if links > 40:
            raise ValueError(f"too many symbolic links: {path}")
        target = os.readlink(step)
        real = root if target.startswith("/") else real
        todo = target.split("/") + todo
    return real


def boot_files(result, root):
    """What the script returned, with its files copied out."""
    if result is None:
        return None
    if not isinstance(result, dict) or not isinstance(result.get("kernel"), str):
        raise TypeError('a script returns None or {"kernel": path, "initrd": path, "cmdline": text}')
    shutil.copyfile(inside(root, result["kernel"]), f"{OUT}/kernel")
    if result.get("initrd"):
        shutil.copyfile(inside(root, result["initrd"]), f"{OUT}/initrd")
    return {"initrd": bool(result.get("initrd")), "cmdline": str(result.get("cmdline") or "")}


def accepted(function, kwargs):
    """All arguments for a function with **kwargs, which is PVC's form; for others those that it names."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return kwargs
    return {parameter.name: kwargs[parameter.name] for parameter in parameters if parameter.name in kwargs}


def call(job):
    module = {"__name__": "script", "__file__": "script.py"}
    exec(compile(job["script"], "script.py", "exec"), module)
    function = module.get(job["entry"])
    if not callable(function):
        raise NameError(f"the script defines no function {job['entry']}()")
    return boot_files(function(**accepted(function, job["kwargs"])), job["kwargs"]["temporary_directory"])


def main():
    job = json.load(sys.stdin)
    os.set_inheritable(3, False)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    try:
        report = {"ok": True, "boot": call(job)}
    except BaseException as error:  # SystemExit and KeyboardInterrupt are failures of the script as well.
        traceback.print_exc()
        said = error.code if isinstance(error, SystemExit) else error
        report = {"ok": False, "why": f"{type(error).__name__}: {said}"}
    sys.stdout.flush()
    with os.fdopen(3, "w", encoding="utf-8") as pipe:
        json.dump(report, pipe)


main()
