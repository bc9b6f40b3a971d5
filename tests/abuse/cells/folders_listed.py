# class: leak
# Lists the folders in which users keep things, and those on the way to a file outside.
import os
ok=[]
for d in ["/root","/home","/etc","/tmp","/var","/opt","/mnt","/srv","/work","/",CANARY["dir"],os.path.dirname(CANARY["dir"])]:
    try: ok.append((d,os.listdir(d)[:3]))
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
