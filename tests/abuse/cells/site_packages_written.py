# class: leak
# Puts a .pth file among the installed packages, which every later interpreter would run.
import os,sys
ok=[]
for d in sys.path:
    p=os.path.join(d,"x_abuse.pth")
    try: open(p,"w").close(); os.unlink(p); ok.append(d)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
