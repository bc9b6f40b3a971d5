# class: proto
# Leaves a thread behind that calls as fast as it can, 30,000 times.
import threading
def go():
    for _ in range(30000):
        try: budget()
        except Exception: pass
threading.Thread(target=go,daemon=True).start()
