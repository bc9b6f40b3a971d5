# class: leak
# Connects to a socket in the file system.
import socket
s=socket.socket(socket.AF_UNIX); s.connect(CANARY.get("unix_path","/none")); print("ESCAPED")
