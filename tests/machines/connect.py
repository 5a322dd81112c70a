"""The ProxyCommand: stdin and stdout become a connection to a port of a machine's loopback.

usage: connect.py MACHINE-DIRECTORY PORT
"""

import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.machines.network import enter_network_of, first_process


def main(directory: str, port: int) -> None:
    """Carry what comes until the machine ends the connection."""
    init = first_process(directory)
    if init is None:
        sys.exit(f"{os.path.basename(directory)}: is off")
    enter_network_of(init)
    far = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=send, args=(far,), daemon=True).start()
    while data := far.recv(65536):
        while data:
            data = data[os.write(1, data) :]
    os._exit(0)


def send(far: socket.socket) -> None:
    while data := os.read(0, 65536):
        far.sendall(data)
    far.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
