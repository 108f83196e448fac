"""Columns are sealed, come back, and tell nothing; whoever touches a byte is found out."""

from __future__ import annotations

import string
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hengjian.crypto.rows import _SPAN_BYTES, _SPAN_ROWS, spans
from hengjian.crypto.seal import Sealer, key_of_sealed
from hengjian.kernel.errors import SealError

from . import slow

MASTER = bytes(range(32))
SEALER = Sealer("k3f9a", MASTER)
PLACE = "person.psn_name"
LONG = "病史摘要" * 1000

texts = st.lists(
    st.none() | st.text(max_size=40) | st.sampled_from(["", "张三", "欧阳娜娜", "99" * 9, "x" * 15, "x" * 16, LONG])
)


def column(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def ids_of(values: list[str | None]) -> pa.Array:
    return column([f"P{n}" for n in range(len(values))])


@given(texts)
@example(["", None, "张三", LONG])
def test_fast_is_slow_and_comes_back(values: list[str | None]) -> None:
    ids = ids_of(values)
    sealed = SEALER.seal(PLACE, ids, column(values))
    slowly = [
        None if v is None else slow.seal(MASTER, "k3f9a", [f"cell:{PLACE}", at.as_py()], v.encode())
        for v, at in zip(values, ids, strict=True)
    ]
    assert sealed.to_pylist() == slowly and sealed.type == pa.string()
    sealed.validate(full=True)
    assert SEALER.open(PLACE, ids, sealed).equals(column(values))


@given(st.lists(st.tuples(st.text(max_size=30), st.none() | st.text(max_size=30))), st.integers(0, 5), st.integers(0, 5))
def test_slices_and_chunks_are_sealed_as_the_whole(rows: list[tuple[str, str | None]], low: int, high: int) -> None:
    ids, values = column([at for at, _ in rows]), column([v for _, v in rows])
    sealed = SEALER.seal(PLACE, ids, values)
    part = slice(low, max(low, len(rows) - high))
    assert SEALER.seal(PLACE, ids[part], values[part]).equals(sealed[part])
    assert SEALER.open(PLACE, ids[part], sealed[part]).equals(values[part])
    pieces = pa.chunked_array([values[:low], values[low:]], pa.string())
    assert SEALER.seal(PLACE, pa.chunked_array([ids[:high], ids[high:]], pa.string()), pieces).combine_chunks().equals(sealed)
    assert SEALER.seal(PLACE, pa.chunked_array([ids]), values).equals(sealed)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()])
def test_other_kinds_of_text_columns_are_the_same_texts(kind: pa.DataType) -> None:
    values = column(["张三", None, "李四", ""])
    assert SEALER.seal(PLACE, ids_of([None] * 4), values.cast(kind)).equals(SEALER.seal(PLACE, ids_of([None] * 4), values))


def test_whole_numbers_serve_as_ids() -> None:
    assert SEALER.seal("t.c", pa.array([7]), column(["x"])).equals(SEALER.seal("t.c", column(["7"]), column(["x"])))


@pytest.mark.parametrize("values", [[], [None], [None] * 70_000, [""] * 3])
def test_nothing_and_empty(values: list[str | None]) -> None:
    sealed = SEALER.seal(PLACE, ids_of(values), column(values))
    assert sealed.null_count == values.count(None) and SEALER.open(PLACE, ids_of(values), sealed).equals(column(values))
    assert len(SEALER.digest("certno", column(values))) == len(values)
    assert SEALER.seal(PLACE, ids_of(values), pa.nulls(len(values))).null_count == len(values)


def test_a_million_people() -> None:
    count = 1_000_000
    ids = pa.array(np.arange(count)).cast(pa.string())
    names = column(["张三", "李四光", None, "欧阳娜娜"]).take(pa.array(np.arange(count) % 4))
    sealed = SEALER.seal(PLACE, ids, names)
    assert SEALER.open(PLACE, ids, sealed).equals(names)
    assert len(sealed.unique()) == count * 3 // 4 + 1  # four names, yet no two sealed values are the same


def test_the_same_row_again_is_the_same_and_anything_else_is_not() -> None:
    def sealed(sealer: Sealer = SEALER, place: str = PLACE, at: str = "P1", text: str = "张三") -> str:
        return str(sealer.seal(place, column([at]), column([text]))[0])

    others = [
        sealed(at="P2"),
        sealed(at=""),
        sealed(place="person.emp_name"),
        sealed(text="张四"),
        sealed(text="张三 "),
        sealed(sealer=Sealer("k3f9a", bytes(32))),
        str(SEALER.seal_text(PLACE, "张三")),
    ]
    assert sealed() == sealed() and len({sealed(), *others}) == 8


def test_place_id_and_text_do_not_run_into_each_other() -> None:
    split = [
        ("a.b", "cd", "ef"),
        ("a.bc", "d", "ef"),
        ("a.b", "c", "def"),
        ("a.b", "cde", "f"),
        ("a.", "bcd", "ef"),
        ("a.b", "", "cdef"),
    ]
    tags = {str(SEALER.seal(place, column([at]), column([text]))[0])[6:26] for place, at, text in split}
    assert len(tags) == len(split)


@pytest.mark.parametrize("text", ["", "张三", "990101199001011234", "某街道" * 6])
def test_a_change_of_any_character_is_found(text: str) -> None:
    ids = column(["P1"])
    sealed = str(SEALER.seal(PLACE, ids, column([text]))[0])
    letters = string.ascii_letters + string.digits + "+/=:-_ \n"
    changed = [sealed[:at] + new + sealed[at + 1 :] for at in range(len(sealed)) for new in letters if new != sealed[at]]
    changed += [sealed[:at] for at in range(len(sealed))] + [sealed + new for new in ("A", "AA", "AAA", "AAAA", "=", " ", "\n")]
    changed += ["张" + sealed[1:], sealed[6:], sealed.replace(":", "："), sealed.swapcase()]
    for other in changed:
        with pytest.raises(SealError):
            SEALER.open(PLACE, ids, column([other]))


def test_a_cell_moved_to_another_row_or_column_or_key_does_not_open() -> None:
    ids, names = column(["P1", "P2"]), column(["张三", "李四"])
    sealed = SEALER.seal(PLACE, ids, names)
    for place, at, sealer in (
        ("person.emp_name", ids, SEALER),
        (PLACE, ids.take([1, 0]), SEALER),
        (PLACE, ids, Sealer("k3f9a", bytes(32))),
    ):
        with pytest.raises(SealError) as caught:
            sealer.open(place, at, sealed)
        assert "打不开" in str(caught.value) and "第 1、2 个值" in caught.value.where
        assert not any(secret in str(caught.value) for secret in ("张", "P1", "李"))


def test_the_refusal_says_why() -> None:
    def why(*cells: str) -> SealError:
        with pytest.raises(SealError) as caught:
            SEALER.open(PLACE, ids_of([*cells]), column([*cells]))
        return caught.value

    other = str(Sealer("kqqqq", MASTER).seal(PLACE, column(["P0"]), column(["张三"]))[0])
    assert "kqqqq" in why(other).why and "k3f9a" in why(other).why
    assert "不是密文" in why("张三").why
    assert "等 5 个" in why(*["张三"] * 5).where
    assert "备份" in why("张三").cure


def test_one_bad_cell_in_a_million_is_named_and_nothing_is_given_out() -> None:
    ids = pa.array(np.arange(200_000)).cast(pa.string())
    sealed = SEALER.seal(PLACE, ids, pa.array(["张三"] * 200_000)).to_pylist()
    sealed[150_000] = sealed[150_001]
    sealed[7] = None
    with pytest.raises(SealError, match="加密") as caught:
        SEALER.open(PLACE, ids, column(sealed))
    assert "第 150001 个值" in caught.value.where


def test_a_row_without_id_or_of_another_count_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without id"):
        SEALER.seal(PLACE, column([None]), column(["张三"]))
    with pytest.raises(ValueError, match="ids for"):
        SEALER.seal(PLACE, column(["P1"]), column(["张三", "李四"]))
    with pytest.raises(ValueError, match="ids for"):
        SEALER.seal(PLACE, column(["P1"]), pa.chunked_array([column([])]))
    assert SEALER.seal(PLACE, column([None]), column([None])).null_count == 1


def test_threads_share_a_sealer() -> None:
    ids, names = ids_of([None] * 5000), column(["张三", "李四光"] * 2500)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: SEALER.seal(PLACE, ids, names), range(12)))
    assert all(one.equals(done[0]) for one in done)


@given(st.text(max_size=300), st.text(max_size=20))
@example(LONG, "摘录")
@example("", "")
def test_single_texts_come_back_and_only_in_their_context(text: str, context: str) -> None:
    sealed = SEALER.seal_text(context, text)
    assert SEALER.open_text(context, sealed) == text and sealed == SEALER.seal_text(context, text) and sealed.isascii()
    for wrong in (context + "x", ""):
        if wrong != context:
            with pytest.raises(SealError):
                SEALER.open_text(wrong, sealed)
    for cell in ("", "张三", sealed + "A", sealed[:-1]):
        with pytest.raises(SealError):
            SEALER.open_text(context, cell)


def test_single_texts_are_compressed_when_that_helps() -> None:
    assert len(SEALER.seal_text("x", LONG)) < 200
    noise = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(30))
    assert len(SEALER.seal_text("x", noise)) == len("k3f9a:") + -(-(16 + 1 + 90) * 4 // 3)


def test_secrets_are_not_printed() -> None:
    assert repr(MASTER) not in repr(SEALER) and "k3f9a" in repr(SEALER)
    for key_id, master in (("no id", MASTER), ("k3f9a", b"short")):
        with pytest.raises(ValueError, match="a key has"):
            Sealer(key_id, master)


def test_which_key_sealed_a_value() -> None:
    assert key_of_sealed(SEALER.seal_text("x", "y")) == "k3f9a"
    assert [key_of_sealed(text) for text in ("张三", "k:x", "K3F9A:x", "", "k3f9a")] == [None] * 5


@given(st.lists(st.integers(0, 300), max_size=40))
def test_work_is_done_in_bounded_spans(lengths: list[int]) -> None:
    values = column(["x" * n * 10_000 if n % 7 == 0 else None if n % 5 == 0 else "y" * n for n in lengths])
    done = list(spans(values))
    assert [start for start, _ in done] == [0, *np.cumsum([len(part) for _, part in done])][: len(done)]
    assert all(len(part) == 1 or part.nbytes <= 2 * _SPAN_BYTES for _, part in done)
    assert (pa.concat_arrays([part for _, part in done]) if done else column([])).equals(values)
    assert max(len(part) for _, part in spans(pa.nulls(200_000, pa.string()))) == _SPAN_ROWS
