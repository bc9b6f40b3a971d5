# class: leak
# Lists what the kernel shows of the machine's devices and control groups.
import os
ok=[]
for d in ("/sys","/sys/fs/cgroup","/sys/kernel","/sys/class/net","/sys/devices"):
    try: ok+=[(d,len(os.listdir(d)))]
    except OSError: pass
print("ESCAPED %s"%ok if any(n for _,n in ok) else "none")
