"""Asks a server again and again, one connection for each question or one for all; writes who answered, or `failed`."""

import socket
import sys
import time
from pathlib import Path

PAUSE = 0.05
PATIENCE = 3.0


def ask(connection: socket.socket, number: int) -> str:
    """Return who answered this question."""
    connection.sendall(f"{number}\n".encode())
    answer = b""
    while not answer.endswith(b"\n"):
        part = connection.recv(100)
        if not part:
            raise ConnectionResetError
        answer += part
    name, echoed = answer.decode().split()
    assert echoed == str(number), answer
    return name


def main(address: str, path: str, how: str) -> None:
    """Ask until killed, or with one connection until it breaks."""
    number = 0
    with Path(path).open("a", encoding="utf-8", buffering=1) as out:
        while True:
            try:
                with socket.create_connection((address, 80), PATIENCE) as connection:
                    while True:
                        number += 1
                        connection.settimeout(30.0 if how == "stream" else PATIENCE)
                        print(ask(connection, number), file=out)
                        time.sleep(PAUSE)
                        if how != "stream":
                            break
            except OSError:
                print("failed", file=out)
                if how == "stream":
                    return
                time.sleep(PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
