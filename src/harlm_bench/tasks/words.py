"""The vocabulary that all tasks share: names of people, places, firms and things, and numbers. Knows no sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

FIRST_NAMES = tuple(
    """
    Ada Alma Amos Anders Anika Arlo Astrid Basil Beatrix Bela Bruno Cara Casper Celia Clara Conrad Cora Cyrus Dalia Dana
    Darius Delia Dora Edda Edmund Elif Elias Elma Emil Enid Esra Esther Ezra Farah Felix Fern Fiona Flora Frida Gideon
    Gilda Greta Gustav Hanna Harriet Hector Hedda Helga Hilda Hugo Ida Ilya Imre Ines Inga Ira Irma Isolde Ivo Jarek
    Jasper Jonas Josef Judith Juno Kaja Karim Katrin Keanu Kira Klara Lara Leif Lena Leon Lida Linus Livia Lorenz Lotte
    Lucia Magda Maja Malik Marcel Marga Marit Matilda Maud Milan Mina Mira Moritz Nadia Nelly Niko Nora Odile Olga Orla
    Oskar Otto Paula Petra Piet Quentin Rafael Ralf Ramona Reza Rhea Rosa Rufus Ruth Sabine Salma Samir Saskia Selma
    Silas Simone Sofia Stella Sven Tamara Tessa Theo Tilda Tobias Ulla Umar Ursula Vera Viktor Vilma Walter Wanda Wilma
    Xenia Yara Yusuf Zelda Zoe
    """.split()
)

_SURNAME_STARTS = tuple(
    """
    Ack Ald Am Ard Bal Bar Bel Ber Bin Bor Brad Brem Brin Cal Car Cor Cran Dal Dan Dor Dun Ebb Eck El Fal Far Fen Fin Gar
    Gil Gor Gren Hal Han Har Hol Ing Jar Kel Ker Kin Lam Lan Lin Lor Mal Mar Mer Mor Nor Ock Or Pel Per Pol Quill Ral Ren
    Rin Ros Sal San Sel Sor Stal Stan Tal Tar Tel Thorn Tor Ul Van Var Vel Wal War Wil Win Yar Zel
    """.split()
)
_SURNAME_ENDS = tuple(
    """
    aby ace ack aldo an ander ane ard aster by combe dahl den der dine don eby eck ell emann en er ers ett ey feld gate
    gren holt in ing ingham is ister itz land ley lin ling low man mer moor ner ney off ona oni orp osa ova ow quist rick
    rose sen shaw ski son stead stein stone ston strom ten ter thorpe ton vale ward way well wick win wood worth
    """.split()
)
_PLACE_STARTS = tuple(
    """
    Aber Alder Amber Ash Birch Black Blen Bram Bright Brook Cald Castle Chal Clay Cold Copper Cran Crow Dray East Edge
    Elm Ever Fair Fern Flint Fox Gold Gran Green Grey Hal Harrow Hazel Heath Hel Holm Iron Ivy Kel Lang Lark Lime Long
    Maple March Mid Mill Moss Nether North Oak Otter Over Pine Quarry Raven Red Rock Rose Rush Salt Sand Shel Silver
    Small Stone Swan Thorn Upper Wal West White Wild Win Wolf Yarrow
    """.split()
)
_PLACE_ENDS = tuple(
    """
    acre bank bay beach beck borough bourne bridge brook burn bury by chapel cliff combe cote cross dale den down end
    field ford gate ham harbour haven head heath hill holme hurst island keep lake land ley market mere mill minster moor
    mouth ness pool port reach ridge row sands shaw side spring stead stoke thorpe ton vale view wall water well wharf
    wick wood worth
    """.split()
)

THINGS = tuple(
    """
    lamp kettle bicycle radio suitcase ladder camera umbrella clock mirror blanket armchair bookcase freezer guitar
    hammer heater helmet jacket keyboard mattress microwave notebook oven piano printer raincoat rucksack sofa speaker
    tablet telescope tent toaster trolley typewriter vase violin wardrobe watch wheelbarrow drill mower projector scooter
    dishwasher carpet curtain cupboard bench desk monitor fan tripod whistle lantern compass teapot basket barrel
    """.split()
)
TRADES = tuple(
    """
    baker carpenter plumber teacher nurse gardener librarian engineer electrician painter surveyor mechanic tailor vet
    dentist chemist florist butcher optician architect accountant translator courier glazier roofer locksmith
    bookbinder cobbler beekeeper forester
    """.split()
)
COLOURS = "red blue green yellow white black grey brown golden purple pink silver".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
KEYWORDS = tuple(
    """
    amber anchor apricot arrow atlas autumn badger bamboo beacon birch bishop blossom bramble breeze bronze canyon
    cedar chalk cinder clover cobalt comet copper coral cricket crimson crystal cypress dahlia delta drift ember falcon
    feather fern flint forest fossil garnet ginger glacier granite harbor hazel heron hollow indigo ivory jasmine jasper
    juniper kestrel lagoon lantern laurel lemon lilac linen lotus magnet maple marble meadow mercury midnight mint mosaic
    nectar nimbus nutmeg oasis ocean olive onyx opal orchid osprey otter oyster pebble pepper pewter pine pioneer plum
    poppy prairie quartz quill rapid raven ribbon ripple river robin rowan ruby saffron sage salmon sandal sapphire
    scarlet shadow sierra silver sparrow spruce summit sunset thicket thistle thunder timber topaz tulip tundra umber
    valley velvet violet walnut willow winter wren yarrow zephyr zinc
    """.split()
)


def people(chance: Random, count: int) -> list[str]:
    """``count`` different full names; up to half a million."""
    return _distinct(chance, count, _name_of_a_person)


def places(chance: Random, count: int) -> list[str]:
    """``count`` different names of places. Those beyond two thousand have two words."""
    return _distinct(chance, count, _name_of_a_place)


def firms(chance: Random, count: int) -> list[str]:
    """``count`` different names of firms; up to half a million."""
    return _distinct(chance, count, _name_of_a_firm)


def days(first: date, last: date) -> list[date]:
    """All days from ``first`` to ``last``, both included."""
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def spoken_day(day: date) -> str:
    """Such as ``March 5, 2023``."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def surnames() -> Iterator[str]:
    """All surnames, in a fixed order."""
    return (start + end for start in _SURNAME_STARTS for end in _SURNAME_ENDS)


def _name_of_a_person(chance: Random, _: int) -> str:
    return f"{chance.choice(FIRST_NAMES)} {chance.choice(_SURNAME_STARTS)}{chance.choice(_SURNAME_ENDS)}"


def _name_of_a_place(chance: Random, tries: int) -> str:
    name = chance.choice(_PLACE_STARTS) + chance.choice(_PLACE_ENDS)
    return name if tries < 2_000 else f"{chance.choice(_PLACE_STARTS)}{chance.choice(_SURNAME_ENDS)} {name}"


def _name_of_a_firm(chance: Random, tries: int) -> str:
    kind = chance.choice(
        ("Works", "Brothers", "Partners", "Mills", "Group", "Instruments", "Supplies", "Lines")
    )
    name = f"{chance.choice(_SURNAME_STARTS)}{chance.choice(_SURNAME_ENDS)} {kind}"
    return name if tries < 20_000 else f"{chance.choice(_PLACE_STARTS)}{chance.choice(_PLACE_ENDS)} {name}"


def _distinct(chance: Random, count: int, make: Callable[[Random, int], str]) -> list[str]:
    found: dict[str, None] = {}
    tries = 0
    while len(found) < count:
        found[make(chance, tries)] = None
        tries += 1
    return list(found)
