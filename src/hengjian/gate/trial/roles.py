"""Who comes to the demonstration's doctor: one role for each thing the gate can do, filled by an invented person of the synthetic city."""

from __future__ import annotations

from dataclasses import dataclass

MALE, FEMALE = "1", "2"


@dataclass(frozen=True)
class Elsewhere:
    """What somebody was given in another institution: one of an item (its code, or the beginning), and how many days before the day of the
    demonstration."""

    code: str
    days_before: int
    diagnosis: str


@dataclass(frozen=True)
class Role:
    """One role. `years`: ages from–to (in, out); `had`: a diagnosis of the last months, if anybody has it; `diagnoses`: of today's visit.

    `never`: beginnings of diagnoses never given. `tries`: codes, or their beginnings, of orders worth trying, with quantities. `stranger`:
    nobody the gate knows.
    """

    name: str
    gend: str
    years: tuple[int, int]
    had: str
    diagnoses: tuple[str, ...]
    story: str
    tries: tuple[tuple[str, int], ...]
    med_type: str = "11"
    elsewhere: Elsewhere | None = None
    never: tuple[str, ...] = ()
    stranger: bool = False


ROLES = (
    Role(
        "周*兰",
        FEMALE,
        (50, 70),
        "E11",
        ("E11.900",),
        "六天前在外院查过糖化血红蛋白",
        (("002503020030000", 1), ("XA10BKH120", 1), ("XA10BKA338", 1)),
        elsewhere=Elsewhere("002503020030000", 6, "E11.900"),
    ),
    Role(
        "陈*雨",
        FEMALE,
        (22, 38),
        "Z34",
        ("Z34.900",),
        "正在妊娠",
        (("ZD01AAF0207", 2), ("003102050010100", 1), ("002503020010000", 1)),
        never=("O0", "O8", "Z37"),
    ),
    Role("林*晨", MALE, (3, 6), "J20", ("J20.900",), "学龄前儿童", (("XJ01MAM122B002", 2), ("009931003010000", 1))),
    Role(
        "赵*国",
        MALE,
        (45, 65),
        "I25",
        ("I25.100",),
        "急诊：只提醒，不要求理由",
        (("001103000010000", 1), ("001102000030000", 1), ("ZA07AAA0061", 1)),
        med_type="13",
    ),
    Role(
        "吴*民",
        MALE,
        (55, 70),
        "I10",
        ("I10.x00",),
        "按时复诊；十天前在外院取过药",
        (("XC08CAZ961", 1), ("XC09CAZ966", 1)),
        elsewhere=Elsewhere("XC08CAZ961", 10, "I10.x00"),
    ),
    Role(
        "何*远",
        MALE,
        (40, 41),
        "",
        ("J06.900",),
        "闸口不认识的外地患者",
        (("XC02CXY165B002", 2), ("XN02BEZ901", 1)),
        stranger=True,
    ),
)
