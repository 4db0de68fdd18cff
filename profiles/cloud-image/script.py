"""image: puts a disk image, as distributions publish them, on the first disk without a filesystem.

Arguments:
  image     name of a file in the node's directory of images, or a URL (http, https; up to what /tmp has room for, 2 GiB at
            most, since it is kept in memory, and up to what comes in two hours)
  checksum  'sha256:…' or 'sha512:…', or the URL or file of a list such as SHA512SUMS that names the image; '' for none,
            which is refused for http, also where https leads there; a list by https may not be led there at all

The base image is made once for these texts: another file of the same name is not noticed. A new name makes a new one, and
so does a new checksum.

Any format that qemu-img knows (qcow2, raw, vmdk, vhdx, …). There is no install(): what is one VM's own comes by cloud-init.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import urllib.parse
import urllib.request

IMAGES = "/images"
CHUNK_BYTES = 4 * 1024**2
# Hexadecimal digits of a digest tell which one it is.
DIGESTS = {64: "sha256", 128: "sha512"}
SUMS = "'sha256:' and 64 or 'sha512:' and 128 hexadecimal digits, the URL of a list (http, https) or a file of the node's images directory"
# That nothing comes, and that not all has come: a server may trickle for ever.
TIMEOUT_S, DOWNLOAD_S = 60, 2 * 3600
# What no disk that boots is smaller than, and what disks are made of.
DISK_BYTES, SECTOR_BYTES = 1024**2, 512
# Exit codes of qemu-img check: sound, clusters that nobody uses, a format that has no check.
SOUND = (0, 3, 63)


def is_url(text):
    return re.match(r"https?://", text) is not None


def inside(name):
    """A file of the images directory, never one beside it; None if there is no such file."""
    path = os.path.realpath(os.path.join(IMAGES, name))
    return path if path.startswith(f"{IMAGES}/") and os.path.isfile(path) else None


class Led(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but to plain text only with `plain`: who sits on the way there chooses what comes."""

    def __init__(self, plain):
        self.plain = plain

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not self.plain and urllib.parse.urlsplit(newurl).scheme != "https":
            raise ValueError(f"checksum: an image that comes by http needs one, and {req.full_url} leads to {newurl}; a list of them has to come by https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def overdue(*_):
    raise TimeoutError(f"image: not all of it came within {DOWNLOAD_S} s")


def fetch(url, path, plain=False):
    print(f"fetching {url}")
    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(DOWNLOAD_S)
    try:
        with urllib.request.build_opener(Led(plain)).open(url, timeout=TIMEOUT_S) as answer, open(path, "wb") as file:
            told, got = answer.headers["Content-Length"], 0
            while chunk := answer.read(CHUNK_BYTES):
                got += file.write(chunk)
    finally:
        signal.alarm(0)
    # A connection that ends early reads like an end.
    if told is not None and got != int(told):
        raise ValueError(f"image: {url} ended after {got} of {told} bytes")
    return path


def local(image):
    path = inside(image)
    if path is None:
        raise FileNotFoundError(f"image: the node's images directory ('images' in its data directory, or node.images_dir of its slipway.yaml) has no file '{image}'")
    return path


def digest_of(path, kind):
    digest = hashlib.new(kind)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def listed(text, name):
    """The digest that a list such as SHA512SUMS gives for a file."""
    for line in text.splitlines():
        found = re.match(r"([0-9a-fA-F]{64,128}) [ *](?:\./)?(.+)$", line)
        if found and found[2].strip() == name:
            return found[1].lower()
    raise ValueError(f"checksum: the list does not name '{name}'")


def wanted(checksum, name):
    """(kind, hexadecimal digest)"""
    kind, _, digest = checksum.lower().partition(":")
    if re.fullmatch(r"[0-9a-f]+", digest) and DIGESTS.get(len(digest)) == kind:
        return kind, digest
    file = fetch(checksum, "/tmp/checksums", plain=checksum.startswith("http:")) if is_url(checksum) else inside(checksum)
    if file is None:
        raise ValueError(f"checksum: '{checksum}' is none of {SUMS}")
    with open(file, encoding="utf-8", errors="replace") as lines:
        digest = listed(lines.read(), name)
    if len(digest) not in DIGESTS:
        raise ValueError(f"checksum: a digest of {len(digest)} digits is neither SHA-256 nor SHA-512")
    return DIGESTS[len(digest)], digest


def check(path, checksum, name):
    kind, digest = wanted(checksum, name)
    found = digest_of(path, kind)
    if found != digest:
        raise ValueError(f"checksum: '{name}' has {kind} {found}, not {digest}")
    print(f"{kind} of {name} is right")


def qemu_img(name, *argv, good=(0,)):
    done = subprocess.run(["qemu-img", *argv], capture_output=True, text=True)
    if done.returncode not in good:
        reason = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()[0]
        raise ValueError(f"image: '{name}' is damaged or not whole: qemu-img {argv[0]} says: {reason}")
    return done.stdout


def described(path, name):
    """What qemu-img says of an image; raises unless the file is a whole one."""
    found = json.loads(qemu_img(name, "info", "--output=json", path))
    size = os.stat(path).st_size
    if found["format"] == "raw":
        # That is what qemu-img calls everything that it does not know.
        if size < DISK_BYTES or size % SECTOR_BYTES:
            raise ValueError(f"image: '{name}' has no format that qemu-img knows, and its {size} bytes are no raw disk: that has a multiple of {SECTOR_BYTES}, and {DISK_BYTES} at least")
        return found
    qemu_img(name, "check", "-f", found["format"], path, good=SOUND)
    for part in json.loads(qemu_img(name, "map", "--output=json", "-f", found["format"], path)):
        # QEMU reads zeros after the end of a file. Compressed clusters have no offset here: they fail as they are read.
        own = part["depth"] == 0 and part.get("present", True) and "offset" in part
        if own and part["offset"] + part["length"] > size:
            raise ValueError(f"image: '{name}' is damaged or not whole: it has data after the end of the file, {size} bytes")
    return found


def build(disks, image="", checksum=""):
    if not image:
        raise ValueError("image: tell a file of the node's images directory, or a URL")
    if image.startswith("http:") and not checksum:
        raise ValueError("checksum: an image that comes by http needs one")
    disk = next((disk for disk in disks if not disk["filesystem"]), None)
    if disk is None:
        raise ValueError("the storage template needs a disk without filesystem")
    name = image.split("?")[0].rsplit("/", 1)[-1] if is_url(image) else os.path.basename(image)
    path = fetch(image, "/tmp/image", plain=bool(checksum)) if is_url(image) else local(image)
    if checksum:
        check(path, checksum, name)
    found = described(path, name)
    room = os.stat(disk["device"]).st_size
    if found["virtual-size"] > room:
        raise ValueError(f"image: '{name}' is {found['virtual-size']} bytes large, disk {disk['disk_id']} only {room}")
    print(f"writing {name} ({found['format']}, {found['virtual-size'] / 1024**3:.1f} GiB) on {disk['disk_id']}")
    qemu_img(name, "convert", "-n", "--target-is-zero", "-f", found["format"], "-O", "raw", path, disk["device"])
