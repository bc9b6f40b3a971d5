from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.encoding_guess import guess_encoding
from tests.support.rows import every_row

SENTENCES = [
    ("cp1252", "Elle a été créée à Orléans où l'évêque siégeait dès l'été."),
    ("cp1252", "Le café est fermé."),
    ("cp1252", "Déjà vu"),
    ("cp1252", "L’œuvre coûte 3 € — « très cher » pour un élève."),
    ("cp1252", "A informação está na secção de avaliações e inscrições; não há exceções."),
    ("cp1252", "Não há vagas em São Paulo."),
    ("cp1252", "¿Dónde está el niño? Mañana vendrá según el año próximo."),
    ("cp1252", "El señor Peña pagó 30 €."),
    ("cp1252", "Größe, Äpfel, Preis 3 €"),
    ("cp1252", "Die Prüfung fällt aus. Übermorgen großes Fest für alle Gäste."),
    ("cp1252", "Müller"),
    ("cp1252", "Færøerne ligger på den anden side af søen; år efter år."),
    ("cp1252", "Blåbærgrød på Ærø"),
    ("cp1252", "Räksmörgås på Åland är gott, så säger många i Göteborg."),
    ("cp1252", "Hyvää päivää, tämä on äänestys. Yö on pimeä."),
    ("cp1252", "Það er gott að vera á Íslandi þótt veðrið sé stundum vont. Ég þekki mann í Reykjavík."),
    ("cp1252", "Þór og Óðinn fóru á þing."),
    ("cp1252", "De coëfficiënt is één, zei zij naïef."),
    ("cp1252", "Perché la città è così lontana? Può darsi che sia più vicina."),
    ("cp1252", "El col·legi és a prop de l'església; això és una qüestió de força."),
    ("cp1252", "Zoë Müller, José Peña, Åsa Ångström, François Lefèvre, João"),
    ("cp1252", "He said “hello” – and left…"),
    ("cp1252", "Total: 30 €"),
    ("cp1252", "Temp 25 °C ± 2"),
    ("cp1252", "ÉTÉ À LA PLAGE, FENÊTRE FERMÉE"),
    ("cp1252", "ÜBERGRÖSSE ÄNDERN"),
    ("cp1252", "naïve and plain words "),
    ("cp1252", "Hafþór Júlíus Björnsson"),
    ("cp1250", "Zażółć gęślą jaźń. Łódź leży nad rzeką Łódką; święto w środę."),
    ("iso8859-2", "Zażółć gęślą jaźń. Łódź leży nad rzeką Łódką; święto w środę."),
    ("iso8859-2", "Łódź leży nad rzeką."),
    ("cp1250", "Proszę o pilną odpowiedź w sprawie umowy; dziękuję za współpracę."),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Děkuji vám za odpověď."),
    ("iso8859-2", "Příliš žluťoučký kůň úpěl ďábelské ódy. Děkuji vám za odpověď."),
    ("iso8859-2", "Az árvíztűrő tükörfúrógép nem működik, kérjük hívja a szerelőt."),
    ("cp1250", "Čovjek je došao kući, a žena još nije. Šuma je daleko, kaže đak."),
    ("cp1250", "Această ştire a fost publicată în ţara noastră după o săptămână."),
    ("cp1250", "Dnes večer prídeme neskôr, lebo vlak z Košíc mešká; ďakujeme za trpezlivosť."),
    ("cp852", "Zażółć gęślą jaźń. Łódź leży nad rzeką Łódką; święto w środę."),
    ("cp1254", "Çalışma saatleri değişti; lütfen müşteri hizmetlerini arayınız. İstanbul'da yağmur yağıyor."),
    ("cp1254", "Güneşli bir gün, ağaçların altında şarkı söylüyoruz."),
    ("cp1257", "Žąsų pulkas išskrido į pietus; šįmet žiema buvo švelni, bet sniegą matėme dažnai."),
    ("cp1257", "Rīgā ir daudz skaistu ēku; šodien mēs dodamies uz jūru kopā ar bērniem."),
    ("cp1251", "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."),
    ("koi8-r", "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."),
    ("iso8859-5", "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."),
    ("cp866", "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."),
    (
        "mac-cyrillic",
        "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки.",
    ),
    ("cp1251", "Привет, мир"),
    ("koi8-r", "Привет, мир. Как дела?"),
    ("cp1251", "Київ є столицею України; її населення понад три мільйони осіб."),
    ("koi8-u", "Київ є столицею України; її населення понад три мільйони осіб."),
    ("cp1251", "София е столицата на България и най-големият град в страната."),
    ("cp1251", "Београд је главни град Србије; људи ђаци и њихови пријатељи живе ту."),
    ("cp1251", "Ошибка: file not found, попробуйте restart сервера"),
    ("cp1253", "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας και η μεγαλύτερη πόλη της."),
    ("iso8859-7", "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας και η μεγαλύτερη πόλη της."),
    ("cp1253", "Άγιος Νικόλαος, Ώρα"),
    ("cp1255", "שלום לכולם, זהו משפט קצר בעברית כדי לבדוק את הקידוד של הקובץ."),
    ("iso8859-8", "שלום לכולם, זהו משפט קצר בעברית כדי לבדוק את הקידוד של הקובץ."),
    ("cp1256", "القاهرة هي عاصمة جمهورية مصر العربية وأكبر مدنها، وتقع على نهر النيل."),
    ("iso8859-6", "القاهرة هي عاصمة جمهورية مصر العربية وأكبر مدنها، وتقع على نهر النيل."),
    ("cp874", "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย และเป็นเมืองที่ใหญ่ที่สุด"),
    ("shift_jis", "日本語の文章です。これは十分に長い文です。\n明日は雨でしょう。\n"),
    ("euc-jp", "日本語の文章です。これは十分に長い文です。\n明日は雨でしょう。\n"),
    ("cp932", "価格は①500円です。お問い合わせはカスタマーサポートまで。"),
    ("euc-jp", "東京都の人口は約千四百万人である。"),
    ("gbk", "购买后七天内可以申请退款，保修期限为一年。请联系客服处理。"),
    ("gbk", "朱镕基总理来信"),
    ("gb18030", "停车场在地下二层，访客可以免费停两个小时。"),
    ("big5", "購買後七天內可以申請退款，保修期限為一年。請聯絡客服處理。"),
    ("big5", "台北市是中華民國的首都，人口約二百五十萬人。"),
    ("euc-kr", "서울은 대한민국의 수도이며 가장 큰 도시이다. 회의는 내일 오후에 열립니다."),
    ("cp949", "안녕하세요, 반갑습니다."),
    ("mac-roman", "Elle a été créée à Orléans où l'évêque siégeait dès l'été."),
    ("cp850", "Die Prüfung fällt aus. Übermorgen großes Fest für alle Gäste."),
    ("cp437", "Elle a été créée à Orléans; l'évêque est là."),
    ("iso8859-15", "Prix : 30 € pour un élève, cœur et œuvre"),
    ("cp1252", "Prix : 12 €, livraison à domicile"),
    ("cp1252", "Hôtel à Nîmes"),
    ("cp1252", "João Gonçalves, Conceição"),
    ("cp1252", "Núñez"),
    ("cp1252", "AÑO NUEVO, CORAZÓN ESPAÑOL"),
    ("cp1252", "Straße;Größe;Länge\nHauptstraße;30;5"),
    ("cp1252", "Å, Ä och Ö"),
    ("cp1252", "Ære være Gud, blåbær"),
    ("cp1252", "geïnteresseerd"),
    ("cp1252", "Þetta er íslenska"),
    ("cp1252", "Føroyar eru oyggjar"),
    ("cp1252", "Tämä on pitkä päivä"),
    ("cp1252", "café, naïve, Zürich, jalapeño, smörgåsbord, Århus"),
    ("cp1252", "Tá fáilte romhat go hÉirinn"),
    ("cp1252", "È già così"),
    ("cp1252", "the résumé – it’s “final”"),
    ("cp1252", "5 µm ± 0.1 °C, ½ cup × 3"),
    ("cp1252", "§ 12 Abs. 3 ¶ © ® ™"),
    ("cp1252", "à"),
    ("cp1252", "// Prüfe den Wert\nx = 1;\n// Rückgabe"),
    ("iso8859-2", "Książka kosztuje piętnaście złotych."),
    ("cp1250", "imię;nazwisko;miasto\nPaweł;Żak;Gdańsk\nŁukasz;Wójcik;Kraków"),
    ("iso8859-2", "Dobrý den, přijedu až ve čtvrtek večer."),
    ("cp1250", "Kérem, küldje el a számlát legkésőbb péntekig."),
    ("iso8859-2", "Življenje je lepo, če so ljudje srečni."),
    ("cp1250", "Bucureşti este capitala ţării şi cel mai mare oraş."),
    ("cp1250", "Bratislava je hlavné mesto Slovenska, leží na Dunaji pri hraniciach."),
    ("cp1251", "Отчёт за март"),
    ("koi8-r", "Отчёт за март готов, смотрите файл"),
    ("cp866", "Файл не найден"),
    ("cp1251", "имя;город\nИван;Москва\nОльга;Тверь"),
    ("cp1251", "Здравей, как си днес?"),
    ("cp1251", "Добрий день, як справи?"),
    ("cp1251", "ВНИМАНИЕ: СЕРВЕР ОСТАНОВЛЕН"),
    ("koi8-u", "Сьогодні їдемо до Києва, буде гарна погода"),
    ("iso8859-7", "Καλημέρα, τι κάνετε;"),
    ("cp1253", "Το κατάστημα ανοίγει στις εννέα."),
    ("cp1255", "החנות נפתחת בשעה תשע בבוקר."),
    ("cp1256", "يفتح المتجر في الساعة التاسعة صباحا."),
    ("cp1254", "Mağaza saat dokuzda açılıyor, kapıda görüşürüz."),
    ("cp1256", "سلام، حال شما چطور است؟ امروز هوا خوب است."),
    ("cp1257", "Parduotuvė atidaroma devintą valandą ryto, ačiū už kantrybę."),
    ("cp1257", "Pood avatakse kell üheksa hommikul, tänan väga šokolaadi eest."),
    ("cp874", "ร้านเปิดเวลาเก้าโมงเช้า"),
    ("shift_jis", "店は午前九時に開きます。"),
    ("euc-jp", "店は午前九時に開きます。"),
    ("shift_jis", "名前,住所\n田中,東京都\n鈴木,大阪府"),
    ("gbk", "商店早上九点开门。"),
    ("gbk", "姓名,城市\n王伟,北京\n李娜,上海"),
    ("big5", "商店早上九點開門。"),
    ("big5", "姓名,城市\n王偉,臺北\n李娜,高雄"),
    ("euc-kr", "가게는 아침 아홉 시에 문을 엽니다."),
    ("euc-kr", "이름,도시\n김철수,서울\n이영희,부산"),
    ("gbk", "错误：文件未找到"),
    ("shift_jis", "エラー：ファイルが見つかりません"),
    ("euc-kr", "오류: 파일을 찾을 수 없습니다"),
    ("cp850", "Le fichier a été supprimé, réessayez après le démarrage"),
    ("mac-roman", "Die Prüfung fällt für alle Gäste aus"),
    ("iso8859-15", "10 € pour l'œuvre"),
]


def test_a_sentence_reads_as_it_was_written() -> None:
    def check(sentence: tuple[str, str]) -> None:
        codec, text = sentence
        data = text.encode(codec)
        guessed = guess_encoding(data)
        assert guessed is not None
        assert data.decode(guessed[1]) == text

    every_row(check, SENTENCES)


def test_so_does_a_long_text_that_begins_in_ascii() -> None:
    def check(sentence: tuple[str, str]) -> None:
        codec, text = sentence
        data = b"plain words and = signs\n" * 1000 + (f"{text}\n" * 50).encode(codec)
        guessed = guess_encoding(data)
        assert guessed is not None
        assert data.decode(guessed[1]).endswith(f"{text}\n")

    every_row(check, SENTENCES)


@pytest.mark.parametrize(
    "text", ["é", "naïve", "30 €", "“quoted”", "25 °C", "Ø 12 mm", "µm", "½ l", "© 2024", "Æ"]
)
def test_too_little_to_judge_by_is_windows_1252(text: str) -> None:
    assert guess_encoding(text.encode("cp1252")) == ("windows-1252", "cp1252")


def test_an_encoding_of_mainframes_is_found_by_its_statistics() -> None:
    text = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AND THE CARPENTER PAYS FOR ALL OF IT. " * 20
    guessed = guess_encoding(text.encode("cp037"))
    assert guessed is not None
    assert text.encode("cp037").decode(guessed[1]) == text


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_have_a_guess_that_can_be_used_or_none(data: bytes) -> None:
    guessed = guess_encoding(data)
    assert guessed is None or isinstance(data.decode(guessed[1], "replace"), str)


@pytest.mark.parametrize(
    "data", [b"\xff" * 1_000_000, b"\xff\n" * 500_000, b"a" * 1_000_000 + b"\xe9", b"\x81 " * 500_000]
)
def test_the_time_does_not_grow_with_the_text(data: bytes) -> None:
    began = time.process_time()
    guess_encoding(data)
    assert time.process_time() - began < 3
