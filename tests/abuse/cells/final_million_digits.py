# class: dos
# Finishes with an integer of a million digits and one beyond 64 bits as a key.
FINAL({1<<3_400_000:1<<3_400_000,1<<64:float("inf")})
