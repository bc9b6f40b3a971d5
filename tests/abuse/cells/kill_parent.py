# class: leak
# Asks whether it may signal the process that started it, its group, or the host.
import os
ok=[]
for p in (os.getppid(),-os.getpgid(0),CANARY.get("host_pid",os.getppid())):
    try: os.kill(p,0); ok.append(p)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
