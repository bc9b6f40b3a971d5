# class: leak
# Puts a module among Python's own, where the next process would import it.
import os
ok=[]
for d in (os.path.dirname(os.__file__),os.path.dirname(os.__file__)+"/__pycache__",os.path.dirname(__import__("guest").__path__[0]+"/x"),"/usr/lib","/usr/local/lib"):
    try: open(d+"/x_abuse_m.py","w").close(); os.unlink(d+"/x_abuse_m.py"); ok.append(d)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
