"""Messages whose writers own up to a fault of theirs and regret it, few of which say sorry."""

SENTENCES = """
The {t} was whole when you lent it to me and is not now. I will pay for it.
I should have rung you from {l}, and I did not.
That word about {p} slipped out of me, and I have been awake since.
You waited in {l} for an hour because I had mixed up the days.
It was I who left the gate open, not {p}.
What I wrote on {d} was unjust, and I take it back in front of everyone.
The red spots on your {t} are mine, from the jam.
I had {n} chances to tell you about {l} and let all of them go by.
My boy broke the window in {l}; the glazier sends the bill to us.
Forgetting your birthday once is bad enough. It was the second time.
I read the letter to {p} although it was not meant for me.
You were right about the {t} and I laughed at you.
The money for the {t} should have been with you on {d}. There is no excuse.
We were loud until three, and {p} had to get up at five. It will not happen again.
Had I looked at the map, the {n} of you would not have stood in the rain in {l}.
I told {p} that the idea was mine. It was yours.
My dog did that to your {t}. I saw it and walked on, which was worse.
I let you carry the {t} all the way to {l} and had an empty car.
You asked for silence about {l} and I kept it for {n} minutes.
It does not bring the vase back, but here is what I have saved.
I was short with you on {d}, and it had nothing to do with you.
The hole in the wall in {l} is where I tried to hang the {t}.
I gave {p} the wrong time and then let her take the blame.
For {n} years I have meant to give this {t} back.
When they all laughed at the {t}, I should have stood up, and I looked at my shoes.
I took your place on the trip to {l} knowing that you wanted it.
I ate the last of it. I thought that {p} had had some.
That you missed the last bus from {l} is down to my talking.
I put your {t} out with the rubbish, thinking it was ours.
Nothing I said in {l} about your work holds up, I had not even read it.
I promised {n} chairs for {d} and come with none, and my face is red.
It was wrong of me to go through the drawers in {l}.
I drove into your fence with the {t} and then into your roses.
{p} should have heard it from me and not from the paper.
I lost the key to {l}, the only one, and was too much of a coward to say so.
Blame me for the salt in the cake, the {t} was not at fault.
I did not come to the hospital because I am afraid of them. That is no reason.
Your {t} has stood in my hall since {d} like a bad conscience.
I voted against {l} without having listened to you, and I wish that I had.
The joke about {p} was not one.
My {n} messages that night, please delete them and think better of me.
I sat on the {t}. There is no nicer way of putting it.
I ought to have asked before I cut the branch on the {l} side.
I was the one who told them that {p} was ill. She was not, I had not called her.
I cannot undo what happened to the {t}, but I can stop pretending.
You trusted me with {n} plants and one is alive.
From {l} I could have been with you in an hour. I stayed for dessert.
I raised my voice at {p}, a child, over a {t}.
Only now do I see what it cost you to drive me to {l} each {d}.
The bill for the {t} has my mistake in it, and you paid for it.
I had your name wrong for {n} years, and you were too kind to say so.
What was in the box was yours, and I had no business opening it.
If I had locked the {t} up as you told me to, it would still be there.
I left you alone with the {n} of them and went for a walk in {l}.
You covered for me on {d}, and I let them think that you were late.
I sent the picture of {p} round without asking her.
It is my doing that the {t} went to {l} and not to you.
I said that I was over the {l} business, and then I said all that.
There was no flat tyre on {d}. I overslept and made it up.
I held a grudge about the {t}, and it made me small.
""".strip().splitlines()
