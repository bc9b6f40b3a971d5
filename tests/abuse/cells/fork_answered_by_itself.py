# class: proto
# Answers the next order to fork by sending ready itself over the new socket, so that one process is two REPLs.
import os,guest.worker.repl as _repl
from guest.worker.msgpack import pack
def lie(self,frame):
    d=self._channel.take_descriptors(); b=pack({"op":"ready"}); os.write(d[0],len(b).to_bytes(4,"little")+b)
    self._channel.send({"op":"forked"})
_repl._Life._fork=lie
