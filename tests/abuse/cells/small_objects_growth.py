# class: dos
# Keeps small objects until memory ends or 50 million of them are there.
x=[[i] for i in range(50_000_000)]
