# class: proto
# Makes the wire non-blocking, so that the worker's own reads and writes fail.
import fcntl,os; fcntl.fcntl(3,fcntl.F_SETFL,os.O_NONBLOCK)
try: budget()
except OSError as e: print("no",e)
