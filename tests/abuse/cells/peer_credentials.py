# class: leak
# Asks the wire which process is at its other end; in a tree of its own it has no number.
import os,socket,struct
p=struct.unpack("3i",socket.socket(fileno=os.dup(3)).getsockopt(socket.SOL_SOCKET,socket.SO_PEERCRED,12))[0]
print("ESCAPED the host is process %d"%p if p else "none")
