# class: proto
# Replaces the worker's modules by empty ones and its codec by one that writes what no codec reads.
import sys,types,worker.msgpack
worker.msgpack.pack.__code__=(lambda value: b"\xc1").__code__
for n in [n for n in sys.modules if n.startswith("worker")]: sys.modules[n]=types.ModuleType(n)
