# class: leak
# Connects to a socket in the file system by a path relative to a folder further up.
import os,socket
p=CANARY.get("unix_path","/none"); os.chdir(os.path.dirname(p))
s=socket.socket(socket.AF_UNIX); s.connect(os.path.basename(p)); print("ESCAPED")
