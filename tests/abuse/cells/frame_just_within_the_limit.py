# class: proto
# Calls with a prompt of almost 16 MB, ten times, which the host must hold but not keep.
for i in range(10):
    try: llm_query("x"*((1<<24)-200))
    except Exception as e: print(type(e).__name__)
