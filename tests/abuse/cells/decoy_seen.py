# class: leak
# Finds out whether a process exists, by calls that change nothing.
import os
d=CANARY["decoy_pid"]; ok=[]
for n,f in (("pgid",lambda: os.getpgid(d)),("sid",lambda: os.getsid(d)),("nice",lambda: os.getpriority(0,d)),("policy",lambda: os.sched_getscheduler(d)),("cores",lambda: os.sched_getaffinity(d))):
    try: f(); ok.append(n)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
