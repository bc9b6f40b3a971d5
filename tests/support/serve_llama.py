"""A program: llama.cpp's server on a free port of loopback, ``serve_llama.py MODEL NAME WINDOW THREADS``.

Prints its address when the model is loaded, and ends when its standard input does. Imports nothing of ours: it runs in
the environment of ``locks/servers.txt``.
"""

from __future__ import annotations

import sys

import xllamacpp

_CACHED_MIB = 256  # of prompts that the server keeps to itself; its default is 8 GiB


def main(model: str, name: str, window: str, threads: str) -> None:
    """Serve until standard input ends."""
    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.model_alias = {name}
    settings.n_ctx = int(window)
    settings.n_parallel = 1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = int(threads)
    settings.cache_ram_mib = _CACHED_MIB
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.endpoint_metrics = True
    server = xllamacpp.Server(settings)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
