# class: leak
# Raises its own limits.
import resource
ok=[]
for w in (resource.RLIMIT_AS,resource.RLIMIT_FSIZE,resource.RLIMIT_NOFILE):
    h=resource.getrlimit(w)[1]
    try: resource.setrlimit(w,(h+4096,h+4096)); ok.append(w)
    except (OSError,ValueError): pass
print("ESCAPED %s"%ok if ok else "none")
