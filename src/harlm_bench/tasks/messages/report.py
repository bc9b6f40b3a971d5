"""Messages that say what happened, without a wish and without a judgement."""

SENTENCES = """
{p} sold the {t} on {d} to a couple from {l}.
The council in {l} has {n} members since the election, one more than before.
It rained in {l} from {d} until this morning.
A {t} stood in the yard when I came home, with a card from {p}.
The train to {l} left at nine and got in at eleven.
{n} people came to the meeting, most of them from {l}.
They moved the market in {l} from the square to the car park.
I saw {p} on the bus on {d} with a {t} on her knees.
The library in {l} closed at four, and the man at the desk locked up.
At the auction the {t} went for {n} hundred to someone at the back.
{p} has taken a job in {l}, in the office by the harbour.
Between the two wars there was a factory for this kind of {t} in {l}.
On {d} the postman brought a letter for {p} and a {t} for me.
The bridge in {l} is made of iron, and the one upstream is made of wood.
My uncle wore the {t} on his back through {n} towns.
There were {n} swans on the lake when we passed.
The school has a new {t}; the old one stands in the corridor.
In {l} they count the votes by hand, and {p} was one of those who did.
{p} turned forty on {d}. There was cake.
The {t} was made in {l} in the year my father was born.
I walked to {l} by the river, which took {n} hours.
The paper writes that the mill in {l} has been let to a firm from abroad.
She bought the {t}, paid, and put it on the back seat.
A film about {l} was on at eight, and after it the news.
On the first floor lives {p}, on the second a man with a {t}.
Our class went to {l} and drew the church.
The doctor took my blood, wrote down {n} figures and sent me home.
It was a {d} when the circus came through {l} with its lions.
{p} read out the minutes, and we went on to the {t}.
The {t} weighs {n} pounds with the lid and a little less without.
They had the window open in {l} and one could hear the band.
The snow on the road to {l} was gone by {d}.
A woman at the next table told her friend about a {t}.
Grandfather kept {n} bees' nests behind the shed, and his {t} next to them.
At noon the bell in {l} rings {n} times.
The team from {l} played in green, ours in white, and it ended two all.
I found the {t} in the drawer under the letters.
For the photograph {p} stood on the left and I sat on the {t}.
The boat to {l} runs on {d} and carries cars.
The {t} in the window is the one from last year, with another sign.
They cut the grass in {l} this morning.
{p} came in, hung up the coat, and asked what time it was.
A third of the houses in {l} were empty in winter at the last count.
It said in the leaflet that the {t} has {n} parts.
Before {p} it was a man from {l} who ran the shop.
The two of them crossed the square in {l} with the {t} between them.
{d} was warm, with some cloud in the afternoon.
When the lights came on again, the {t} showed {n} o'clock.
The tax office has moved to {l}, to the building of the old post office.
In my row there were {p}, two students, and an old man with a {t}.
Her brother studied in {l} and then went to sea.
The shop sells a {t} for each day of the week, in {n} colours.
A path runs from {l} to the coast, along the wall.
{p} put the {t} down, picked up the phone, and talked in Greek.
The third {t} from the left is from {l}, the others are copies.
In the end they chose blue for the door and grey for the {t}.
At that time we lived in {l}, above the bank.
The jury met for {n} minutes and gave the first prize to {p}.
The {t} has been in the family since the house in {l} was built.
On {d} the clocks went back.
""".strip().splitlines()
