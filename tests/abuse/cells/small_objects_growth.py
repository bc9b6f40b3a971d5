# class: dos
# Keeps small objects until memory is full or there are 50 million of them.
x=[[i] for i in range(50_000_000)]
