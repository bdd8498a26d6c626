"""The study file: every mistake in it is one line that names the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import VOTES_STUDY

from suffice.errors import StudyError
from suffice.study import Study, load_study, parse_study

EXAMPLE = Path(__file__).parents[1] / "examples" / "ratings.toml"


def refusal(folder: Path, text: str | bytes) -> str:
    """What is said about a study file that is wrong."""
    path = folder / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StudyError) as caught:
        load_study(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


def changed(old: str, new: str) -> str:
    """The small study with one place changed."""
    assert old in VOTES_STUDY
    return VOTES_STUDY.replace(old, new, 1)


def test_good_studies_are_read(tmp_path):
    """The example and a study of one's own pass, and files are found beside the study."""
    assert load_study(EXAMPLE).task.kind == "ratings"
    (tmp_path / "study.toml").write_text(VOTES_STUDY)
    study = load_study(tmp_path / "study.toml")
    assert study.sources["crowd"].labels_per_task == [1, 3]
    assert study.path("gold.csv") == tmp_path / "gold.csv"


@pytest.mark.parametrize(
    ("old", "new", "key", "right"),
    [
        ("price = 0.1", "prise = 0.1", "sources.crowd.prise", "price"),
        ("[budget]", "[budgets]", "budgets", "budget"),
        ("money = 200", "money = 200\nweek = 3", "budget.week", "weeks"),
        ("worst_slice_error", "worst_slice_eror", "criterion.worst_slice_eror",
         "worst_slice_error"),
        ('items = "items.csv"', 'item = "items.csv"', "task.item", "items"),
        ("mixtures = 8", "mixture = 8", "grid.mixture", "mixtures"),
        ("runs = 6", "run = 6", "check.run", "runs"),
        ("[sources.experts]", "[sources.votes]\nprise = 3", "sources.votes.prise", "price"),
        ("target =", "targets =", "models.targets", "target"),
    ],
)  # fmt: skip
def test_misspelled_keys_get_the_right_one(tmp_path, old, new, key, right):
    """A misspelled key is named with its section, and the right spelling is suggested."""
    said = refusal(tmp_path, changed(old, new))
    assert f"unknown key {key!r}" in said
    assert f"did you mean {right!r}?" in said


def test_a_key_like_no_other_gets_the_list(tmp_path):
    """Where no key is close, the known ones are listed."""
    said = refusal(tmp_path, changed("money = 200", "money = 200\nqqq = 3"))
    assert "unknown key 'budget.qqq' (known keys: money, rounds, weekly, weeks)" in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("price = 0.1", "price = -0.1", ["sources.crowd.price = -0.1", "greater than or equal"]),
        ("price = 0.1", "price = nan", ["sources.crowd.price", "finite"]),
        ("price = 0.1", "price = inf", ["sources.crowd.price", "finite"]),
        ("price = 0.1", 'price = "cheap"', ["sources.crowd.price = 'cheap'", "number"]),
        ("price = 0.1\n", "", ["'sources.crowd.price' is missing"]),
        ("price = 0.1", "price = 0.1\ncapacity = 0", ["sources.crowd.capacity = 0", "greater"]),
        ("price = 0.1", "price = 0.1\ncapacity = -3", ["sources.crowd.capacity = -3", "greater"]),
        ("price = 0.1", "price = 0.1\nlatency_days = -1", ["latency_days = -1", "greater"]),
        ("price = 0.1", "price = 0.1\nlatency_days = nan", ["latency_days"]),
        ("labels_per_task = [1, 3]", "labels_per_task = []", ["labels_per_task", "at least 1"]),
        ("labels_per_task = [1, 3]", "labels_per_task = [0]", ["labels_per_task.0 = 0"]),
        ("error = 0.2", "error = 1.2", ["criterion.error = 1.2", "less than 1"]),
        ("error = 0.2", "error = 0.0", ["criterion.error = 0.0", "greater than 0"]),
        ("error = 0.2", "error = 0.2\nvalidity = 1.5", ["criterion.validity = 1.5"]),
        ("error = 0.2", "error = 0.2\nvalidity = -0.1", ["criterion.validity = -0.1"]),
        ("error = 0.2", "error = 0.2\nslice_error = {food = 2}", ["slice_error.food = 2"]),
        ("error = 0.2\n", "", ["'criterion.error' is missing"]),
        ("money = 200", "money = 0", ["budget.money = 0", "greater than 0"]),
        ("money = 200", "money = -5", ["budget.money = -5"]),
        ("money = 200", "money = 200\nweeks = 0", ["budget.weeks = 0"]),
        ('[models]\ntarget = "minilm-l6@1"\n', "", ["'models' is missing"]),
        ('target = "minilm-l6@1"\n', "", ["'models.target' is missing"]),
        ('kind = "votes"', 'kind = "votess"', ["task.kind = 'votess' (one of", "votes"]),
        ('kind = "votes"\n', "", ["'task.kind' is missing (one of"]),
        ('labels = "crowd.csv"', "raters = 3", ["sources.crowd", "'labels'"]),
        ('labels = "crowd.csv"', 'labels = "crowd.csv"\nraters = 1', ["sources.crowd", "'raters'"]),
        ('classes = ["no", "yes"]', 'classes = ["no"]', ["task.classes", "at least 2"]),
        ('classes = ["no", "yes"]', f"classes = {[str(k) for k in range(51)]}",
         ["task.classes", "at most 50"]),
        ('classes = ["no", "yes"]', 'classes = ["no", "no"]', ["task.classes", "different"]),
        ('classes = ["no", "yes"]', 'classes = ["no", "a", "b", "a"]', ["different", "'a' twice"]),
        ('name = "own"', 'name = ""', ["name = ''"]),
        ('name = "own"', 'name = "../own"', ["name = '../own'"]),
        ("seed = 3", "seed = -3", ["seed = -3"]),
        ("seeds = 4", "seeds = 1", ["grid.seeds = 1"]),
        ("runs = 6", "runs = 0", ["check.runs = 0"]),
        ("[sources.crowd]", '[sources."my crowd"]', ["my crowd"]),
    ],
)  # fmt: skip
def test_impossible_values_name_their_key(tmp_path, old, new, words):
    """A value that cannot be, or one that is missing, is named with its section."""
    said = refusal(tmp_path, changed(old, new))
    for word in words:
        assert word in said, said


def test_no_source_at_all_is_refused(tmp_path):
    """A study with nothing to buy names the section."""
    head = VOTES_STUDY[: VOTES_STUDY.index("[sources.crowd]")]
    tail = VOTES_STUDY[VOTES_STUDY.index("[models]") :]
    assert "'sources' is missing" in refusal(tmp_path, head + tail)
    assert "sources" in refusal(tmp_path, head + "[sources]\n" + tail)


def test_an_empty_file_says_what_is_missing(tmp_path):
    """An empty study names the first missing key and counts the others."""
    said = refusal(tmp_path, "")
    assert "'name' is missing" in said
    assert "more" in said


def test_files_that_are_no_study(tmp_path):
    """No TOML, no UTF-8, a folder, nothing there: each is told apart."""
    assert "no valid TOML" in refusal(tmp_path, "name = ")
    assert "line" in refusal(tmp_path, "name = 'a'\nseed = = 1\n")
    assert "not UTF-8 (byte 8) (save it as UTF-8)" in refusal(tmp_path, b'name = "\xff"\n')
    with pytest.raises(StudyError, match="is a folder, not a study file"):
        load_study(tmp_path)
    with pytest.raises(StudyError, match=r"no such study file \(suffice init writes one\)"):
        load_study(tmp_path / "none.toml")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    """Editors on Windows put a mark in front of UTF-8; it means nothing."""
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + VOTES_STUDY.encode())
    assert load_study(path).name == "own"


def test_a_parent_that_is_no_folder(tmp_path):
    """A path through a file is as wrong as a missing file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="no such study file"):
        load_study(tmp_path / "file" / "study.toml")


def test_digest_says_whether_two_studies_ask_the_same(tmp_path):
    """The digest changes with what is asked, not with where the file lies or its comments."""
    one, other, third = (tmp_path / n for n in ("a.toml", "b.toml", "c.toml"))
    one.write_text(VOTES_STUDY)
    (tmp_path / "sub").mkdir()
    other = tmp_path / "sub" / "b.toml"
    other.write_text("# a comment\n" + VOTES_STUDY)
    third.write_text(changed("money = 200", "money = 201"))
    assert load_study(one).digest() == load_study(other).digest()
    assert load_study(one).digest() != load_study(third).digest()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner,
                                                               max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "task", "criterion", "sources", "models", "budget", "grid", "check", "seed", "folder"]
)


@given(st.dictionaries(KEYS | st.text(max_size=6), JUNK, max_size=8))
def test_any_other_content_is_one_line(values):
    """Whatever a file holds, the answer is a study or one line, never a traceback."""
    try:
        said = parse_study(values)
    except StudyError as error:
        said = str(error)
    assert isinstance(said, Study) or len(said.splitlines()) == 1
