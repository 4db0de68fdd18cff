"""Runs inside the sandbox: calls one function of the script that comes on standard input, and tells on descriptor 3 how it ended."""

import inspect
import json
import os
import shutil
import sys
import traceback

from inside import inside

OUT = "/run/slipway/out"
# A pipe takes this much although nobody reads yet.
WHY_CHARACTERS = 4000
# What x86 kernels take.
CMDLINE_CHARACTERS = 2047
BOOT = ("kernel", "initrd", "cmdline")
RETURNED = 'None or {"kernel": path, "initrd": path, "cmdline": text}'


def on_disk(root, path):
    """The file that `path` names on the disks below `root`; scripts may give paths with or without that."""
    return inside(root, path[len(root) :] if path == root or path.startswith(f"{root}/") else path)


def copy_out(name, path, root):
    """Leaves one boot file for the host; what goes wrong is said by its key and path."""
    if not isinstance(path, str):
        raise TypeError(f"{name}: a path is text, not {type(path).__name__}")
    try:
        shutil.copyfile(on_disk(root, path), f"{OUT}/{name}")
    except OSError as error:
        raise type(error)(f"{name}: '{path}' on the disks: {error.strerror or error}") from None


def boot_files(result, root):
    """What the script returned, with its files copied out."""
    if result is None:
        return None
    if not isinstance(result, dict) or not isinstance(result.get("kernel"), str):
        raise TypeError(f"a script returns {RETURNED}")
    unknown = [str(key) for key in result if key not in BOOT]
    if unknown:
        raise TypeError(f"a script returns {RETURNED}: '{', '.join(unknown)}' is none of its keys")
    cmdline = str(result.get("cmdline") or "")
    if len(cmdline) > CMDLINE_CHARACTERS or not cmdline.isprintable():
        raise ValueError(f"cmdline: a kernel takes one line of at most {CMDLINE_CHARACTERS} characters")
    for name in ("kernel", "initrd"):
        if result.get(name):
            copy_out(name, result[name], root)
    return {"initrd": bool(result.get("initrd")), "cmdline": cmdline}


def accepted(function, kwargs):
    """All arguments for a function with **kwargs, which is PVC's form; for others those that it names."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return kwargs
    return {parameter.name: kwargs[parameter.name] for parameter in parameters if parameter.name in kwargs}


def explain(error):
    """The traceback from the script's own first line on."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


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
        explain(error)
        said = error.code if isinstance(error, SystemExit) else error
        report = {"ok": False, "why": f"{type(error).__name__}: {said}"[:WHY_CHARACTERS]}
    sys.stdout.flush()
    with os.fdopen(3, "w", encoding="utf-8") as pipe:
        json.dump(report, pipe)


main()
