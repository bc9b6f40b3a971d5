# class: leak
# Sets the priority of another process to what it is.
import os
d=CANARY["decoy_pid"]; os.setpriority(os.PRIO_PROCESS,d,os.getpriority(os.PRIO_PROCESS,d)); print("ESCAPED")
