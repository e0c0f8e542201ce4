"""A person at a terminal: a program on a pseudo-terminal, what it shows, and answers when asked."""

import os
import pty
import select
import termios
import time

TIMEOUT_S = 60


class Terminal:
    """One program on a terminal of its own. Ends it when it is left."""

    def __init__(self, command, environment, columns=80):
        self.shown = ""
        self.code = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(command[0], command, {**environment, "COLUMNS": str(columns)})
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def _read(self, seconds):
        """More of what it shows; False at the end."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, text):
        end = time.monotonic() + TIMEOUT_S
        while text not in self.shown:
            if time.monotonic() > end or not self._read(0.5):
                raise AssertionError(f"{text!r} never came:\n{self.shown}")

    def answer(self, question, text):
        """Waits for a question that was not answered yet."""
        self.wait_for(question)
        before, _, self.shown = self.shown.partition(question)
        self.past = getattr(self, "past", "") + before + question
        os.write(self.fd, text.encode())

    def has_echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """Everything it showed; its exit code is in `code`."""
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end and self._read(0.5):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return getattr(self, "past", "") + self.shown
