"""debootstrap: installs Debian or Ubuntu from packages.

Arguments, all optional:
  deb_release   suite, 'bookworm' unless told; also Ubuntu's ('jammy', 'noble')
  deb_mirror    URL of the archive; the host's own apt sources unless told
  deb_packages  further packages, separated by commas; virtual packages are fine
  boot          'kernel': the hypervisor loads kernel and initrd (quickest); 'grub': it loads GRUB, which reads the guest's own
                grub.cfg, so that a kernel the guest installs later counts

build() is what every VM of these arguments shares, install() what is one VM's own.
"""

import glob
import json
import os
import platform
import re
import shutil
import subprocess
import uuid

UBUNTU = ("bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute")
PACKAGES = "systemd-sysv udev iproute2 ifupdown isc-dhcp-client netbase ca-certificates openssh-server sudo cloud-init python3-cffi-backend".split()
# A virtual machine's devices; the initrd stays small and loads at once.
MODULES = "virtio_pci virtio_blk virtio_scsi virtio_net ahci sd_mod sr_mod isofs ext4 xfs btrfs vfat"
KERNEL_WORDS = "console=tty0 console=ttyS0 net.ifnames=0"
SLOW_UNITS = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service")


def run(*argv, **options):
    subprocess.run(argv, check=True, **options)


def write(root, path, text, mode=0o644):
    file = os.path.join(root, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(file, mode)


def apt_sources():
    """(URI, suite, components) of the host's own apt sources, in the order of their files."""
    found = []
    for file in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*.list"))]:
        if os.path.exists(file):
            for line in open(file, encoding="utf-8"):
                words = re.sub(r"\[.*?\]", "", line.split("#")[0]).split()
                if len(words) > 3 and words[0] == "deb":
                    found.append((words[1], words[2], " ".join(words[3:])))
    for file in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", open(file, encoding="utf-8").read()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.M))
            if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
                for uri in fields.get("URIs", "").split():
                    found += [(uri, suite, fields.get("Components", "")) for suite in fields.get("Suites", "").split()]
    return found


def sources(release, mirror):
    """Lines of the guest's sources.list."""
    ubuntu = release in UBUNTU
    components = "main universe" if ubuntu else "main"
    if mirror:
        return [f"deb {mirror} {release} {components}"]
    known = apt_sources()
    same = [s for s in known if s[1] == release or s[1] in (f"{release}-updates", f"{release}-security")]
    if same:
        return [f"deb {uri} {suite} {parts}" for uri, suite, parts in same]
    host = platform.freedesktop_os_release()
    if (host.get("ID") == "ubuntu") != ubuntu:
        raise ValueError(f"deb_mirror: this host's apt knows no archive with '{release}', so its URL has to be told")
    own = [s for s in known if s[1] == host.get("VERSION_CODENAME")]
    if not own:
        raise ValueError("deb_mirror: this host's apt sources name no archive, so its URL has to be told")
    return [f"deb {own[0][0]} {release} {components}"]


def keyring(release):
    name = "ubuntu-archive-keyring" if release in UBUNTU else "debian-archive-keyring"
    file = f"/usr/share/keyrings/{name}.gpg"
    if not os.path.exists(file):
        raise FileNotFoundError(f"'{release}' cannot be verified: the host lacks {file} (package {name} or ubuntu-keyring)")
    return file


def apt_options():
    """How the host's apt reaches its archive: proxies and the like."""
    told = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if re.match(r"Acquire::(https?::[^ ]*[Pp]roxy|Check-|ForceIPv|Retries)", line)]


def kernel_package(release):
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
    return "linux-image-virtual" if release in UBUNTU else f"linux-image-cloud-{architecture}"


def before_packages(root):
    """What maintainer scripts find already there: the initrd's recipe."""
    write(root, "etc/initramfs-tools/conf.d/slipway", "MODULES=list\nRESUME=none\n")
    hook = f'#!/bin/sh\n[ "$1" = prereqs ] && exit 0\n. /usr/share/initramfs-tools/hook-functions\nmanual_add_modules {MODULES}\n'
    hook += "for module in virtio_pci virtio_blk virtio_scsi ahci sd_mod; do force_load $module; done\n"
    write(root, "etc/initramfs-tools/hooks/slipway", hook, 0o755)


def bootstrap(root, release, mirror, packages):
    """mmdebstrap resolves virtual packages and needs no device nodes; debootstrap does neither, so it is not used."""
    options = [f"--aptopt={line}" for line in apt_options()]
    options += [f"--dpkgopt=path-exclude=/usr/share/{d}/*" for d in ("man", "doc", "info")]
    options += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=force-unsafe-io"]
    before_packages("/tmp/before")
    hook = 'cp -a /tmp/before/. "$1/"'
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=check/empty", f"--keyring={keyring(release)}"]
    command += [f"--include={','.join(packages)}", f"--essential-hook={hook}", *options, release, root, "-"]
    run(*command, input="\n".join(sources(release, mirror)) + "\n", text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def configure_cloud_init(root):
    # A seed disk is recognized at once; the metadata service is asked when there is none.
    settings = {
        "datasource_list": ["NoCloud", "Ec2", "None"],
        "datasource": {"Ec2": {"metadata_urls": ["http://169.254.169.254"], "strict_id": False, "timeout": 5, "max_wait": 30}},
        "network": {"config": "disabled"},
        "manage_etc_hosts": False,
        "preserve_hostname": False,
        # RSA and DSA keys take an emulated processor ten seconds, generating locales two.
        "ssh_genkeytypes": ["ed25519", "ecdsa"],
        "locale": False,
    }
    write(root, "etc/cloud/cloud.cfg.d/90_slipway.cfg", json.dumps(settings, indent=2) + "\n")
    write(root, "etc/cloud/ds-identify.cfg", "policy: enabled\n")


def build(deb_release="bookworm", deb_mirror="", deb_packages="", boot="kernel", temporary_directory=None, **_):
    if boot not in ("kernel", "grub"):
        raise ValueError(f"boot: '{boot}' is neither 'kernel' nor 'grub'")
    root = temporary_directory
    if not os.path.ismount(root):
        raise ValueError("the storage template needs a disk with the mountpoint /")
    wanted = [kernel_package(deb_release), *PACKAGES, *filter(None, deb_packages.replace(" ", "").split(","))]
    bootstrap(root, deb_release, deb_mirror, wanted)
    configure_cloud_init(root)
    for unit in SLOW_UNITS:
        link = f"{root}/etc/systemd/system/{unit}"
        if not os.path.lexists(link):
            os.symlink("/dev/null", link)
    os.makedirs(f"{root}/etc/systemd/system/getty.target.wants", exist_ok=True)
    getty = f"{root}/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service"
    if not os.path.lexists(getty):
        os.symlink("/lib/systemd/system/serial-getty@.service", getty)
    # Each VM gets its own: host keys from cloud-init, the machine id from install().
    for key in glob.glob(f"{root}/etc/ssh/ssh_host_*"):
        os.remove(key)
    write(root, "etc/machine-id", "uninitialized\n")
    for name in glob.glob(f"{root}/var/lib/apt/lists/*") + glob.glob(f"{root}/var/cache/apt/*.bin"):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)


def device(disk):
    """How the guest finds a disk: by the label given to mkfs, else by its place."""
    label = re.search(r"(?:^|\s)-L[= ](\S+)", disk["filesystem_args"] or "")
    return f"LABEL={label[1]}" if label else f"/dev/{disk['disk_id']}"


def fstab(disks):
    lines = []
    for disk in disks:
        if disk["filesystem"] == "swap":
            lines.append(f"{device(disk)} none swap sw 0 0")
        elif disk["mountpoint"]:
            first = disk["mountpoint"] == "/"
            options = "errors=remount-ro" if disk["filesystem"].startswith("ext") else "defaults"
            lines.append(f"{device(disk)} {disk['mountpoint']} {disk['filesystem']} {options} 0 {1 if first else 2}")
    return "\n".join(lines) + "\n"


def interfaces(count):
    text = "auto lo\niface lo inet loopback\n"
    return text + "".join(f"\nauto eth{n}\niface eth{n} inet dhcp\n" for n in range(count))


def newest(root, prefix):
    names = [n for n in os.listdir(f"{root}/boot") if n.startswith(prefix)]
    if not names:
        raise FileNotFoundError(f"no /boot/{prefix}* was installed")
    return max(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def install(vm_name=None, temporary_directory=None, disks=(), networks=(), boot="kernel", **_):
    root = temporary_directory
    write(root, "etc/hostname", f"{vm_name}\n")
    write(root, "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {vm_name}\n::1 localhost ip6-localhost ip6-loopback\n")
    # Written here, since an empty one makes systemd configure every unit anew in a "first boot".
    write(root, "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    write(root, "etc/fstab", fstab(disks))
    write(root, "etc/network/interfaces", interfaces(len(networks)))
    root_disk = next(disk for disk in disks if disk["mountpoint"] == "/")
    cmdline = f"root={device(root_disk)} ro {KERNEL_WORDS}"
    kernel = newest(root, "vmlinuz-")
    return {"kernel": f"/boot/{kernel}", "initrd": f"/boot/{newest(root, 'initrd.img-')}", "cmdline": cmdline}
