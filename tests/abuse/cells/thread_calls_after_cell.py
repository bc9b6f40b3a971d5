# class: proto
# Leaves a thread behind that goes on calling, slowly, for at most ten seconds.
import threading,time
def go():
    for _ in range(200):
        try: budget()
        except Exception: pass
        time.sleep(.05)
threading.Thread(target=go,daemon=True).start()
