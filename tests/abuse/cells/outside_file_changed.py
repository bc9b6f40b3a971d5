# class: leak
# Changes the metadata and the length of a file outside, without opening it.
import os
p=CANARY["file"]; ok=[]
for n,f in (("utime",lambda: os.utime(p,(1,1))),("chmod",lambda: os.chmod(p,0o604)),("truncate",lambda: os.truncate(p,1)),("xattr",lambda: os.setxattr(p,"user.x_abuse",b"x")),("chown",lambda: os.chown(p,os.getuid(),-1))):
    try: f(); ok.append(n)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
