from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter

from hengjian.apps.workdays.calendar import computed
from hengjian.apps.workdays.notice import Told, read_text, read_xlsx
from hengjian.kernel.errors import InputError

NOTICE_2026 = """各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""


def test_the_notice_of_2026_reads_as_the_calendar_has_it():
    told = {t.day: t for t in read_text(NOTICE_2026, 2026)}
    year = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert len(told) == 33 + 6  # free days with their weekends, and six weekend days worked
    assert [d for d in year if d in told and told[d].is_workday != computed(d).is_workday] == []
    assert [d for d in year if d not in told and computed(d).is_workday != (d.weekday() < 5)] == []
    assert told[date(2026, 10, 7)] == Told(date(2026, 10, 7), False, "国庆节")
    assert told[date(2026, 10, 10)] == Told(date(2026, 10, 10), True, "调休上班")


def test_a_span_over_two_months_and_a_single_day():
    told = read_text("劳动节：4月29日至5月3日放假。4月23日（星期日）上班。\n中秋节：9月29日放假一天。", 2023)
    assert [t.day.isoformat()[5:] for t in told] == ["04-23", "04-29", "04-30", "05-01", "05-02", "05-03", "09-29"]


def test_a_pasted_table():
    told = read_text("2027-01-01\t放假\t元旦\n2027/1/3 上班\n2027年1月4日，休息，台风\n\n", 2027)
    assert told == [
        Told(date(2027, 1, 1), False, "元旦"),
        Told(date(2027, 1, 3), True, "上班"),
        Told(date(2027, 1, 4), False, "台风"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("元旦：1月1日（周四）至3日（周六）放假。", "文件写的是周四"),  # the notice of 2026 read for 2027
        ("国庆节：10月1日至7日放假，共8天。", "共 8 天，数出来是 7 天"),
        ("国庆节：10月7日至1日放假。", "止日早于起日"),
        ("春节：2月30日放假。", "没有 2027 年 2 月 30 日"),
        ("元旦：1月1日放假。1月1日上班。", "既写了放假，又写了上班"),
        ("1月1日放假", "没有看懂"),
        ("什么日期也没有", "没有读到日期"),
        ("", "没有读到日期"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(InputError, match=says):
        read_text(text, 2027)


def _book(*rows: tuple[object, ...]) -> bytes:
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        sheet, as_date = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for n, row in enumerate(rows):
            for m, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(n, m, value, as_date)
                else:
                    sheet.write(n, m, value)
    return kept.getvalue()


def test_a_workbook():
    told = read_xlsx(
        _book(("日期", "安排", "名称"), (date(2027, 1, 1), "放假", "元旦"), ("2027年1月3日", "上班", ""), ("", "", ""))
    )
    assert told == [Told(date(2027, 1, 1), False, "元旦"), Told(date(2027, 1, 3), True, "上班")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no workbook", "打不开"),
        (_book((date(2027, 1, 1), "也许", "元旦")), "第二列"),
        (_book(("一月一日", "放假", "元旦")), "第一列须是日期"),
        (_book(("日期", "安排", "名称")), "没有读到日期"),
    ],
)
def test_a_wrong_workbook_is_refused(content, says):
    with pytest.raises(InputError, match=says):
        read_xlsx(content)
