# class: leak
# Reopens the descriptors of other processes.
import os
ok=[]
for p in (CANARY["decoy_pid"],CANARY.get("host_pid",1),os.getppid()):
    for f in range(40):
        try: os.close(os.open("/proc/%s/fd/%d"%(p,f),os.O_RDONLY|os.O_NONBLOCK)); ok.append((p,f))
        except OSError: pass
print("ESCAPED %s"%ok[:5] if ok else "none")
