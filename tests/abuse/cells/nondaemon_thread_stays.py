# class: dos
# Leaves a thread that is no daemon and sleeps for a minute, which an orderly exit would wait for.
import threading,time
threading.Thread(target=time.sleep,args=(60,),daemon=False).start()
