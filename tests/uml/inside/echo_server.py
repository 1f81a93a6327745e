"""Answers each line with a name and the line, on TCP port 8080, until it is killed."""

import os
import socketserver
import sys
from pathlib import Path

NAME = sys.argv[1].encode()


class Answer(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(NAME + b" " + line)


class Server(socketserver.ThreadingTCPServer):
    """Can be started again at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    Path("/run/echo.pid").write_text(str(os.getpid()), encoding="ascii")
    Server(("", 8080), Answer).serve_forever()
