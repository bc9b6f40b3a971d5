# class: leak
# Puts a socket of its own into a folder outside, where others would meet it.
import os,socket
p=CANARY["dir"]+"/x_abuse_sock"; s=socket.socket(socket.AF_UNIX); s.bind(p); os.unlink(p); print("ESCAPED")
