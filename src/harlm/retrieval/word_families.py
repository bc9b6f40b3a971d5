"""Families of related English words: irregular forms (``wrote``) and plain paraphrases (``author``).

They are general language, without words of any special subject or corpus. On the reading set of
perf/reading.py they raise the share of questions whose paragraph is ranked first by about one point.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from harlm.retrieval.terms import stem

_FAMILIES = """
arise arose arisen | become became | begin began begun beginning start started commence opened origin
break broke broken | bring brought | build built building construct erect | buy bought purchase | catch caught
choose chose chosen choice select pick | come came | deal dealt | die died death dead | draw drew drawn
drive drove driven | eat ate eaten | fall fell fallen | feed fed | feel felt | fight fought | find found discover
fly flew flown flight | forbid forbade forbidden ban prohibit | freeze froze frozen | give gave given
go went gone | grow grew grown growth | hear heard | hide hid hidden | hold held | keep kept
know knew known knowledge | lay laid | lead led leader | leave left departure | lend lent loan | lie lay lain
lose lost loss | make made | mean meant | meet met meeting | pay paid payment | rise rose risen | run ran
say said | see saw seen | seek sought | sell sold sale | send sent | sing sang sung song | sink sank sunk
speak spoke spoken speech | spend spent | stand stood | steal stole stolen theft | strike struck | swim swam
take took taken | teach taught teacher | tell told | think thought | throw threw thrown | understand understood
wear wore worn | win won winner victory | write wrote written writer author
long length | high tall height | wide width breadth | deep depth | strong strength | weigh weight | old age
large big largest biggest | small little tiny | first earliest initial | last final | type kind sort form
country nation | city town | name called known termed named | cost price | part component | area region
number amount | cause reason because | child children | man men | woman women | foot feet | mouse mice
wife wives husband spouse marry married marriage wedding | life lives live | leaf leaves | half halves
person people | rule ruler reign govern | found founded founder establish established foundation
invent inventor invention | destroy destruction | move moved movement | arrive arrival
employ employee job work worker | born birth | create creation produce production | doctor physician
illness disease sick | money funds finance | show showed shown display | fail failure
shrink decrease reduce reduction | fast quick rapid speed | help assist aid | use used usage
allow let permit | stop halt | ship vessel boat | car automobile vehicle | student pupil | poor poverty
rich wealth wealthy | free freedom | safe safety | able ability | true truth | hard difficult difficulty
defeat beat defeated | agree agreement | divide division split | decide decision | explain explanation
describe description | sign signature signed | publish publication printed | receive received
refuse refused refusal | replace replaced substitute | resign resigned resignation
"""


@lru_cache(maxsize=1)
def _families() -> dict[str, list[tuple[str, list[str]]]]:
    """Words with their families, by their first two letters, which a word and its stem share."""
    found: defaultdict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for family in _FAMILIES.replace("\n", " | ").split("|"):
        words = family.split()
        for word in words:
            found[word[:2]].append((word, words))
    return dict(found)


@lru_cache(maxsize=1 << 12)
def related_words(stemmed: str) -> frozenset[str]:
    """Other words, as written, that an answer may use in place of a word with this stem."""
    families = _families().get(stemmed[:2], ())  # only these are stemmed, since stemming is slow
    return frozenset(
        other for word, words in families if stem(word) == stemmed for other in words if other != word
    )
