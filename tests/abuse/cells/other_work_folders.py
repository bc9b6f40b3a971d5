# class: leak
# Looks for the folders of other REPLs, and for files that they left.
import os
ok=[]
for d in ("..","/w","/tmp"):
    try: ok+=[(d,n) for n in os.listdir(d) if n!=os.path.basename(os.getcwd())]
    except OSError: pass
print("ESCAPED %s"%ok[:3] if ok else "none")
