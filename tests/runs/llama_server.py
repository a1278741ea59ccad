"""A llama.cpp server on loopback: `python llama_server.py MODEL.gguf` prints its address and serves until it is ended."""

from __future__ import annotations

import sys
import time

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_parallel, parameters.n_ctx = 1, 8192
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = int(sys.argv[2])
parameters.cache_ram_mib, parameters.verbosity, parameters.port = 1024, -1, 0
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
time.sleep(300)
