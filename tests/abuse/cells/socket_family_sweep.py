# class: leak
# Tries every family of sockets, by number.
import socket
ok=[]
for f in range(46):
    for k in (1,2,3,5):
        try: socket.socket(f,k).close(); ok.append((f,k))
        except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
