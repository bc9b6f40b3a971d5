# class: leak
# Connects the wire itself to a listener outside, as some sockets may be connected twice.
import os,socket
s=socket.socket(fileno=os.dup(3))
try: s.connect("\0"+CANARY["abstract"]); print("ESCAPED")
except OSError as e: print("no",e)
