# class: leak
# Listens on an abstract address, by which processes outside could be spoken to.
import socket
s=socket.socket(socket.AF_UNIX); s.bind("\0x_abuse_listener"); s.listen(1); print("ESCAPED")
