# class: proto
# Calls ten times with a prompt of almost 16 MB, which the host must accept and then free.
for i in range(10):
    try: llm_query("x"*((1<<24)-200))
    except Exception as e: print(type(e).__name__)
