"""Messages whose writers offer to do or give something, few of which use the word."""

SENTENCES = """
I have a second {t} in the cellar, and it is yours if you can carry it.
My bus to {l} leaves empty on {d}; there is room for {n} of you.
Send {p} round to me, I do sums all day anyway.
There is soup for {n} on my stove and only one of me.
If the {t} gives you trouble again, I am two doors down and own every tool there is.
Why should you pay for a room in {l} when ours stands empty?
I go to {l} every {d}. Tell me what you need and I bring it.
Your {t} could stand in our garage over the winter, there is space.
The cat knows me. Go to {l} and forget about her for {n} days.
Say the word and I will talk to {p} myself.
We have more plums than we can eat, the tree by the gate in {l} is open to all.
I can have the {t} done by {d}, at no cost, I like the work.
Would an old {t} be of any use to {p}? Ours is going otherwise.
Take mine: I will not use the {t} before {d}.
You look tired. I could have the children for {n} hours, mine would love it.
Let me read your letter to {l} before you post it, I used to work there.
Anyone who wants to learn the {t} is welcome at my place on {d}.
There are {n} tickets for {l} on my table and I will be away.
If it helps, the van is free on {d} and I know the road to {l}.
For the first {n} who come, the {t} is on us.
My sister in {l} rents out her flat; for you she would do it for nothing.
I could drive {p} to {l}, it is hardly a detour.
Keep the {t} for as long as you like, I have two.
Shall I stay until the man with the {t} has been? I have a book with me.
Give me the ladder, I do not mind heights, and you do.
What if we put up {p} in the small room, from {d} on?
I will sit with your father on {d}, so that you get to {l} for once.
My {t} is at your door; give it back whenever.
The first hour with the {t} is free, and {p} teaches it himself.
There is no need to buy a {t} for one evening in {l}, borrow ours.
You will not find a cheaper {t} than the one that I am giving away.
I know {n} people in {l} who rent out rooms, I could ask them tonight.
If {p} does not want to walk alone, I am going that way at six.
Leave the washing to me and lie down.
Rather than throw the {t} out, I would see it in your kitchen.
I have been meaning to clear the snow in {l} anyway; I can do your side as well.
We close at six on {d}, and for the {t} I will wait for you.
Let {p} have my place on the trip, I have seen {l} often enough.
The hall in {l} costs you nothing if I put it under the name of the club.
I bake on {d}, {n} loaves or {n} and one, it is the same work.
Should the {t} be too heavy, my boys carry it up for you.
Here, try mine; if the {t} suits you, it stays with you.
I do not need the money before spring, so the {t} can wait.
Whenever you are in {l}, our door is open and the kettle is on.
It would take me {n} minutes to look at the {t}, less than you need to call the shop.
There is a {t} left over from the party; first come, first served.
If you cannot sleep before the exam, call me, I am up until two.
Buy the {t} and we carry it to {l}, that is on the house.
I have room in the car for {p} and the {t}, and the dog if he must.
Until your kitchen is done, cook in ours.
I would put in {n} hours a week for {l} if you can use me.
We could lend {p} the {t} for the first months.
My garden is too big for me. Take the sunny half and grow what you want.
Show me the form from {l}; I have filled in hundreds of them.
You get the {t} from me at what I paid, not a coin more.
Before you throw money at a new {t}, let my brother see the old one.
I can take your shift on {d}, I have nothing on.
Should {p} need a quiet place for the exam, our attic in {l} is free.
There is always a bed for you in {l}, and a {t} to go with it.
Pick any {t} from the shelf, they are there to be taken.
""".strip().splitlines()
