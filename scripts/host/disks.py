"""Opening volumes inside this process's private mount and PID namespace; all of it ends with the namespace."""

import json
import os
import signal

import namespaces
import sandbox
from inside import inside
from loops import LoopDevices
from program import command


def image(source):
    """How QEMU opens a volume."""
    if source["type"] == "file":
        file = {"driver": "file", "filename": source["path"], "discard": "unmap"}
        return {"driver": source["format"], "discard": "unmap", "file": file}
    return {"driver": "rbd", "discard": "unmap", "pool": source["pool"], "image": source["image"]}


def virtual_bytes(source):
    return json.loads(command("qemu-img", "info", "--output=json", f"json:{json.dumps(image(source))}"))["virtual-size"]


class Export:
    """One volume as a file of its virtual size, served by qemu-storage-daemon through FUSE: its size cannot be changed there."""

    def __init__(self, source, path, owner=0):
        self.source, self.path = source, path
        self.bytes = virtual_bytes(source)
        with open(path, "x"):
            pass
        # The export would let whoever may write resize the volume ("growable" is about writes only): a raw node of a told
        # size cannot be.
        node = {"driver": "raw", "node-name": "disk", "size": self.bytes, "discard": "unmap", "file": image(source)}
        export = {
            "type": "fuse",
            "id": "export",
            "node-name": "disk",
            "mountpoint": path,
            "writable": True,
            "growable": False,
            "allow-other": "on",
        }
        pidfile = f"{path}.pid"
        command(
            "qemu-storage-daemon",
            "--daemonize",
            f"--pidfile={pidfile}",
            f"--blockdev={json.dumps(node)}",
            f"--export={json.dumps(export)}",
        )
        with open(pidfile, encoding="ascii") as file:
            self.pid = int(file.read())
        if owner:
            os.chown(path, owner, owner)

    def close(self):
        """Returns once everything written is on stable storage; raises if it is not, or if the volume has another size than before."""
        fd = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        os.kill(self.pid, signal.SIGTERM)
        # The daemon's starter has ended, so that it is a child of this process, PID 1 of the namespace.
        _, status = os.waitpid(self.pid, 0)
        if status != 0:
            raise RuntimeError(f"qemu-storage-daemon ended with wait status {status}: what was written may be lost")
        found = virtual_bytes(self.source)
        if found != self.bytes:
            raise RuntimeError(f"a volume of {self.bytes} bytes has {found} after it was written to")


def needs_export(disk):
    """A raw file is mounted as it is; swap and the like are no script's business."""
    if disk["mountpoint"]:
        return disk["source"]["type"] != "file" or disk["source"]["format"] != "raw"
    return not disk["filesystem"]


def export(disk, work):
    return Export(disk["source"], f"{work}/disk-{disk['disk_id']}", owner=0 if disk["mountpoint"] else sandbox.FIRST_ID)


class Mounts:
    """Disks of a job, opened as it is made and mounted below `root` in the order asked for; loop devices vanish with the last use."""

    def __init__(self, work, root, disks):
        self.root = root
        self.mounted, self.shown = [], []
        self.devices = LoopDevices()
        self.exports = {disk["disk_id"]: export(disk, work) for disk in disks if needs_export(disk)}
        # The daemons stay outside: the last process of a mount namespace writes out its file systems as it ends, and one
        # that waits for itself to serve that never ends.
        namespaces.unshare(namespaces.CLONE_NEWNS)

    def file(self, disk):
        opened = self.exports.get(disk["disk_id"])
        return opened.path if opened else disk["source"]["path"]

    def mount(self, disk):
        """Returns the path that the disk is mounted on."""
        file = self.file(disk)
        # As the guest will see it: a link on a disk that is mounted already must not lead to the host's files.
        path = inside(self.root, disk["mountpoint"])
        os.makedirs(path, exist_ok=True)
        options = "loop,nosuid,nodev" + (",nouuid" if disk["filesystem"] == "xfs" else "")
        command("mount", "-o", options, "-t", disk["filesystem"], file, path)
        self.mounted.append((path, file))
        return path

    def show(self, path, at, userns):
        """The mount at `path` once more, with its owners as the user namespace's own."""
        os.mkdir(at)
        namespaces.bind(path, at, userns=userns)
        self.shown.append(at)

    def close(self):
        """Unmounts in reverse order; raises if anything may not have reached the disk."""
        for path in reversed(self.shown):
            command("umount", path)
        for path, file in reversed(self.mounted):
            namespaces.syncfs(path)
            command("umount", path)
            self.devices.await_release(file)
        for opened in self.exports.values():
            opened.close()
