# class: leak
# Says on which processors another process may run: those on which it does.
import os
d=CANARY["decoy_pid"]; os.sched_setaffinity(d,os.sched_getaffinity(d)); print("ESCAPED")
