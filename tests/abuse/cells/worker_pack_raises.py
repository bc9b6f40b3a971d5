# class: proto
# Lets the worker's codec raise, so that it dies of its own done message.
import guest.worker.msgpack
def bad(value,out): raise RuntimeError("no")
guest.worker.msgpack._pack.__code__=bad.__code__
