"""How often the letters beyond ASCII are in the languages of the world, for the guess of an encoding. A table of data."""

from __future__ import annotations

from collections.abc import Mapping

LETTERS: Mapping[str, Mapping[str, str]] = {
    "western": {
        "french": "éèàêçôûîâùëïœüæÿ",
        "german": "üäößé",
        "spanish": "óíáéñúü¿¡ª",
        "portuguese": "ãçáéíóõêúâàôº",
        "italian": "àèéìòù",
        "danish": "øåæéö",
        "swedish": "äöåé",
        "icelandic": "áíðéöþóúæý",
        "dutch": "ëéïöüè",
        "catalan": "àéèòóíçúïü·",
    },
    "central": {
        "polish": "łęąóżśćńź",
        "czech": "íáéěřčýžšůúťňóď",
        "slovak": "áíéýčšžúľťôňóäďĺŕ",
        "hungarian": "áéöóőüíúű",
        "croatian": "čžšćđ",
        "romanian": "ăîşţâșț",
    },
    "turkish": {"turkish": "ışğüçöâî"},
    "baltic": {
        "lithuanian": "ėųšžūįčąę",
        "latvian": "āīēšņūļķžčģ",
        "estonian": "äõüöšž",
    },
    "vietnamese": {"vietnamese": "àđáư\u0301\u0300ôơ\u0323êâ\u0309ăó\u0303íúèéù"},
    "cyrillic": {
        "russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        "ukrainian": "оанитіврескдлумпзяьбгчйхжїцшюєщфґ",
        "bulgarian": "аиоетнрсвлкдпмзуяъбчгжцщшхфйюь",
        "serbian": "аоиенрствјкудмплзбгшцчжхћђфљњџ",
    },
    "greek": {"greek": "αοιετσνηυςκπρίμλόωάέδγχθήφύβώξζψ"},
    "hebrew": {"hebrew": "יוהלארתבמשנדכעםחקפןטגזסךצףץ"},
    "arabic": {
        "arabic": "اليمونرتبعدفهسةكقحأجىطصشخذإضزثغءظئآؤ،؟؛",
        "persian": "اینردمهوتبسشکلزفگعخقجپحآچصطغذضژ،؟",
    },
    "thai": {"thai": "านรอกั่เงวย้มลทตสีดะคิแหไขบ์ปชพใืุจูโผธศณ็ถซึำภษฐฤญ"},
}
"""The letters of each language of each script, the most frequent first, in lower case."""

WORDS: Mapping[str, str] = {
    "french": "le la les des une est que dans pour qui sur pas avec par du au et",
    "german": "der die und den von zu das mit sich des auf ist im dem nicht ein eine",
    "spanish": "de la que el en los del se las por un con una para es y",
    "portuguese": "de que do da em um para com uma os no se na por mais as",
    "italian": "di che il la per un del in una non sono con le si dei",
    "danish": "og det at en den til er som de med af for ikke der",
    "swedish": "och att det som en av den med till har inte om ett var",
    "icelandic": "og er sem til um hann en af fyrir var ekki",
    "dutch": "de het een en van is dat op te met voor niet zijn",
    "catalan": "de la el que les els en del per un una amb",
    "polish": "nie na jest do to ale jak za od po dla przez oraz w z",
    "czech": "se na je to ale jako za od po pro nebo by jsem v z",
    "slovak": "sa na je to ale ako za od po pre alebo by som v z",
    "hungarian": "az egy hogy nem is ez de meg volt csak",
    "croatian": "je na se da za su od kao ili bi nije",
    "romanian": "de la cu nu pe este din care pentru mai un",
    "turkish": "bir ve bu da de ile olarak gibi daha sonra",
    "lithuanian": "ir kad yra su tai bei per apie buvo",
    "latvian": "un ir ar par no kas ka gan tika bija",
    "estonian": "ja on ei et see kui oma aga oli ning",
}
"""Short words without letters beyond ASCII."""

COMMON_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报才结反受目太量再建务做接必场件计管"
    "期市直资指区保社空科司书北南价格购买"
)
COMMON_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
    "日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政"
    "美相見被利什二等產或新己製身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員"
    "解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才結反受目太量再建務做接必場件計管"
    "期市直資指區保社空科司書北南價格購買請"
)
COMMON_JAPANESE = (
    "のにはをたがでてとしれさいるなあっからもこりまくそうすんけどおきつよみめせわえろねちやばだじゃひぎゅしょ"
    "アイウエオカキクケコサシスセソタチツテトナニノハヒフホマミムメモラリルレロワンーッャュョガグゲゴジズダデド"
    "バパビピブプボポ日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話"
    "女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会社事物価格明場合部度新者発方"
    "的用同手力定回内通全体対業自動文章"
)
COMMON_KOREAN = (
    "이다는에의가고을한하지은로기사도를어리으나시아자대인서해정들그있수일과라전만보제주장부게성원면동여상적"
    "스었와구비안경관신국위오화진선모했조미까니것요무우문소생습았용공학년세음영유회계되물등발트때방분않행중"
    "없저연내차말집할간실건복"
)
