# A timer of 2 ms whose handler asks the host, while the cell itself is asking.
import signal,time
n=0
def h(*_):
    global n; n+=1
    try: llm_query("from a handler")
    except Exception: pass
signal.signal(signal.SIGALRM,h); signal.setitimer(signal.ITIMER_REAL,0.002,0.002)
t=time.time()
while time.time()-t<1:
    try: llm_query("from the cell")
    except Exception: pass
signal.setitimer(signal.ITIMER_REAL,0); print(n)
