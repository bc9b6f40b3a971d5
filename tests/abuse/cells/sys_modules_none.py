# class: dos
# Replaces every module by None, so that whatever is imported later fails.
import sys
for n in list(sys.modules): sys.modules[n]=None
raise ValueError("and now a traceback is due")
