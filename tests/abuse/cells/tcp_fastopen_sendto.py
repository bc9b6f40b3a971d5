# class: leak
# Connects by sending, without a call of connect.
import socket
s=socket.socket(); s.settimeout(.5)
try: s.sendto(b"x",0x20000000,("127.0.0.1",CANARY["port"])); print("ESCAPED")
except OSError as e: print("no",e)
