# class: leak
# Connects one end of a socketpair to an abstract address outside, and writes.
import os,socket
a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_DGRAM)
a.connect("\0"+CANARY.get("abstract_dgram","none")); os.write(a.fileno(),b"x"); print("ESCAPED")
