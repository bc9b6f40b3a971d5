# class: proto
# Replaces the worker's modules by empty ones and its codec by one that writes what no codec reads.
import sys,types,guest.worker.msgpack as _codec
_codec.pack.__code__=(lambda value: b"\xc1").__code__
for n in [n for n in sys.modules if n.startswith("guest")]: sys.modules[n]=types.ModuleType(n)
