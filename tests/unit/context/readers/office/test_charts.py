from __future__ import annotations

from xml.etree import ElementTree

from harlm.context.readers.office.charts import chart_lines
from tests.support.office_files import line, xml


def title(text: str) -> str:
    return f"<c:title><c:tx><c:rich>{line(text)}</c:rich></c:tx></c:title>"


def points(*values: object, code: str = "") -> str:
    made = "".join(
        f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values) if value != ""
    )
    return (f"<c:formatCode>{code}</c:formatCode>" if code else "") + made


def series(name: str, categories: str, values: str) -> str:
    return (
        f"<c:ser><c:tx><c:strRef><c:strCache>{points(name)}</c:strCache></c:strRef></c:tx>{categories}"
        f"<c:val><c:numRef><c:numCache>{values}</c:numCache></c:numRef></c:val></c:ser>"
    )


def words(*categories: str) -> str:
    return f"<c:cat><c:strRef><c:strCache>{points(*categories)}</c:strCache></c:strRef></c:cat>"


def lines(content: str, *, with_values: bool = True, root: str = "c:chartSpace") -> list[str]:
    return chart_lines(ElementTree.fromstring(xml(root, content)), with_values=with_values)


def test_a_chart_is_its_titles_and_a_table_of_its_series() -> None:
    made = series("North", words("Q1", "Q2"), points(0.1, 0.30000000000000004)) + series(
        "South", words("Q1", "Q2"), points(0.25, code="0%")
    )
    axes = f"<c:catAx>{title('Quarter')}</c:catAx><c:valAx>{title('Share')}</c:valAx>"
    content = (
        f"<c:chart>{title('Growth')}<c:plotArea><c:barChart>{made}</c:barChart>{axes}</c:plotArea></c:chart>"
    )
    assert lines(content) == [
        "Chart: Growth",
        "Axes: Quarter, Share",
        "\tNorth\tSouth",
        "Q1\t0.1\t25%",
        "Q2\t0.3\t",
    ]
    assert lines(content, with_values=False) == ["Chart: Growth", "Axes: Quarter, Share"]


def test_a_chart_without_a_title_does_not_take_that_of_an_axis() -> None:
    made = series("", words("a"), points(1))
    content = f"<c:chart><c:plotArea>{made}<c:valAx>{title('Share')}</c:valAx></c:plotArea></c:chart>"
    assert lines(content) == ["Chart:", "Axes: Share", "a\t1"]


def test_series_with_their_own_categories_follow_each_other() -> None:
    made = series("A", words("x"), points(1)) + series("B", words("y", "z"), points(2, 3))
    assert lines(f"<c:chart>{made}</c:chart>") == ["Chart:", "A", "x\t1", "B", "y\t2", "z\t3"]


def test_days_and_groups_of_categories() -> None:
    days = f"<c:cat><c:numRef><c:numCache>{points(45000, code='m/d/yyyy')}</c:numCache></c:numRef></c:cat>"
    assert lines(f"<c:chart>{series('', days, points(5))}</c:chart>")[1:] == ["2023-03-15\t5"]
    levels = f"<c:lvl>{points('Q1', 'Q2')}</c:lvl><c:lvl>{points('2024')}</c:lvl>"
    groups = f"<c:cat><c:multiLvlStrRef><c:multiLvlStrCache>{levels}</c:multiLvlStrCache></c:multiLvlStrRef></c:cat>"
    assert lines(f"<c:chart>{series('', groups, points(5, 6))}</c:chart>")[1:] == ["Q1\t5", "Q2\t6"]


def test_a_chart_of_office_2016_is_read() -> None:
    data = (
        '<cx:chartData><cx:data id="0"><cx:strDim><cx:lvl><cx:pt idx="0">Start</cx:pt><cx:pt idx="1">End</cx:pt></cx:lvl>'
        '</cx:strDim><cx:numDim><cx:lvl><cx:pt idx="0">10</cx:pt><cx:pt idx="1">4</cx:pt></cx:lvl></cx:numDim></cx:data></cx:chartData>'
    )
    chart = f"<cx:chart><cx:title><cx:tx><cx:rich>{line('Bridge')}</cx:rich></cx:tx></cx:title></cx:chart>"
    assert lines(data + chart, root="cx:chartSpace") == ["Chart: Bridge", "Start\t10", "End\t4"]


def test_a_chart_of_nothing_has_no_lines() -> None:
    assert lines("<c:chart/>") == []
