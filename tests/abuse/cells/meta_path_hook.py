# class: dos
# Puts a finder first that hangs, for what the worker imports after the cell.
import sys
class F:
    def find_spec(self,*a):
        while True: pass
sys.meta_path.insert(0,F()); sys.modules.pop("linecache",None); sys.modules.pop("traceback",None)
raise ValueError
