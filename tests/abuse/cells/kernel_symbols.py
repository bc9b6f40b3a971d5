# class: leak
# Reads where the kernel lies in memory, and the kernel's log, which contains it too.
import os
ok=[]
for p in ("/proc/kallsyms","/proc/kcore","/proc/modules","/proc/iomem","/proc/net/unix","/proc/mounts","/proc/keys","/proc/cmdline","/boot"):
    try: ok.append((p,len(os.read(os.open(p,os.O_RDONLY|os.O_NONBLOCK),64))))
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
