"""Lock this process up and become another program: ``confine.py SPEC COMMAND...``.

It is run by itself (``python -I -S``) and imports only the standard library, because
what a process gives up cannot be given up from outside.  SPEC is JSON; see `LEVELS` in
`utils.staff.isolation`, which writes it:

level      "rlimit", "uid" or "netns"
uid        whom to become, if this is root
limits     what `resource` calls them, without RLIMIT_ -> number
visible    files and folders that are shown ("netns"); nothing else is
root       an empty folder, the new root ("netns")
copies     folder that is shown -> folder under /tmp that is a copy of it
"""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import struct
import sys

SPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
NEWUSER = 0x10000000  # above: mounts, host name, messages, processes, network
READ_ONLY, NO_SUID, NO_DEVICES, REMOUNT, BIND = 1, 2, 4, 32, 4096
RECURSIVE, PRIVATE, DETACH = 16384, 1 << 18, 2
DEATH_SIGNAL, NO_NEW_PRIVILEGES, SECCOMP = 1, 38, 22
CLONE3 = 435
# Machine -> its number for seccomp, pivot_root, clone, and the calls that are refused:
# socket and io_uring_setup, which could open one behind the kernel's back; unshare and
# setns, which lead to where one has the rights of root and mounts what one likes;
# memfd_create, memfd_secret, shmget, msgget, whose memory is not counted as anybody's.
MACHINES = {
    "x86_64": (0xC000003E, 155, 56, (41, 425, 272, 308, 319, 447, 29, 68)),
    "aarch64": (0xC00000B7, 41, 220, (198, 425, 97, 268, 279, 447, 194, 186)),
}
ROOM = "size=96m,nr_inodes=4096,mode=0755"  # memory for files, all in all

libc = ctypes.CDLL(None, use_errno=True)


def main():
    """Confine this process and execute the command."""
    spec, command = json.loads(sys.argv[1]), sys.argv[2:]
    level, uid = spec["level"], spec.get("uid")
    os.umask(0o022)  # what is shown is shown to somebody else
    if level == "netns":
        _enter_spaces(spec)
    with contextlib.suppress(OSError):  # where memory ends, this one goes first
        with open("/proc/self/oom_score_adj", "w") as note:
            note.write("1000")
    _limit(spec["limits"])
    if uid is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("prctl", DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    _forbid_calls()
    os.execv(command[0], command)


def _call(name, *arguments):
    """Call a function of libc; numbers are as wide as a register."""
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = getattr(libc, name)(*wide)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def _mount(source, target, kind, flags, options=None):
    texts = [text and text.encode() for text in (source, target, kind)]
    _call("mount", *texts, flags, options and options.encode())


def _enter_spaces(spec):
    """Go where there is no network, no other process and no other file."""
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", SPACES | (0 if uid == 0 else NEWUSER))
    if uid != 0:
        for file, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{file}", "w") as note:
                note.write(text)
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    _build_root(spec)
    child = os.fork()  # the first process of its space: with it, all others end
    if child:
        _wait_and_follow(child)
    _call("prctl", DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    with contextlib.suppress(OSError):  # forbidden in some containers
        _mount("proc", spec["root"] + "/proc", "proc", NO_SUID | NO_DEVICES)
    os.chdir(spec["root"])
    _call("syscall", MACHINES[os.uname().machine][1], b".", b".")
    _call("umount2", b".", DETACH)
    os.chdir("/tmp")


def _build_root(spec):
    """Fill a folder in memory with what may be seen, read-only, and an empty /tmp."""
    root = spec["root"]
    _mount("tmpfs", root, "tmpfs", NO_SUID | NO_DEVICES, ROOM)
    for path in ("/tmp", "/proc", "/dev"):
        os.mkdir(root + path)
    os.chmod(root + "/tmp", 0o1777)
    for path in (*spec["visible"], "/dev/null", "/dev/zero", "/dev/urandom"):
        _show(path, root + path)
    for source, target in spec.get("copies", {}).items():
        _copy(source, root + target, spec.get("uid"))


def _show(path, target):
    if os.path.islink(path):  # /lib -> usr/lib
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(path), target)
        return
    if os.path.lexists(target):
        return  # inside of something that is shown already
    if not os.path.isabs(path) or not os.path.exists(path):
        raise FileNotFoundError(f"{path} is to be shown, and is not there")
    if os.path.isdir(path):
        os.makedirs(target)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    _mount(path, target, None, BIND | RECURSIVE)
    # What is locked (no devices, no programs) has to stay so in a user's own space.
    locked = os.statvfs(path).f_flag & 0x1F
    device = 0 if path.startswith("/dev/") else NO_DEVICES
    flags = BIND | REMOUNT | READ_ONLY | NO_SUID | device | locked
    with contextlib.suppress(OSError):
        _mount(None, target, None, flags)


def _copy(source, target, uid):
    if not os.path.isdir(source):
        return
    shutil.copytree(source, target)
    if uid is not None and os.geteuid() == 0:
        for where, _, names in os.walk(target):
            for name in ("", *names):
                os.chown(os.path.join(where, name), uid, uid)


def _wait_and_follow(child):
    """End as the child ends."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _limit(limits):
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def _forbid_calls():
    """Make the kernel refuse some calls, and programs of another architecture."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return
    number, _, clone, calls = machine
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    deny, unknown = 0x00050001, 0x00050026  # "not permitted", "no such call"
    program = [(load, 0, 0, 4), (equal, 1, 0, number), (answer, 0, 0, kill)]
    program += [(load, 0, 0, 0)]
    if number == 0xC000003E:  # x86 has the same calls a second time, for x32
        program += [(0x35, 0, 1, 0x40000000), (answer, 0, 0, deny)]
    for call in calls:
        program += [(equal, 0, 1, call), (answer, 0, 0, deny)]
    # What clone3 is asked for, a filter cannot see; whoever does not find it takes
    # clone, which may start processes and threads, but no user of another space.
    program += [(equal, 0, 1, CLONE3), (answer, 0, 0, unknown)]
    program += [(equal, 0, 3, clone), (load, 0, 0, 16), (any_bit, 0, 1, NEWUSER)]
    program += [(answer, 0, 0, deny), (answer, 0, 0, allow)]
    code = b"".join(struct.pack("<HBBI", *step) for step in program)
    memory = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(memory))
    _call("prctl", SECCOMP, 2, ctypes.create_string_buffer(head), 0, 0)


if __name__ == "__main__":
    main()
