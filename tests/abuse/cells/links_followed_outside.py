# class: leak
# Asks what links outside lead to: by their text, and by the name of the folder that they enter.
import os
ok=[]
for p in ("/etc/mtab","/etc/localtime","/etc/alternatives/awk","/proc/self/exe","/proc/self/cwd","/proc/1/exe","/dev/fd","/var/run","/var/lock"):
    for way in (os.readlink,lambda p:os.readlink(os.path.basename(p),dir_fd=os.open(os.path.dirname(p),os.O_PATH))):
        try: ok.append((p,way(p)))
        except OSError: pass
for p in ("/var/run","/var/lock","/proc/self/cwd"):
    for way in (os.chdir,lambda p:os.fchdir(os.open(p,os.O_PATH))):
        try: way(p); ok.append((p,os.getcwd()))
        except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
