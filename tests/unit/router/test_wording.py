from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router.wording import CUES, Need, cues_of, growth_of, need_of

NEEDS: dict[str, dict[Need, str]] = {
    "English": {
        "exact": "How many files import re?|Which file is the largest?|list every name|List all classes|What is the average price?"
        "|What is the total of all invoices?|Which customer ordered most often?|Count the rows|Which files import re?",
        "meaning": "What is the sentiment of the reviews?|Summarise the main points|COMPARE the two proposals|Give an overview"
        "|How many of the reviews contradict each other?|What are the differences between A and B?|Summarize it",
        "lookup": "What is the code of the vault?|Who signed the treaty?|When was the bridge built?|Where does Anna live?|?",
    },
    "German": {
        "exact": "Wie viele Dateien importieren re?|Wieviele Zeilen hat die Tabelle?|Wie oft kommt das Wort vor?|Liste alle Namen auf"
        "|Was ist die Summe der Rechnungen?|Wie hoch ist der Durchschnitt?|Welcher Kunde hat die meisten Bestellungen?|Nenne alle Orte",
        "meaning": "Fasse den Bericht zusammen|Gib mir eine Zusammenfassung|Vergleiche die beiden Vorschläge|Gib einen Überblick"
        "|Widersprechen sich die Berichte?|Was ist der Unterschied zwischen A und B?",
        "lookup": "Wer hat den Vertrag unterschrieben?|Wann wurde die Brücke gebaut?|Wo wohnt Anna?|Wie lautet der Code des Tresors?",
    },
    "French": {
        "exact": "Combien de fichiers importent re ?|Quel est le nombre de lignes ?|Quelle est la somme des factures ?|Liste tous les noms"
        "|Quelle est la moyenne des prix ?|Quel client a le plus de commandes ?|Énumère toutes les villes",
        "meaning": "Résume le rapport|Résumez ce texte|Fais un résumé|Compare les deux propositions|Donne un aperçu"
        "|Quelles sont les différences entre A et B ?|Les rapports se contredisent-ils ?",
        "lookup": "Qui a signé le traité ?|Quand le pont a-t-il été construit ?|Où habite Anna ?|Quel est le code du coffre ?",
    },
    "Spanish": {
        "exact": "¿Cuántos archivos importan re?|¿Cuál es el número de filas?|Enumera todos los nombres|Lista todas las ciudades"
        "|¿Cuál es el promedio de los precios?|¿Qué cliente tiene más pedidos?|¿Cuántas veces aparece?|¿Cuál es la suma?",
        "meaning": "Resume el informe|Resúmelo|Haz un resumen|Compara las dos propuestas|¿Se contradicen los informes?"
        "|¿Cuáles son las diferencias entre A y B?",
        "lookup": "¿Quién firmó el tratado?|¿Cuándo se construyó el puente?|¿Dónde vive Ana?|¿Cuál es el código de la caja?",
    },
    "Italian": {
        "exact": "Quanti file importano re?|Quante righe ci sono?|Qual è il numero di righe?|Elenca tutti i nomi"
        "|Qual è la media dei prezzi?|Qual è la somma delle fatture?|Elenca tutte le città",
        "meaning": "Riassumi il rapporto|Fai un riepilogo|Confronta le due proposte|I rapporti si contraddicono?"
        "|Quali sono le differenze tra A e B?",
        "lookup": "Chi ha firmato il trattato?|Quando fu costruito il ponte?|Dove abita Anna?|Qual è il codice della cassaforte?",
    },
    "Portuguese": {
        "exact": "Quantos arquivos importam re?|Quantas linhas há?|Qual é a média dos preços?|Qual é a soma das faturas?"
        "|Liste todos os nomes|Liste todas as cidades",
        "meaning": "Resuma o relatório|Faça um resumo|Compare as duas propostas|Quais são as diferenças entre A e B?",
        "lookup": "Quem assinou o tratado?|Quando foi construída a ponte?|Onde mora a Ana?|Qual é o código do cofre?",
    },
    "Dutch": {
        "exact": "Hoeveel bestanden importeren re?|Wat is het aantal regels?|Wat is het gemiddelde van de prijzen?"
        "|Welke klant heeft de meeste bestellingen?|Noem alle namen",
        "meaning": "Vat het rapport samen|Geef een samenvatting|Vergelijk de twee voorstellen|Wat zijn de verschillen?",
        "lookup": "Wie ondertekende het verdrag?|Wanneer is de brug gebouwd?|Waar woont Anna?|Wat is de code van de kluis?",
    },
    "Polish": {
        "exact": "Ile plików importuje re?|Jaka jest liczba wierszy?|Wymień wszystkie nazwy|Jaka jest średnia cen?|Jaka jest suma faktur?",
        "meaning": "Podsumuj raport|Streść ten tekst|Porównaj obie propozycje|Jakie są różnice między A i B?",
        "lookup": "Kto podpisał traktat?|Gdzie mieszka Anna?|Jaki jest kod sejfu?",
    },
    "Chinese": {
        "exact": "有多少个文件?|一共有几个客户?|总数是多少?|平均价格是多少?|列出所有名字|哪个客户的订单最多?|有幾個文件?",
        "meaning": "总结这份报告|概括主要内容|比较这两个方案|A和B有什么区别?|两份报告有矛盾吗?|總結這份報告",
        "lookup": "谁签署了条约?|这座桥是什么时候建的?|安娜住在哪里?|保险箱的密码是什么?",
    },
    "Japanese": {
        "exact": "ファイルはいくつありますか?|社員は何人いますか?|合計はいくらですか?|すべての名前を挙げてください|平均価格は?",
        "meaning": "この報告書を要約してください|内容をまとめてください|二つの提案を比較してください|AとBの違いは何ですか?",
        "lookup": "誰が条約に署名しましたか?|橋はいつ建てられましたか?|アンナはどこに住んでいますか?|金庫の暗証番号は何ですか?",
    },
}


def test_the_need_follows_the_wording_in_ten_languages() -> None:
    wrong = [
        f"{language}: {question!r} is {need_of(question)}, not {need}"
        for language, needs in NEEDS.items()
        for need, questions in needs.items()
        for question in questions.split("|")
        if need_of(question) != need
    ]
    assert not wrong


def test_a_word_of_one_language_is_no_cue_of_another() -> None:
    """Cues of all languages are looked for in every question."""
    meant: dict[str, Need] = {
        "How many different cities are named?": "exact",
        "When did the talks resume?": "lookup",
        "Which media company bought it?": "lookup",
        "Kiedy zbudowano most?": "lookup",
    }
    wrong = {question: need_of(question) for question, need in meant.items() if need_of(question) != need}
    assert not wrong


def test_the_growth_follows_what_a_model_must_read() -> None:
    meant = {
        "Who signed the treaty?": "constant",
        "How many files import re?": "constant",
        "Summarise it.": "linear",
        "Which two proposals agree?": "factorable pairs",
        "Compare every pair of proposals.": "factorable pairs",
        "Welche Paare von Städten liegen an einem Fluss?": "factorable pairs",
        "Quelles paires de villes ?": "factorable pairs",
    }
    assert {question: growth_of(question) for question in meant} == meant


def test_cues_say_what_a_question_asks_for() -> None:
    meant: dict[str, set[str]] = {
        "How many rows are there?": {"number", "table"},
        "List every file.": {"all", "sources"},
        "Which town has the fewest inhabitants?": {"superlative"},
        "When was it built?": {"dated"},
        "What kind of animal is it?": {"label"},
        "Which function raises?": {"code"},
        "Wie viele Zeilen?": {"number", "table"},
        "Nenne alle Quellen": {"all", "sources"},
        "Combien de lignes ?": {"number", "table"},
        "Which of the towns is the oldest?": {"superlative"},
        "Is there a request of interest in the test?": set(),
        "Who wrote it?": set(),
        "": set(),
    }
    assert {question: set(cues_of(question).asks) for question in meant} == meant
    assert {name for asks in meant.values() for name in asks} == set(CUES)


def test_cues_count_what_leads_on_and_what_joins() -> None:
    cues = cues_of("Who is the mayor of the town that lies on the river of the north and is old?")
    assert (cues.steps, cues.conditions, cues.words) == (4, 1, 18)


def counted(question: str) -> float:
    started = time.process_time()
    cues_of(question)
    return time.process_time() - started


@pytest.mark.parametrize("asked", ["{} " + "word " * 400_000, "word " * 400_000 + " {}"])
def test_of_a_very_long_question_the_beginning_and_the_end_count(asked: str) -> None:
    started = time.process_time()
    assert need_of(asked.format("How many files import re?")) == "exact"
    assert need_of(asked.format("Summarise it.")) == "meaning"
    assert growth_of(asked.format("Compare every pair of proposals.")) == "factorable pairs"
    assert time.process_time() - started < 0.2


def test_no_wording_takes_long() -> None:
    """Patterns that look ahead by a bounded number of characters, over text that nearly fits them."""
    hard: list[Callable[[], str]] = [
        lambda: "fasse " * 700,
        lambda: "vat " * 1_000,
        lambda: "all " * 1_000,
        lambda: "x" * 4_000,
        lambda: "most " * 800,
        lambda: "最" * 4_000,
        lambda: "of the " * 600,
    ]
    slow = {each()[:10]: seconds for each in hard if (seconds := counted(each())) > 0.2}
    assert not slow


@given(st.text(max_size=300))
def test_every_question_has_cues(question: str) -> None:
    cues = cues_of(question)
    assert cues.need in ("lookup", "exact", "meaning")
    assert cues.asks <= set(CUES)
    assert min(cues.steps, cues.conditions, cues.words) >= 0
