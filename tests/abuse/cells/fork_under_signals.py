# class: leak
# Forks under a stream of signals, so that the notice to the gate is withdrawn while it is handled.
import os,signal
signal.signal(signal.SIGALRM,lambda *a: None); signal.setitimer(signal.ITIMER_REAL,5e-5,7e-5); ok=0
for _ in range(2000):
    try: p=os.fork()
    except OSError: continue
    if p==0: os._exit(0)
    ok+=1; os.kill(p,0)
    if ok>9: break
signal.setitimer(signal.ITIMER_REAL,0); print("ESCAPED %d"%ok if ok else "none")
