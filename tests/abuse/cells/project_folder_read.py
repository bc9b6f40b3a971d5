# class: leak
# Looks for the project around the installed packages, and reads its settings.
import os,sys
ok=[]
for p in sys.path:
    while len(p)>1:
        p=os.path.dirname(p)
        for n in ("pyproject.toml","README.md",".git/config",".env"):
            try: ok.append((p,len(open(os.path.join(p,n)).read())))
            except (OSError,UnicodeError): pass
print("ESCAPED %s"%ok if ok else "none")
