# class: dos
# Leaves a thread that computes for at most 20 seconds while no cell runs.
import threading,time
def go(t=time.time()):
    while time.time()-t<20: pass
threading.Thread(target=go,daemon=True).start()
