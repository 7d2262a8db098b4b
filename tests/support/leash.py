"""Become another program that dies with the process that started it.

    python leash.py PARENT_PID PROGRAM ARGUMENT...

A test run that is killed outright cannot stop its servers; the kernel then does it. Between processes rather than in
a `preexec_fn`, which Python forbids once there are threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent where the kernel can (Linux), then run the program in its place."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit(f"process {parent} ended before {command[0]} began")
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
