# A thread that goes on asking when its cell has ended.
import threading,time
def ask():
    for _ in range(50):
        try: llm_query("late")
        except Exception: pass
        time.sleep(0.01)
threading.Thread(target=ask,daemon=True).start()
