# class: dos
# Makes variables whose names and values are lone surrogates, which no text on the wire can hold.
globals().update({"\udc80\ud800":"\ud83d","\x00\n\x1b[2J":"\udfff"}); print("\ud800"); raise ValueError("\udc00")
