# class: dos
# Lets a spinning thread keep the interpreter lock for as long as it likes.
import sys,threading,time
sys.setswitchinterval(10**6)
def go(t=time.time()):
    while time.time()-t<20: pass
threading.Thread(target=go,daemon=True).start(); time.sleep(10**6)
