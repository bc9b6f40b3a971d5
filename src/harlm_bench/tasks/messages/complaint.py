"""Messages whose writers are unhappy with something, few of which name the feeling."""

SENTENCES = """
Third week running, and the {t} still makes that noise whenever I switch it on.
I paid for two and got one {t}, and the shop in {l} tells me to wait until {d}.
{p} said it would take {n} days. It has been a month, and the {t} is where it was.
Can anyone explain why the {t} arrives in {l} without its screws every single time?
Lovely box, lovely ribbon, and inside it a {t} that fell apart in my hands.
For that price I expected a {t} that lasts longer than until {d}.
The new opening hours in {l} suit everyone except those of us who work.
{n} phone calls, {n} different answers, and still no {t}.
So {p} gets the {t} and I get a voucher. Wonderful.
Every {d} the same: the hall in {l} is locked and the person with the key is on holiday.
The {t} I brought back from {l} leaks, smells and wobbles, in that order.
If this is what they call repaired, I would rather have my old {t}.
Once more the {t} was left in the rain, though there is a note on the door that says otherwise.
I have sat in the waiting room in {l} since nine and {n} people who came later went in before me.
They promised {p} a {t} like new; it has scratches on every side.
It is always my {t} that gets borrowed, and never once has it come back clean.
The {t} does exactly half of what the label says it does.
Who decided that {l} needs a party on the night before {d}? My walls were shaking until four.
The parcel was thrown over the fence. You can imagine what the {t} looks like.
I asked {p} for a quiet room and was given the one above the kitchen.
Not one of the {n} people in the shop could tell me how the {t} works.
On paper the bus to {l} comes every {n} minutes; on {d} I waited for an hour.
The soup was cold, the chair was sticky, and {p} had warned me about the rest.
Another letter from {l}, another fee for a {t} that I never ordered.
My {t} was fine before {p} had a look at it.
It takes {n} passwords to switch on this {t}, which is {n} more than it should.
The flat below us has been sawing since {d}, at six in the morning, on purpose.
I wrote to {l} about the {t} in spring, again in summer, and I am writing now.
What use is a {t} that must rest for an hour after ten minutes?
The seats in {l} were made for people without knees.
They changed the recipe and did not tell anyone; even {p} leaves it on the plate now.
This {t} has been back to the workshop so often that it knows the way.
The light on the {t} blinks all night and there is no way of turning it off.
{p} took the last {t} although my name was on the list.
We moved to {l} for the silence. Then they opened the quarry.
The instructions for the {t} come in {n} languages, none of which is spoken here.
After {n} washes the colour of the jacket from {l} is on everything but the jacket.
Since {p} runs the club, meetings last until midnight and decide nothing.
I could have walked to {l} and back in the time it took to be served.
My neighbour's {t} stands in front of my door on {d}, as it does on all other days.
The photograph showed a {t} as big as a table. Mine fits into a shoe.
They took down the one bench in {l} where one could sit in the shade.
Each time I bring the {t} in, they find a different part that is not covered.
There were {n} of us at the table, and four plates came.
The heating in {l} runs in June and stops in January.
{p} keeps telling the story of my {t} to people I have never met.
For a week now the {t} in the corridor has been on, and no one at the office picks up.
I did everything as the leaflet says and the {t} will not even start.
The ticket to {l} cost as much as the {t}, and I stood the whole way.
You would think that after {n} years {p} knew my name.
The lift stops between floors on {d}, which the owner in {l} finds funny.
They returned the {t} with the dent turned to the wall, as if I would not look.
What was sold to me as oak is paper, and the {t} bends when I lean on it.
My order for {l} has been on its way since {d} before last.
Half of the {n} pages about the {t} are advertisements.
Again the paint on the {t} came off on my sleeve.
To get a stamp in {l} you need a form, and to get the form you need the stamp.
The choir practises under my window until ten, and {p} cannot sing.
It is the second {t} this year whose handle has come off.
I was told to be in {l} at eight, and {p} turned up at noon without a word.
""".strip().splitlines()
