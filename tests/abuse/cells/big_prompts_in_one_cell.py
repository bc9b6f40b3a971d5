# class: dos
# Calls with 60 prompts of 8 MB one after another, none of which the host needs once it is answered.
for i in range(60): llm_query("%d "%i+"x"*(8<<20))
