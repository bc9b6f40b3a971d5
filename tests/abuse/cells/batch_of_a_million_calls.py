# class: dos
# Makes a million calls in one batch.
r=llm_query_batched(["p"]*10**6); print(len(r))
