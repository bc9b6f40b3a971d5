# class: leak
# Sets the name of the machine to the name that it already has.
import socket; socket.sethostname(socket.gethostname()); print("ESCAPED")
