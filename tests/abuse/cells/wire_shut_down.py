# class: proto
# Shuts the wire down in both directions and continues to compute.
import socket
s=socket.socket(fileno=3); s.shutdown(socket.SHUT_RDWR); s.detach()
while True: pass
