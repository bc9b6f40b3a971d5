# A thread that goes on asking when its cell has ended.
import threading,time
heard=set()
def ask():
    for _ in range(50):
        try: llm_query("late")
        except Exception as error: heard.add(str(error))
        time.sleep(0.01)
threading.Thread(target=ask,daemon=True).start()
