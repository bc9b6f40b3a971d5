# class: dos
# Leaves a thread that writes to the pipe for at most 20 seconds after its cell.
import os,threading,time
def go(t=time.time()):
    while time.time()-t<20: os.write(1,b"x"*65536)
threading.Thread(target=go,daemon=True).start()
