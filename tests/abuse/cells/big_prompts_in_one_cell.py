# class: dos
# Calls with 60 prompts of 8 MB one after another, which the host need not keep once they are answered.
for i in range(60): llm_query("%d "%i+"x"*(8<<20))
