# class: leak
# Looks in every object that it was forked with, and in what those refer to, for keys of the host's.
import gc
gc.unfreeze(); n="-".join(["sk","canary","env"])+"-000"+"1"; hit=[]; b=n.encode()
for o in gc.get_objects():
    for x in gc.get_referents(o):
        for y in (x.values() if type(x) is dict else (x,)):
            if type(y) is str and n in y and y is not n or type(y) is bytes and b in y and y is not b: hit.append(type(o))
print("ESCAPED %s"%hit[:3] if hit else "none")
