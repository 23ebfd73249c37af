#!/usr/bin/env python3
"""Mirrors a guest that another tool runs: a node with --machine none keeps its disk, this script its memory.

The guest runs in any QEMU, started by whatever you use (libvirt, qm, a shell), on both hosts with the same arguments:
  * its disk is the export of the node beside it, with werror=stop,rerror=stop;
  * its memory is a file: -object memory-backend-file,id=ram,size=512M,mem-path=/dev/shm/g,share=on
    -machine memory-backend=ram
  * it has a monitor: -qmp unix:/run/g.qmp,server=on,wait=off

  qemu-elsewhere.py mirror --qmp /run/g.qmp --ram /dev/shm/g --control HOST:PORT
beside the primary takes a checkpoint a second: it stops the guest, hands over what changed, and lets it go on. After
`unwrite failover`, at the other host, where the same QEMU has been started with -incoming defer, and its disk is there:
  qemu-elsewhere.py resume --qmp /run/g.qmp --ram /dev/shm/g --state DATA/state

What the guest sends is not held: what was heard since the last checkpoint may be undone. A tool that holds frames
releases those of a checkpoint when "committed" in `unwrite status` has reached its epoch.
"""
import argparse
import http.client
import json
import mmap
import os
import shlex
import socket
import struct
import sys
import tempfile
import time

PAGE = 4096
RUN = 64 * PAGE


class Qmp:
    """QEMU's monitor."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")
        capability = {"capability": "x-ignore-shared", "state": True}
        self.ask("migrate-set-capabilities", capabilities=[capability])

    def ask(self, command, **arguments):
        message = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        for line in self.lines:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                sys.exit(f"QEMU refused {command}: {answer['error']['desc']}")
        sys.exit("QEMU is gone")

    def wait(self, command, unfinished):
        while True:
            status = self.ask(command).get("status", "none")
            if status not in unfinished:
                return status
            time.sleep(0.002)

    def devices(self, path):
        """The state of everything but memory, of a guest that stands still."""
        self.ask("migrate", uri="exec:cat >" + shlex.quote(path))
        status = self.wait("query-migrate", ("none", "setup", "active", "device"))
        if status != "completed":
            sys.exit(f"QEMU cannot save its devices: {status}")
        with open(path, "rb") as file:
            return file.read()


def memory(path):
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def changes(ram, before):
    """Runs of pages that differ, as (offset, bytes)."""
    now = memoryview(ram)
    for run in range(0, len(ram), RUN):
        if now[run:run + RUN] != before[run:run + RUN]:
            for at in range(run, min(run + RUN, len(ram)), PAGE):
                page = now[at:at + PAGE]
                if page != before[at:at + PAGE]:
                    yield at, page


def write_delta(path, ram, before, devices):
    """Pieces, as in image/package-info.java: offset, length, bytes; the last one has no bytes, and the size as its offset."""
    size = len(ram) + len(devices)
    with open(path, "wb") as file:
        for at, page in changes(ram, before):
            file.write(struct.pack(">qi", at, PAGE))
            file.write(page)
            before[at:at + PAGE] = page
        for at in range(0, len(devices), RUN):
            piece = devices[at:at + RUN]
            file.write(struct.pack(">qi", len(ram) + at, len(piece)) + piece)
        file.write(struct.pack(">qi", size, 0))


def write_whole(path, ram, before, devices):
    before[:] = memoryview(ram)
    with open(path, "wb") as file:
        file.write(before)
        file.write(devices)


def checkpoint(control, state, base):
    """Cuts; returns the epoch, or nothing if the node refused, and says why."""
    with open(state, "rb") as file:
        options = "?until=cut" + (f"&base={base}" if base else "")
        connection = http.client.HTTPConnection(control, timeout=60)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(os.path.getsize(state))}
        connection.request("POST", "/checkpoint" + options, body=file, headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
    if response.status == 200:
        return answer["epoch"]
    print("no checkpoint:", answer.get("error", response.status), file=sys.stderr, flush=True)
    return 0


def mirror(args):
    qmp = Qmp(args.qmp)
    ram = memory(args.ram)
    before = bytearray(len(ram))
    base = 0
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state")
        while True:
            began = time.monotonic()
            qmp.ask("stop")
            devices = qmp.devices(os.path.join(folder, "devices"))
            (write_delta if base else write_whole)(state, ram, before, devices)
            base = checkpoint(args.control, state, base)
            qmp.ask("cont")
            paused = time.monotonic() - began
            print(f"epoch {base}, paused {paused * 1000:.0f} ms, {os.path.getsize(state) >> 10} KiB", flush=True)
            time.sleep(max(0.0, args.every - paused))


def resume(args):
    qmp = Qmp(args.qmp)
    ram = memory(args.ram)
    with open(args.state, "rb") as file, tempfile.NamedTemporaryFile() as devices:
        ram[:] = file.read(len(ram))
        devices.write(file.read())
        devices.flush()
        qmp.ask("migrate-incoming", uri="exec:cat " + shlex.quote(devices.name))
        status = qmp.wait("query-status", ("inmigrate",))
    if status not in ("paused", "postmigrate", "prelaunch"):
        sys.exit(f"QEMU cannot take the state: {status}")
    qmp.ask("cont")
    print("the guest goes on")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (mirror, resume):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        sub.add_argument("--qmp", required=True, help="the socket of QEMU's monitor")
        sub.add_argument("--ram", required=True, help="the file that is the guest's memory")
        if command is mirror:
            sub.add_argument("--control", required=True, help="the --control address of the primary node")
            sub.add_argument("--every", type=float, default=1.0, help="seconds from one checkpoint to the next")
        else:
            sub.add_argument("--state", required=True, help="the file 'state' in the data folder of the new primary")
    args = parser.parse_args()
    args.command(args)


if __name__ == "__main__":
    main()
