"""Messages whose writers want the reader to do something, few of which say please."""

SENTENCES = """
If you pass through {l} on {d}, my {t} is at the counter under your name.
I cannot be at home when the {t} comes. Your bell works, does it not?
It would mean a lot to {p} to see you in {l}, even for {n} minutes.
The plants in {l} have had no water since {d}, and you are the one with the key.
Someone has to tell {p} about the {t}, and she listens to you.
Do you still have the number of the man in {l} who mends this kind of {t}?
Leave the {t} outside the door and I will have it back before {d}.
We are {n} for the choir in {l} and need a voice like yours.
My {t} weighs more than I do, and you own a van.
Put my name down for the trip to {l}, and that of {p} too.
Would it be too much trouble to keep the music down until the baby of {p} sleeps?
All that is missing on the form for {l} is your signature.
Before {d}, have a look at what I wrote about the {t} and cross out what is wrong.
The {t} should not go to {l} before I have seen it; hold it for me.
You take such good pictures. The wedding of {p} is on {d}.
I am short of {n} chairs for the evening in {l}; there are some in your cellar, I believe.
Next time you are at the workshop, ask them what they did with my {t}.
Let the dog out at noon, and do not let him near the {t}.
Tell me what the {t} cost you, to the coin; the insurance in {l} wants to know.
Keep {d} free and wear boots: the ditch in {l} will not dig itself.
It is {p}'s turn to cook, but he is in {l}, so I thought of you.
Send me the page about the {t}, the one with the drawing.
Could {p} sleep on your sofa for {n} nights while the flat in {l} is painted?
The door of the shed sticks and I have one arm in plaster.
The {t} that one of you took from the hall: it belongs back in the hall by {d}.
When you write to {l}, mention that the {t} is still with me.
Read the letter from {p} aloud to grandmother, slowly, and twice.
I need to be in {l} at seven and the first bus leaves at eight. You drive that way.
Turn the {t} off at the wall before you go, not at the switch.
The committee in {l} meets on {d}, and without your vote we lose.
Teach me how you got the stain out of that {t}.
Would you wait in for the man with the {t}? He says between eight and six.
Ring {p} tonight. He will never call first.
There are {n} boxes on the landing in {l} and I have only two hands.
Give me until {d} for the money for the {t}.
Bring the {t} along, and the cable, and whatever is left of the cake.
My handwriting is no use for the sign in {l}; yours is.
I would sleep better if you looked in on {p} once a day.
Take the smaller {t} and leave us the large one; there are {n} of us.
Lend me your ears for {n} minutes on {d}; it is about {l}.
See that the {t} gets to {l} dry, whatever the weather does.
What would it take for you to stay with {p} until I am back?
Do not tell {p} that the {t} is from me.
Mark the {n} pages on the {t} that matter; I will not get through them all.
The list for {l} goes round until {d}; add your name and pass it on.
Move your car from the gate, the man with the {t} is on his way.
Have the {t} ready by the door, I shall be in {l} for no longer than {n} minutes.
You know the mayor of {l}. A word from you about the bench would do.
Translate this for me, it came with the {t} and {p} cannot make it out either.
I have knocked {n} times about the {t}; open up when you read this.
It is quicker if you ask {p} where the {t} is; with me he only jokes.
Count the chairs in {l} for me while you are there.
If anyone still has a {t} that works, mine is wanted in {l} on {d}.
Hang the {t} where {p} can reach it.
On your way back from {l}, there is that bakery. Two loaves, the dark ones.
Set the {t} to {n} before you lock up.
We could do with one more pair of hands for the {t} on {d}.
Save me the seat next to {p}.
The window in {l} should be closed before the storm, and you live nearest.
Write down for me how {p} makes that soup, with all the amounts.
""".strip().splitlines()
