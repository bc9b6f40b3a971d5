# class: dos
# Tells the worker that no cell runs, so that it ignores the time-up.
import gc,guest.worker.session
for o in gc.get_objects():
    if isinstance(o,guest.worker.session.Session): o.running=False
while True: pass
