"""Find a port for a program that has to be told one."""

import random
import socket


def free_port() -> int:
    """Return a port on which nobody listens.

    It is below those that the system gives to whoever asks for any, so no server of another test takes it meanwhile.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("every port that was tried is taken")
