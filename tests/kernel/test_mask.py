"""What a screen shows of a person: enough to tell two apart, never enough to find one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.kernel.mask import masked

SHOWN = {
    "psn_name": {
        "张三": "张*",
        "张三丰": "张**",
        "欧阳锋": "欧阳*",
        "欧阳娜娜": "欧阳**",
        "欧阳": "欧*",
        "司马相如": "司马**",
        "买买提·吐尔逊": "买***",
        "张": "*",
        " 李四 ": "李*",
    },
    "certno": {
        "99010119900101123X": "990*************3X",
        "E12345678": "E*******8",
        "12345": "*****",
    },
    "tel": {"13812341234": "138****1234", "0571-88881234": "057****1234", "88881234": "****34", "120": "****"},
    "curr_addr": {
        "浙江省杭州市西湖区文三路1号": "浙江省杭州市西湖区***",
        "北京市朝阳区建国路88号": "北京市朝阳区***",
        "内蒙古自治区呼伦贝尔市鄂温克族自治旗巴彦镇": "内蒙古自治区呼伦贝尔市鄂温克族自治旗***",
        "湖南省湘西土家族苗族自治州凤凰县沱江镇": "湖南省湘西土家族苗族自治州凤凰县***",
        "上海市浦东新区张江路1号": "上海市浦东新区***",
        "杭州市幸福小区3栋": "杭州市***",
        "幸福小区3栋402": "幸***",
        "人民路2号": "人***",
        "城东村": "城***",
    },
    "emp_name": {"某某机械厂": "某***", "厂": "*"},
    "medrcdno": {"0012345": "0***"},
}


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in SHOWN.items() for value in values])
def test_what_is_shown(column: str, value: str) -> None:
    assert masked(column, value) == SHOWN[column][value]


@given(st.sampled_from([*SHOWN, "info"]), st.text(max_size=60))
def test_something_is_always_hidden(column: str, value: str) -> None:
    shown = masked(column, value)
    assert (shown == "") == (not value.strip()) and (not shown or "*" in shown)
    if value.strip() and "*" not in value:
        assert value.strip() not in shown
