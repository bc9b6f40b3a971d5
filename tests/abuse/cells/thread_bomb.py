# class: dos
# Starts threads until it is stopped, at most 3,000.
import threading
e=threading.Event(); n=0
try:
    for n in range(3000): threading.Thread(target=e.wait,args=(20,),daemon=True).start()
except (RuntimeError,MemoryError) as x: print("stopped",n,x)
