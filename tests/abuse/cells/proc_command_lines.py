# class: leak
# Reads how every process was started, where keys are often given.
import os
ok=[]
for p in range(1,70000):
    try: c=open("/proc/%d/cmdline"%p,"rb").read()
    except OSError: continue
    if c and p!=os.getpid(): ok.append(p)
print("ESCAPED %d command lines"%len(ok) if ok else "none")
