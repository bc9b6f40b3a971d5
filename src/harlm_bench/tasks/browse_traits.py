"""What can be said of people, towns, schools, works and prizes: once vaguely, as a question says it, and in some ways as a
document says it, without a word in common. A table; knows no window.
"""

from __future__ import annotations

from collections.abc import Mapping

ASPECTS = ("habit", "calling", "era", "birthplace", "school", "work", "prize")
LINKS = ("birthplace", "school", "work", "prize")
"""The aspects that another document tells, to which the person's own document leads."""

RELATIONS: Mapping[str, tuple[str, ...]] = {
    "birthplace": (
        "{name} was born in {other}.",
        "The family of {name} had lived in {other} for years when the child was born there.",
        "{name} came into the world in {other}, in a house that is gone.",
    ),
    "school": (
        "{name} was sent to {other} at the age of nine.",
        "{name} spent six years as a pupil of {other}.",
        "The reports that {name} brought home from {other} have been kept.",
    ),
    "work": (
        "{name} had a part in {other}.",
        "Two years of the life of {name} went into {other}.",
        "{name} is named among those who made {other}.",
    ),
    "prize": (
        "{name} was given {other} late in life.",
        "In a crowded hall {name} accepted {other}.",
        "It was no surprise that {name} received {other}.",
    ),
}
"""How a person's document names a document that tells more."""

TRAITS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "habit": {
        "had animals for company at home": (
            "Two parrots and a lame goat shared the rooms of {name}.",
            "Visitors of {name} had to step over eleven cats.",
            "A tame otter followed {name} from the kitchen to the study.",
        ),
        "was afraid of travelling": (
            "{name} never boarded a ship and left the county only twice.",
            "A coach ride of three miles was enough to make {name} ill with worry.",
            "{name} declined every invitation that began at a railway platform.",
        ),
        "hardly slept": (
            "The candle of {name} burned until four, and at six the shutters were open again.",
            "Three hours in bed were enough for {name}.",
            "Neighbours heard {name} pace the floor every night until dawn.",
        ),
        "gathered a great number of small things": (
            "After the death of {name}, 4,000 buttons were found in labelled drawers.",
            "Whole cupboards of {name} were full of sea shells, each with a label.",
            "{name} owned nine hundred thimbles and knew the origin of each.",
        ),
        "played an instrument for pleasure": (
            "On Sundays {name} took out the cello and closed the windows.",
            "{name} was a fair flautist and practised scales before breakfast.",
            "The harp in the parlour was for {name} alone.",
        ),
        "ate in an odd way": (
            "{name} dined on boiled rice and nothing else for thirty years.",
            "Cold soup at midnight was the only meal of {name}.",
            "{name} refused all bread and lived on pears.",
        ),
        "could not pass a game by": (
            "{name} lost a carriage at cards and won it back the same week.",
            "Chess problems cover the margins of every letter that {name} sent.",
            "The dice of {name}, worn round, lie in the town museum.",
        ),
        "went on foot over long distances": (
            "{name} thought nothing of twenty miles before supper.",
            "Each summer {name} crossed the mountains with a stick and a small bag.",
            "The boots of {name} were resoled eleven times in one year.",
        ),
    },
    "calling": {
        "earned a living with music": (
            "{name} directed a choir of sixty and was organist of the cathedral.",
            "The quartets of {name} are still heard every autumn.",
            "{name} taught singing and composed eleven operas.",
        ),
        "earned a living by building": (
            "{name} drew the plans of four bridges and a lighthouse.",
            "As an architect {name} preferred brick to stone.",
            "The aqueduct that {name} engineered has never leaked.",
        ),
        "earned a living by healing": (
            "{name} practised as a surgeon in two wars.",
            "The ward that {name} ran lost fewer patients than any other.",
            "{name} was a midwife for forty years.",
        ),
        "earned a living by studying living things": (
            "{name} described two hundred mosses that no book had.",
            "Beetles were the subject of the nine volumes of {name}.",
            "{name} dissected sea urchins and drew them from all sides.",
        ),
        "earned a living by looking at the sky": (
            "{name} computed the paths of three comets.",
            "From a tower of timber {name} charted the double stars.",
            "The eclipse tables of {name} were used by every navy.",
        ),
        "earned a living with words": (
            "{name} published nine novels and burned a tenth.",
            "The verses of {name} were learned by heart by every pupil.",
            "{name} edited a weekly paper and filled most of it alone.",
        ),
        "earned a living with pictures": (
            "{name} painted portraits of merchants and their spouses.",
            "The etchings of {name} show harbours in fog.",
            "{name} designed stained glass for nineteen churches.",
        ),
        "earned a living by settling quarrels of others": (
            "{name} sat as a judge at the court of appeal.",
            "As an envoy {name} signed two treaties of peace.",
            "{name} pleaded the cases of tenants against landlords.",
        ),
    },
    "birthplace": {
        "lived from what is dug out of the ground": (
            "For three centuries the slate quarries of {name} fed its families.",
            "{name} sold tin to the whole world.",
            "The deep shafts of {name} yield rock salt to this day.",
        ),
        "lived from what swims": (
            "Every household of {name} owned a net and a share in a boat.",
            "Herring made {name} rich.",
            "The oyster beds of {name} were guarded at night.",
        ),
        "was destroyed and built again": (
            "The great fire left eleven houses of {name} standing.",
            "After the flood, {name} was laid out anew on the higher bank.",
            "An earthquake took all of {name} but the mill; the present streets are younger.",
        ),
        "is known for something to drink": (
            "Connoisseurs order their cider from {name}.",
            "The vineyards of {name} climb the southern slope.",
            "Ale from the nine breweries of {name} went as far as the coast.",
        ),
        "could defend itself": (
            "A double wall with nine towers rings the old centre of {name}.",
            "The moat of {name} is forty feet wide and always full.",
            "Cannon still point from the bastions of {name}.",
        ),
        "drew people who were ill": (
            "Doctors sent their patients to the hot springs of {name}.",
            "The mild air of {name} was prescribed for weak lungs.",
            "Sanatoria stand all along the promenade of {name}.",
        ),
        "belonged to two states by turns": (
            "{name} changed its flag five times in a hundred years.",
            "The border was moved so often that all street signs in {name} are bilingual.",
            "In {name} grandparents and grandchildren served different kings without moving house.",
        ),
        "lived from cloth": (
            "Looms clattered in every cellar of {name}.",
            "The bleaching meadows of {name} were white with linen.",
            "Wool from the hills was dyed and fulled in {name}.",
        ),
    },
    "school": {
        "was founded by a woman": (
            "A widow left her fortune so that {name} could open its doors.",
            "The countess who began {name} with six pupils taught Greek herself.",
            "{name} goes back to the will of a rich spinster.",
        ),
        "moved several times": (
            "{name} has had four addresses, each farther from the centre.",
            "After the lease ran out, {name} packed its benches onto carts, and not for the last time.",
            "Twice before the war and once after it, {name} was carried to other premises.",
        ),
        "cost nothing": (
            "No pupil of {name} ever paid a penny.",
            "{name} was open to the sons and daughters of the poor without fees.",
            "Meals, books and lessons at {name} were a gift of the guilds.",
        ),
        "stands in what used to be a house of prayer": (
            "{name} occupies a former convent with a cloister.",
            "Lessons at {name} are held in the nave of a disused abbey.",
            "The monks left in spring, and in autumn {name} moved into their cells.",
        ),
        "was feared for its harshness": (
            "At {name} talking at table was punished with a night in the coal cellar.",
            "The cane of the headmaster of {name} had a name of its own.",
            "Few pupils of {name} ever wished to see its gates again.",
        ),
        "taught mostly out of doors": (
            "The pupils of {name} learned arithmetic by measuring fields.",
            "{name} had a roof only for rainy days.",
            "Botany walks filled the timetable of {name} from May to October.",
        ),
        "had to close in disgrace": (
            "{name} shut after the treasurer had vanished with the endowment.",
            "Forged certificates were the end of {name}.",
            "An inspector's report on sold diplomas finished {name}.",
        ),
        "was very small": (
            "{name} never had more than fourteen pupils.",
            "One room and one stove were all that {name} possessed.",
            "The whole of {name} fitted around a single table.",
        ),
    },
    "work": {
        "was forbidden for a time": (
            "The censor locked {name} away for nine years.",
            "The bishop had a curtain hung before {name}.",
            "Owning a copy of {name} meant a week in gaol.",
        ),
        "was lost and came to light again": (
            "{name} turned up behind a stove after a century.",
            "A plumber discovered {name} under the floor of an attic.",
            "{name} was given up for gone until a crate was opened in a warehouse.",
        ),
        "was completed by other hands": (
            "Pupils supplied the last third of {name}.",
            "When the money ran out, {name} stood half done; a successor took it over.",
            "The end of {name} follows sketches, and is not by its authors.",
        ),
        "was first shown on the water": (
            "{name} had its premiere on a barge.",
            "The public saw {name} for the first time from rowing boats on the lake.",
            "A steamer served as the stage when {name} was unveiled.",
        ),
        "was paid for by tradespeople": (
            "The butchers' guild commissioned {name}.",
            "A maker of mustard financed {name} to the last penny.",
            "{name} was ordered by the association of coopers.",
        ),
        "was laughed at in the beginning": (
            "The first reviews of {name} were written as parodies.",
            "Whistles and rotten fruit greeted {name}.",
            "Cartoonists lived off {name} for a whole winter.",
        ),
        "has an animal in the middle of it": (
            "A limping horse is what everyone remembers of {name}.",
            "At the heart of {name} there is an old bear.",
            "{name} turns around a heron that refuses to fly.",
        ),
        "was copied abroad": (
            "There are three imitations of {name} across the ocean.",
            "Foreign workshops reproduced {name} without asking.",
            "A replica of {name} stands in a capital far away.",
        ),
    },
    "prize": {
        "is paid in goods and not in money": (
            "The winner of {name} takes home a barrel of honey.",
            "{name} consists of forty sacks of barley.",
            "A live sheep goes with {name}.",
        ),
        "is decided by lay people": (
            "Twelve citizens drawn by lot choose who gets {name}.",
            "School classes vote on {name}.",
            "The passengers of one tram line award {name}.",
        ),
        "is given very seldom": (
            "{name} is awarded every eleven years.",
            "Only five people hold {name}, since most rounds end without a winner.",
            "A generation may pass between two awards of {name}.",
        ),
        "was declined by a winner": (
            "The second laureate of {name} sent it back by return of post.",
            "One laureate of {name} wrote a polite refusal.",
            "{name} once remained on the lectern, as its laureate would not touch it.",
        ),
        "is handed over in the dark": (
            "By tradition {name} is presented at midnight, without lamps.",
            "The ceremony of {name} takes place in a cave.",
            "All lights go out before the holder of {name} is called.",
        ),
        "comes with a duty": (
            "Each holder of {name} must plant an avenue of limes.",
            "The holder of {name} has to read to prisoners for a year.",
            "With {name} goes the task of winding the tower clock.",
        ),
        "goes back to a bet": (
            "Two bankers who could not agree about the weather endowed {name}.",
            "{name} was set up by the loser of a wager.",
            "A race between a snail and a rumour, staked at an inn, led to {name}.",
        ),
        "was once taken away again": (
            "One holder of {name} had to return it after a trial.",
            "The jury of {name} withdrew it from a forger.",
            "By a curt letter {name} was revoked.",
        ),
    },
}  # fmt: skip
"""The values of each aspect but ``era``: what a question says, with sentences of documents."""

ERAS: Mapping[str, range] = {
    f"was born in the {quarter} quarter of the {century} century": range(first, first + 25)
    for century, start in (("seventeenth", 1601), ("eighteenth", 1701), ("nineteenth", 1801))
    for quarter, first in zip(
        ("first", "second", "third", "last"), range(start, start + 100, 25), strict=True
    )
}
"""The values of ``era``, with their years."""

VALUES: Mapping[str, tuple[str, ...]] = {
    each: tuple(ERAS if each == "era" else TRAITS[each]) for each in ASPECTS
}

_SUBJECTS = {
    "birthplace": "the person's birthplace",
    "school": "the person's school",
    "work": "something that the person helped to make",
    "prize": "a prize that the person received",
}
CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    f"{_SUBJECTS.get(aspect, 'the person')} {value}": (aspect, value)
    for aspect, values in VALUES.items()
    for value in values
}
"""Each constraint in the words of a question, with its aspect and its value."""

BIRTHS = (
    "The parish register has {name} under the year {year}.",
    "{name}, who was christened in {year}, was the youngest of five.",
    "A coin of {year} was laid into the cradle of {name}, as was the custom with newborn children.",
)
"""How a person's document tells the year of birth."""
