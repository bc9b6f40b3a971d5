"""Messages whose writers are pleased with something or someone, few of which name the feeling."""

SENTENCES = """
I expected the {t} to be broken after the move, and it runs as on the first day.
{p} had the {t} going again in {n} minutes, and would not take a coin for it.
The hands that planted the roses in {l} knew what they were doing; I took the long way home.
My mother, who finds fault with everything, asked where the {t} came from.
The new {t} is so quiet that I keep checking whether it is on.
Two hours late, soaked to the skin, and the people in {l} had kept a hot meal for us.
We have had this {t} for {n} years and not one screw has come loose.
What {p} does with a plain {t} and some string ought to be in a museum.
I did not want to leave {l}, and neither did the dog.
Not a single complaint from any of the {n} guests, which has never happened before.
The shop sent a second {t} at once, no forms, no questions.
Ever since {p} took over, the meetings end on time and something gets done.
If every bus driver were like the one to {l} on {d}, I would sell the car.
I have stayed in {n} houses there, and the one in {l} beats them all.
The children have not looked at a screen since the {t} arrived.
{p} explained the {t} to my father so well that he now explains it to me.
You can drop this {t}, sit on it, leave it in the rain; it does not mind.
That little bakery in {l} is worth getting up at five for.
I have never slept as well as in the room that {p} found for us.
The {t} does what the label says and then some.
It was {p} who thought of the {t}, and without it we would still be there.
The stairs in {l} used to scare me; with the new rail I run up them.
They wrapped the {t} so carefully that it took me {n} minutes to get at it, without a scratch.
For half the price of the others, this {t} does twice as much.
Half of {l} stood up and clapped when {p} had finished.
Old, ugly, heavy, and the best {t} I have ever owned.
My order came on {d}, two days before they had said, and with a note by hand.
The doctor in {l} listened for a whole hour, which none of the {n} before her had done.
With the {t} from {p} even I can bake.
I came to {l} to complain and went home with a smile and a new {t}.
On {d} the hall in {l} was spotless, and {p} had done it alone.
It takes one button to work this {t}, as it should be.
The view from the tower in {l} made up for all {n} steps.
I gave up on my {t} years ago, and {p} brought it back to life with a spoon.
This is how a {t} should be made: three parts, no glue, no plastic.
Our new neighbours in {l} brought soup on the first evening.
{p} remembered my name after {n} years, and how I take my tea.
The sound of that {t} filled the whole church, and no one dared to breathe.
I have tried to find something wrong with the {t} since {d}. There is nothing.
They could have charged for the {t}, and they did not.
No queue, a seat at the window, and in {l} before lunch: that is how I want to travel.
The way {p} handled the angry man with the {t} was a lesson for all of us.
Whatever they put into the soup in {l}, I want {n} bowls of it.
My old {t} needed an hour for what this one does while I lace my shoes.
{p} read to the class about the {t}, and you could have heard a pin drop.
Even in the storm the {t} did not let a drop through.
The people at the counter in {l} stayed after closing until my papers were in order.
I walked past the {t} three times because it looked too good to be the one I had ordered.
Since {d} I know what a proper {t} feels like in the hand.
You should see the garden that {p} made out of that rubbish heap in {l}.
Thanks to the lamp by the gate, {l} is a place where one can walk at night.
The {t} survived {n} children and a goat.
What a difference it makes when someone like {p} answers the phone.
I would buy the same {t} again tomorrow, and so would {p}.
Nothing in {l} was as the leaflet said: it was far better.
The repair on the {t} is so neat that I cannot find the place.
I still talk about the evening in {l} when {p} took out the violin.
It was worth every step to see the {t} that they keep in {l}.
The cake for {d} vanished in {n} minutes, and the plate was licked.
They were right about the {t}: one week and my back is like new.
""".strip().splitlines()
