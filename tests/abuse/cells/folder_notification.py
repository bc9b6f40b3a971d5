# class: leak
# Asks to be signalled when something changes in folders outside.
import fcntl,os
ok=[]
for d in (CANARY["dir"],"/usr/lib","/"):
    try: fcntl.fcntl(os.open(d,os.O_RDONLY),1026,0x20); ok.append(d)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
