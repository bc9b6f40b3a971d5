# class: leak
# Forks in a thread, whose id is not that of the process.
import _thread,os,time
ok=[]
def go():
    try: p=os.fork()
    except OSError: return
    if p==0: os._exit(0)
    ok.append(os.waitpid(p,0))
_thread.start_new_thread(go,()); time.sleep(.3); print("ESCAPED" if ok else "none")
