"""Messages whose writers say what they are going to do, or what has been arranged."""

SENTENCES = """
On {d} I take the early bus to {l}, look at the {t}, and am back for supper.
{p} and I meet at the fountain in {l} at six, rain or no rain.
First the roof, then the {t}, and in autumn the kitchen: that is the order.
The {t} goes to {l} in spring, once the road is dry.
We marry on {d}, in {l}, with {n} guests and no speeches.
I have put {n} coins aside each week, and in June the {t} is mine.
From {d} on I work in {l}, three days there and two at home.
By this time next year {p} and I live in {l}, with a goat.
I am leaving the {t} as it is until {d} and will then take it apart.
{p} starts school in {l} after the summer, and I go along for the first week.
Our table in {l} is booked for {n}, at the window.
Tomorrow I sort out the cellar, the day after the {t}, and then never again.
The club has settled on {l} for the trip; we set out on {d} at seven.
I shall read {n} pages a night until I am through.
Come spring the wall between the hall and the {t} goes.
We will be {n} at the table on {d}, so the {t} moves into the corridor.
My last day in {l} is a {d}. On the Monday after I sleep.
The new {t} comes at noon, the old one leaves at one, and at two I bake.
No more sugar, no more lifts, and {n} lengths in the pool each {d}.
{p} paints the left side of the shed, I the right, and in the middle we have lunch.
When the exam is behind me I go to {l} on foot.
As soon as {p} is back from {l}, the {t} gets its second coat.
The band plays in {l} on {d}; doors open at seven and I am on at nine.
I am saving the {t} for the long evenings in winter.
We take down the fence before {d} and put up the new one the week after.
It will be {l} this year and the sea the next, as {p} and I shook hands on it.
At eight the dentist, at ten the {t}, at noon {p}: I have it all written down.
Once the house in {l} is sold I go back to the violin.
I get up at four on {d} to see the birds in {l}.
The twins sleep in the small room, {p} in the attic, and the {t} stays with us.
In {n} weeks I run from {l} to the lake, with {p} on the bicycle beside me.
My savings go into the {t} and not into a car, that much is certain.
The day begins in {l} with the market and ends at {p}'s with cards.
{n} of the trees come down in March, and I put pears in their place.
I will tell {p} about {l} over the soup, when the little ones are in bed.
Next time I buy the {t} second hand.
There is going to be a {t} in every room of the hall in {l} by autumn.
For {p}'s sixtieth we hire the boat on {d} and go down to {l}.
I open the shop in {l} with {n} shelves and see how it goes.
As of {d} I drive the late bus, so suppers move to four.
I mean to ask for the room in {l} with the balcony this time.
The {t} stays in the attic until {p} has her own place.
After the concert we walk back through {l}, it is not far.
All of January I keep for the {t}.
Between {d} and the holidays I get through the {n} boxes from {l}.
She flies on {d}, I follow with the {t} by train.
I am going to learn how to mend a {t}, there is a course in {l}.
We stay with {p} for the first night and find a room in {l} the next day.
They begin digging in {l} at the end of the month and finish before the frost.
It is settled: {p} keeps the dog and I get the {t}.
My next book is about {l}, and the one after it about my grandmother's {t}.
The committee votes on the {t} on {d}, and I shall raise my hand.
Half of the money goes to {p}, the rest into the roof in {l}.
When I am seventy I stop, not a day sooner.
I set the {t} to wake me at five and have the morning in {l} to myself.
On the last {d} of the month we all swap desks.
{p} brings the bread, I bring the {t}, and we see who else turns up in {l}.
This time I go by the coast road, even if it takes {n} hours.
The school in {l} puts on a play about a {t}, with {p} as the rain.
Before the year ends I want to have been in {l} once.
""".strip().splitlines()
