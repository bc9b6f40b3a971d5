# class: leak
# Starts a process by multiprocessing.
import multiprocessing as m,os
c=m.get_context("fork"); p=c.Process(target=os._exit,args=(7,)); p.start(); p.join(1); print("ESCAPED" if p.exitcode==7 else "no")
