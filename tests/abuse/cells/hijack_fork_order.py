# class: proto
# Answers the next order to fork with a child that stays silent for 20 seconds and a lie; seen when the REPL is forked afterwards.
import os,time,guest.worker.repl as _repl
def lie(self,frame):
    for d in self._channel.take_descriptors(): os.close(d)
    try:
        if os.fork()==0: time.sleep(20); os._exit(0)
    except OSError: pass
    self._channel.send({"op":"forked"})
_repl._Life._fork=lie
