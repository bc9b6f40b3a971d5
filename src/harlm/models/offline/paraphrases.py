"""Words that ask for the kind of an answer and words that can replace each other, for several languages.

General language only: no word of any special subject or corpus.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from harlm.models.offline.expected import Kind
from harlm.retrieval.terms import STOPWORDS, stem

_GROUPS = """
allowed allow permitted permit may can welcome possible admitted accepted | start begin commence begins began starts
end finish expire terminate expires stop ends ended | keep kept store stored retain retained hold held save saved
cost price charge charged fee | pay paid payable payment pays | buy purchase order bought ordered
make made produce produced manufacture | lead head chair manage leads led run runs | fix mend repair fixed mended repaired
employee staff worker employees | get receive obtain receives gets entitled | phone telephone call reached number
mail email post | guarantee warranty | holiday vacation leave | car vehicle | need require necessary required needed needs
close shut closed | open opened opening | annual yearly year annually | monthly month | weekly week | daily day
colour color | licence license licensed licenced | develop developed create created written write wrote author maintain maintained
supply supplier supplied provide provided deliver delivered | send sent go went goes gone | located located situated lies
contact responsible | insure insurance insured covered cover | sleep slept | remove removed drop dropped delete deleted
cancel cancelled canceled cancellation | throw discard | clean cleaned cleaning wash washed | size large big grew grow
minimum least | maximum most highest | often frequency | broken faulty failed fail failure defective | sign signed signature
locate located location find | approve approved approval consent agree agreed decide decided | meet meeting met
area size | heavy weigh weighs weight | long length lasts last | deep depth | high height tall | wide width | temperature degrees hot
own owner owned owns belongs | live lives lived resident | teach teaches teacher taught | build built | rest rests rested
release released published publish issue issued | support supported supports | change changed changes moved move moves replaced
error fault failure problem | team members people staff | visit visitor visitors | hire rent rental rented
forbidden prohibited banned | mandatory compulsory obligatory required must | reason because cause caused
deadline due latest until by | salary pay wage | bonus | discount reduced reduction off | refund refunded return returned back
"""

LIGHT = frozenset(
    """name named called kind type sort person people someone thing way
    much many long often far big happen happens happened occur place take takes mean means exist exists available document text file
    according state stated specify specified mention mentioned please know does did currently exactly
    there note notes answer""".split()
)
"""Words of a question that an answer need not repeat."""

_VERBS = """
accept achieve act add adopt affect agree aim announce appear apply argue arrange arrive assign assume attach attack attempt attract
attribute avoid bear bore become beat begin behave believe bring brought build built buy bought call came carry catch caught cause
change choose chose chosen claim collect come comprise compose concern conduct confirm connect consider consist contain continue
contribute control convert convince cope correct create cross cut deal declare defeat define deliver demand deny depend derive describe
design desire destroy determine develop devise die direct discover display divide drive drop earn eat edit employ enable encourage
end enjoy ensure enter equip establish estimate examine exceed exclude expand expect experience explain explore express extend face
fail fall fell feature feed fill find found finance finish fit follow force form gain gather gave give got grant grow grew grown guide
halt handle have head hear help hit hold held identify ignore imagine improve include increase indicate influence inform inspire
intend introduce invent invite involve issue join judge keep know known lay laid lead learn leave lift limit link live lose lost lower
maintain make made manage mark marry measure meet mix move need nickname note notice obtain obtained occupy offer operate oppose order organise
organize originate own pass perform permit persuade place plan play point possess possible prefer prepare present preserve press prevent
print produce prompt propose protect prove provide publish pull push put raise range reach react realise receive recognise
recommend record recover reduce refer reflect refuse regard reject relate release rely remain remember remove replace
represent require resist resolve respond result retain retire return reveal rise rose risen run ran save search seek
sought seem select sell sold send sent separate serve set settle shape share show shown sit solve speak specialise spend spread
stand start state stay steer stop stretch strike study succeed suffer suggest supply support suppose surround survive switch take taken
talk teach tell thought think threaten throw tie took touch trace trade train transfer transform translate travel treat try tried turn
undergo understand unite use visit wait want warn wear widen win won work write
able considered thought responsible well-known earlier later famous actual exact main original originally eventually ultimately initially
mostly mainly chiefly roughly approximately together away back around apart regularly usually finally first single entire whole
"""
"""Common verbs and words that say how, when or how much: an answer often puts them in other words."""

_STOP = """
der die das den dem des ein eine einen einem einer eines und oder in im am an auf zu zum zur von vom mit bei für fur ist sind war
waren wird werden wurde wurden hat haben darf dürfen durfen kann können konnen soll muss man es er sie ich wir nicht nach aus um bis
durch als auch nur sich hoch lange
le la les l un une des du de d et ou en au aux est sont était etait a ont il elle on ce cette ces que qu se dans sur pour par avec t y ne pas
el los las una unos unas y o del al es son fue era ha han se su sus para por con hay no lo
il lo gli i uno e ed di del della dei delle nel nella è sono era ha hanno si che per con da al alla non c
os as um uma uns umas do da dos das no na nos nas ao à foi está estao são sao tem com não
het een en of van is zijn was waren wordt worden werd heeft hebben op te voor met bij er niet
i w na z ze do od jest są sa był była było byla bylo być się sie o dla nie czy
ist-ce est-ce
"""
_QUESTION_WORDS: dict[Kind, str] = {
    "person": "wer wem wen wessen qui quien quién quienes quiénes chi quem wie kto kogo",
    "date": "wann quand cuando cuándo quando wanneer kiedy",
    "place": "wo wohin woher où ou donde dónde adonde dove onde aonde waar gdzie skąd",
    "reason": "warum weshalb wieso pourquoi porque perché perche waarom dlaczego",
    "number": """wieviel wieviele viele combien cuanto cuánto cuanta cuánta cuantos cuántos cuantas cuántas quanto quanta quanti quante
        quantos quantas hoeveel ile""",
    "phrase": "was welche welcher welches welchen quel quelle quels quelles quoi que qué cual cuál cuales quale quali qual quais cosa wat welk welke co jaki jaka jakie który która które",
    "manner": "comment como cómo come hoe jak",
}
_CJK_QUESTIONS: dict[Kind, tuple[str, ...]] = {
    "person": ("谁", "誰", "だれ", "何人の誰", "哪位"),
    "date": (
        "什么时候",
        "什麼時候",
        "何时",
        "何時",
        "いつ",
        "几点",
        "幾點",
        "哪天",
        "哪一天",
        "何日",
        "几月",
        "哪年",
    ),
    "number": (
        "多少",
        "几",
        "幾",
        "いくら",
        "いくつ",
        "何日間",
        "何人",
        "何個",
        "何円",
        "多久",
        "多长",
        "どのくらい",
        "何",
    ),
    "place": ("哪里", "哪裡", "哪儿", "何处", "どこ"),
    "reason": ("为什么", "為什麼", "なぜ", "どうして"),
    "phrase": ("什么", "什麼", "哪个", "哪", "なに", "どの", "どれ", "どんな"),
}
_CJK_FILLER = "的是了吗嗎呢在有我们我你您本这那個个可以请は が を に の で と も か です ですか ます ますか という".split()


def fold(word: str) -> str:
    """A word in lower case and without accents."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@lru_cache(maxsize=1)
def _foreign() -> tuple[frozenset[str], dict[str, Kind]]:
    words: dict[str, Kind] = {}
    for kind, text in _QUESTION_WORDS.items():
        for word in text.split():
            words.setdefault(fold(word), kind)
    return frozenset(fold(word) for word in _STOP.split()) | frozenset(words), words


def foreign_kind(question: str) -> Kind | None:
    """The kind that a question in another language than English asks for; None if it is in English."""
    for kind, marks in _CJK_QUESTIONS.items():
        if any("\u3040" <= letter <= "\u9fff" for letter in question) and any(
            mark in question for mark in marks
        ):
            return kind
    if any("\u3040" <= letter <= "\u9fff" for letter in question):
        return "phrase"
    words = [fold(word) for word in question.replace("'", " ").replace("’", " ").strip(" ¿?!.").split()]
    stop, asking = _foreign()
    own = sum(word in STOPWORDS for word in words)
    if sum(word in stop for word in words) <= own:
        return None
    if words[:2] in (
        ["wie", "hoch"],
        ["wie", "viel"],
        ["wie", "lange"],
        ["wie", "viele"],
        ["hoe", "lang"],
        ["jak", "dlugo"],
    ):
        return "number"
    if words[:1] == ["wie"]:  # German for how, Dutch for who
        german = {"ist", "heisst", "wird", "werden", "kann", "funktioniert", "der", "die", "das"}
        return "phrase" if german & set(words) else "person"
    return next((asking[word] for word in words if word in asking), "phrase")


def is_stopword(word: str, *, foreign: bool) -> bool:
    """Whether a folded word says nothing about the subject of a question."""
    return word in _foreign()[0] if foreign else word in STOPWORDS


def without_question(text: str) -> str:
    """A question in Chinese or Japanese without what only asks; blanks take its place."""
    for marks in _CJK_QUESTIONS.values():
        for mark in marks:
            text = text.replace(mark, " ")
    for word in _CJK_FILLER:
        text = text.replace(word, " ") if len(word) > 1 else text
    for letter in "的是了吗嗎呢はがをにのでともか":
        text = text.replace(letter, " ")
    return text


@lru_cache(maxsize=1)
def _replacements() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group in _GROUPS.replace("\n", "|").split("|"):
        stems = frozenset(map(stem, group.split()))
        for each in stems:
            found[each] = found.get(each, frozenset()) | stems
    return found


@lru_cache(maxsize=1)
def _verbs() -> frozenset[str]:
    return frozenset(map(stem, _VERBS.split()))


def is_loose(stemmed: str) -> bool:
    """Whether a word with this stem is one that answers often put in other words, such as a common verb."""
    return stemmed in _verbs()


def replacements(stemmed: str) -> frozenset[str]:
    """Stems of words that an answer may use in place of a word with this stem."""
    return _replacements().get(stemmed, frozenset())
