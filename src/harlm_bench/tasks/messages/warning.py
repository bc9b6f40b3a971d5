"""Messages that tell the reader of a danger or of trouble to come."""

SENTENCES = """
The third step in {l} gives way when one treads on it, and it does not look like it.
Do not plug in the {t} while the floor is wet.
A man who says that he is from the bank is ringing bells in {l}; he is not from the bank.
Ice on the road to {l} since {d}, black and thin.
That {t} tips when a child pulls the drawer.
{p} lends and never gives back. You have been told.
The mushrooms by the mill in {l} look like the good ones, and {n} people are in hospital.
Keep the {t} away from the curtain, mine caught fire in a minute.
If you take the path in {l} after {d}, the tide will be faster than you.
Read the small letters before you sign for the {t}, there are {n} pages of them.
The dog in the yard of {p} is not on a chain at night.
The cheap {t} from {l} has a gas bottle inside that does not close.
From {d} they tow every car in {l} that stands on the left side.
Count your change in the shop next to the {t}, I was {n} short.
There is a wasps' nest behind the shutter in {l}.
Water from the tap in {l} is for washing only until they find the pipe.
{p} has a cold that sounds like more than a cold. I would not bring the baby.
Whatever you do, let go of the {t} before you pull the lever.
The bridge carries {n} tons, and your van with the {t} on it has more.
They are calling it a storm of the century, and {l} is right in its way.
A link that promises you a free {t} empties your account.
Do not swim at the {l} side of the lake, there is wire under the surface.
The tree by the school leans further each {d}.
This {t} stays hot for an hour after the light goes out.
On {d} there will be no power in {l} from six; whatever is in your freezer will be soup.
I would not say a word about the {t} to {p}, it is in the paper the next day.
One drop of that stuff on the {t} and you can throw it out.
They check the tickets at {l}, not before, and it costs {n} times the fare.
The ladder belongs to {p} and its last rung to no one: it is held by tape.
Fog until noon, and deer on the road behind {l}.
If the {t} starts humming, run.
Those who rent from {p} do not see their deposit again.
The cellar in {l} fills within {n} minutes when it rains like this.
Never leave the {t} on the balcony, the wind takes it over the rail.
There is a hole in the pavement in front of {l} station, and someone stole the lamp.
A tick bit {n} of us in the grass by the church.
The {t} looks dry. It is not, and it comes off on everything.
At the second bend after {l} the brakes will smell; at the third they are gone.
Take the pills for {p} out of reach, the little one thinks they are sweets.
This summer the beach at {l} has more jellyfish than sand.
Only one door of the hall opens when the {t} is against the other. Think of a fire.
The firm behind the {t} goes under before {d}; do not pay ahead.
Hold on to your bag in {l}, on the stairs above all.
Their {t} has a blade under the lid and nothing to stop it.
The clocks in {l} are {n} minutes slow and the last boat is not.
He will ask you for a photograph of your passport. That is how it began with {p}.
The well on the field has nothing over it but leaves and an old {t}.
Rats in the {l} park, and the bread for the ducks is why.
It takes one spark from the {t}, with all that flour in the air.
If {p} offers you the short way through the quarry, go the long one.
The glue in this {t} eats through gloves.
By {d} the river is at the sandbags, says {p}, who has measured it for {n} years.
Stand back from the {t} when it lifts, the rope is older than both of us.
A parcel that you did not order, from {l}, with a number to call: do not call.
Those berries are what {p}'s dog had eaten.
You cannot see the glass door in {l} when the sun is low.
Without a rest every {n} minutes, the {t} burns out, and your wrist before it.
The new tenant asks everyone when they are away. I found that odd.
Wind from the east on {d}, and in {l} the tents have no pegs.
They have raised the fine for a {t} without a stamp, and now they look.
""".strip().splitlines()
