"""What exploited code would try in a sandbox: system calls and frames, as the Lua text of L1.

In CALLS `parent` is the host's process id, `buffer` has 4096 bytes; DATABASE, KEY and TOKEN become
paths. The first six are tried in every run; a text returns REFUSED if it got nowhere. Numbers are those of x86-64.
"""

HERE = -100  # AT_FDCWD

CALLS = {
    "open the database": f'257, {HERE}, "DATABASE", 0',
    "open the key file": f'257, {HERE}, "KEY", 0',
    "open the host's memory": f'257, {HERE}, "/proc/" .. parent .. "/mem", 2',
    "socket, IPv4": "41, 2, 1, 0",
    "fork": "57",
    "memory with code": "9, 0, 4096, 7, 0x22, -1, 0",
    "open the token's file": f'257, {HERE}, "TOKEN", 0',
    "open /": '2, "/", 0',
    "open /etc/passwd": '2, "/etc/passwd", 0',
    "open for writing": f'257, {HERE}, "/tmp/muster-native", 0x42, 0x1b6',
    "openat2": f'437, {HERE}, "/etc/passwd", buffer, 24',
    "open the host's environment": f'257, {HERE}, "/proc/" .. parent .. "/environ", 0',
    "open the host's descriptor": f'257, {HERE}, "/proc/" .. parent .. "/fd/3", 0',
    "open one's own memory": f'257, {HERE}, "/proc/self/mem", 2',
    "creat": '85, "/tmp/muster-native", 0x1b6',
    "name_to_handle_at": f'303, {HERE}, "/", buffer, buffer, 0',
    "open_by_handle_at": "304, 0, buffer, 0",
    "stat": '4, "DATABASE", buffer',
    "statx": f'332, {HERE}, "DATABASE", 0, 0xfff, buffer',
    "readlink": '89, "/proc/self/exe", buffer, 4096',
    "getdents64": "217, 0, buffer, 4096",
    "unlink": '87, "DATABASE"',
    "rename": '82, "DATABASE", "/tmp/muster-native"',
    "link": '86, "DATABASE", "/tmp/muster-native"',
    "symlink": '88, "/", "/tmp/muster-native"',
    "chmod": '90, "KEY", 0x1ff',
    "chown": '92, "KEY", 0, 0',
    "truncate": '76, "DATABASE", 0',
    "mkdir": '83, "/tmp/muster-native", 0x1ff',
    "mknod": '133, "/tmp/muster-native", 0x2180, 0x101',
    "chdir": '80, "/"',
    "chroot": '161, "/"',
    "mount": '165, "none", "/mnt", "tmpfs", 0, 0',
    "umount2": '166, "/proc", 2',
    "pivot_root": '155, "/", "/"',
    "open_tree": f'428, {HERE}, "/", 1',
    "fsopen": '430, "tmpfs", 0',
    "memfd_create": '319, "code", 0',
    "inotify_init1": "294, 0",
    "fanotify_init": "300, 0, 0",
    "sendfile": "40, 1, 0, 0, 10",
    "splice": "275, 0, 0, 1, 0, 10, 0",
    "dup2": "33, 3, 0",
    "fcntl": "72, 3, 3, 0",
    "ioctl TIOCSTI": "16, 0, 0x5412, buffer",
    "socket, IPv6": "41, 10, 2, 0",
    "socket, Unix": "41, 1, 1, 0",
    "socket, netlink": "41, 16, 3, 0",
    "socket, packet": "41, 17, 3, 0x300",
    "socketpair": "53, 1, 1, 0, buffer",
    "connect": "42, 3, buffer, 16",
    "bind": "49, 3, buffer, 16",
    "listen": "50, 3, 5",
    "sendmsg, which can hand over descriptors": "46, 3, buffer, 0",
    "recvmsg": "47, 3, buffer, 0",
    "sendto": "44, 3, buffer, 0, 0, 0, 0",
    "vfork": "58",
    "clone of a thread": "56, 0x50f00, 0, 0, 0, 0",
    "clone3": "435, buffer, 88",
    "execve": '59, "/bin/sh", 0, 0',
    "execveat": f'322, {HERE}, "/bin/sh", 0, 0, 0',
    "kill the host": "62, parent, 9",
    "kill everybody": "62, -1, 0",
    "tkill the host": "200, parent, 9",
    "tgkill the host": "234, parent, parent, 9",
    "rt_sigqueueinfo": "129, parent, 9, buffer",
    "pidfd_open": "434, parent, 0",
    "pidfd_getfd": "438, 3, 3, 0",
    "pidfd_send_signal": "424, 3, 9, 0, 0",
    "ptrace attach": "101, 16, parent, 0, 0",
    "ptrace seize": "101, 0x4206, parent, 0, 0",
    "process_vm_readv": "310, parent, buffer, 1, buffer, 1, 0",
    "process_vm_writev": "311, parent, buffer, 1, buffer, 1, 0",
    "process_madvise": "440, 3, buffer, 1, 21, 0",
    "kcmp": "312, parent, parent, 0, 3, 3",
    "setns": "308, 0, 0",
    "unshare of the user": "272, 0x10000000",
    "setuid": "105, 0",
    "setgroups": "116, 0, 0",
    "capset": "126, buffer, buffer",
    "become dumpable": "157, 4, 1, 0, 0, 0",
    "another seccomp filter": "317, 1, 0, buffer",
    "more memory": "160, 9, buffer",
    "more processes, by prlimit": "302, 0, 6, buffer, 0",
    "the host's limits": "302, parent, 0, buffer, 0",
    "setpriority": "141, 0, 0, -20",
    "sched_setaffinity": "203, 0, 8, buffer",
    "memory that becomes code": "10, 0x10000, 4096, 5",
    "pkey_mprotect": "329, 0x10000, 4096, 5, -1",
    "a file as memory": "9, 0, 4096, 1, 2, 0, 0",
    "shmget": "29, 0, 4096, 0x3b6",
    "msgget": "68, 0, 0x3b6",
    "mq_open": '240, "/muster", 0x42, 0x1b6, 0',
    "personality": "135, 0x400000",
    "modify_ldt": "154, 0, buffer, 16",
    "io_uring_setup": "425, 8, buffer",
    "io_setup": "206, 8, buffer",
    "bpf": "321, 0, buffer, 64",
    "perf_event_open": "298, buffer, 0, -1, -1, 0",
    "userfaultfd": "323, 0",
    "add_key": '248, "user", "x", "y", 1, -3',
    "keyctl": "250, 0, -3, 0",
    "init_module": '175, buffer, 64, ""',
    "kexec_load": "246, 0, 0, 0, 0",
    "reboot": "169, 0, 0, 0",
    "syslog": "103, 2, buffer, 4096",
    "clock_settime": "227, 0, buffer",
    "sethostname": '170, "x", 1',
    "the calls of another machine (x32)": "0x40000000 + 39",
}

# Kinds of frames, see host/wire/frame.h.
CALL, RESULT, ERROR, EVENT, CHUNK, CREDIT = range(1, 7)

_NOISE = """  local state, parts = SEED, {{}}
  for i = 1, 4096 do
    state = (state * 1103515245 + 12345) & 0x7fffffff
    parts[i] = string.char(state >> 16 & 0xff)
  end
  local noise = table.concat(parts)
"""

FRAMES = {
    "noise": _NOISE.format() + "  native.send(noise)\n  return REFUSED",
    "noise as a value": _NOISE.format()
    + f"  native.send(native.frame({EVENT}, 0, noise))\n  return REFUSED",
    "a kind that there is not": f'  native.send(native.frame(99, 1, ""))\n  return REFUSED',
    "a length of nothing": f'  native.send(("\\0"):rep(9))\n  return REFUSED',
    "a length beyond all": f'  native.send(("\\xff"):rep(9))\n  return REFUSED',
    "an answer that nobody asked for": f"  native.send(native.frame({RESULT}, 0xfffffff0, {{}}))\n  return REFUSED",
    "an error that nobody asked for": f"  native.send(native.frame({ERROR}, 0xfffffff0, {{}}))\n  return REFUSED",
    "a body": f"  native.send(native.frame({CHUNK}, 1, ('x'):rep(200000)))\n  return REFUSED",
    "credit beyond all": f"  native.send(native.frame({CREDIT}, 0, math.maxinteger))\n  return REFUSED",
    "credit below nothing": f"  native.send(native.frame({CREDIT}, 0, math.mininteger))\n  return REFUSED",
    "a call without a name": f"  native.send(native.frame({CALL}, 900000, {{}}))\n  return REFUSED",
    "calls that there are not": f"""  for _, name in ipairs {{ "vault_open", "secret", "exec", "load", "read" }} do
    native.send(native.frame({CALL}, 900000, {{ name, {{ id = "api_token" }} }}))
  end
  return REFUSED""",
    "ten thousand calls at once": f"""  local call = native.frame({CALL}, 900000, {{ "http", {{ call = "GET api:/devices" }} }})
  native.send(call:rep(10000))
  return REFUSED""",
    "a request that is not declared": f"""  native.send(native.frame({CALL}, 900000, {{ "http",
    {{ call = "DELETE api:/devices", url = "https://127.0.0.1/" }} }}))
  return REFUSED""",
    "a hundred thousand events": f"""  local event = native.frame({EVENT}, 0, {{ "log", {{ level = "info", text = ("x"):rep(200) }} }})
  for _ = 1, 100 do native.send(event:rep(1000)) end
  return REFUSED""",
    "evidence that was never read": f"""  local function event(args) native.send(native.frame({EVENT}, 0, {{ "page", args }})) end
  for i = 1, 2000 do event {{ pager = i, at = "open" }} end
  event {{ pager = -1, at = "end", rows = math.mininteger }}
  return REFUSED""",
    "scopes without end": f"""  for i = 1, 20000 do
    native.send(native.frame({EVENT}, 0, {{ "scope", {{ id = i, at = "open", entity = "device", parent = "x" .. i }} }}))
  end
  return REFUSED""",
    "rows of another entity": f"""  native.send(native.frame({CALL}, 900000, {{ "emit", {{ map = "device", entity = "accounts",
    stream = "devices", columns = {{ "source_id", "x'; DROP TABLE accounts" }}, rows = {{ {{ "a", "b" }} }} }} }}))
  return REFUSED""",
}

# Ended by the host's own watch (connector/guest_pulse.h), which takes a minute.
STUBBORN = {
    "computing with its limit raised": "  native.spin()",
    "silence": "  native.sleep()",
    "a frame that never ends": f"""  native.send(native.frame({EVENT}, 0, ("x"):rep(200000)):sub(1, 1000))
  return REFUSED""",
}
