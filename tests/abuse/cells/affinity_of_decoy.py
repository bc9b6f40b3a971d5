# class: leak
# Sets the processors of another process to the ones that it already has.
import os
d=CANARY["decoy_pid"]; os.sched_setaffinity(d,os.sched_getaffinity(d)); print("ESCAPED")
