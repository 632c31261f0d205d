"""Verdicts follow from evidence: each claim is shown evidence for it, against it, and none."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genre_lib import claims, paper
from genre_lib.book.references import REFERENCES
from genre_lib.claims import formulas
from genre_lib.claims.arithmetic import equation_2
from genre_lib.claims.judging import (
    CLAIMS,
    FAILS,
    HOLDS,
    IN_PART,
    SECTIONS,
    UNKNOWN,
    VERDICTS,
    Finding,
    judged,
    of_differences,
)
from genre_lib.claims.page import TITLES, to_html
from genre_lib.config import GENRES, configure
from genre_lib.runs import Run

ROOT = Path(__file__).resolve().parents[1]
IMAGES, TRACKS = 12, 5

# A classifier that is as the paper says: who is right how often, and taken for whom.
RECALL = {
    "blues": 0.92, "classical": 0.99, "country": 0.79, "disco": 0.87, "hiphop": 0.90,
    "jazz": 0.97, "metal": 0.93, "pop": 0.88, "reggae": 0.91, "rock": 0.75,
}  # fmt: skip
PRINTED_RECALL = RECALL | {
    "blues": 0.86, "country": 0.76, "disco": 0.82, "hiphop": 0.84, "metal": 0.87, "pop": 0.83,
    "reggae": 0.85, "rock": 0.72,
}  # fmt: skip
TAKEN_FOR = {
    "blues": "reggae", "classical": "jazz", "country": "rock", "disco": "pop", "hiphop": "reggae",
    "jazz": "blues", "metal": "rock", "pop": "disco", "reggae": "hiphop", "rock": "country",
}  # fmt: skip


def predictions(recall: Mapping[str, float], taken_for: Mapping[str, str]) -> pd.DataFrame:
    """Test images of which each genre's share is right, spread evenly over its tracks."""
    rows = []
    for genre in GENRES:
        for number in range(TRACKS * IMAGES):
            right = int((number + 1) * recall[genre]) > int(number * recall[genre])
            track, image = divmod(number, IMAGES)
            guess = genre if right else taken_for[genre]
            rows.append((f"{genre}.{track:05d}", image, genre, guess))
    table = pd.DataFrame(rows, columns=["track_id", "image", "y_true", "y_pred"])
    certain = {f"p_{genre}": (table.y_pred == genre).astype(float) for genre in GENRES}
    return table.assign(**certain)


def split(*, tracks: int = 40, duplicates: int = 0, extra: int = 0) -> pd.DataFrame:
    """One image a track; the first tracks of a genre may be duplicates of its last."""
    rows = []
    for genre in GENRES:
        for number in range(tracks + (extra if genre == "rock" else 0)):
            track = f"{genre}.{number:05d}"
            recording = f"{genre}.{tracks - 1:05d}" if number < duplicates else track
            subset = ("train", "train", "validation", "test")[number % 4]
            rows.append((track, genre, recording, 0, subset))
    return pd.DataFrame(rows, columns=["track_id", "genre", "recording", "image", "subset"])


def history(epochs: int = 30) -> pd.DataFrame:
    """Curves as the paper describes them."""
    epoch = np.arange(1, epochs + 1)
    progress = epoch / epochs
    top = epochs // 3
    rise = np.minimum(1.0, 3 * progress)
    rate = np.where(epoch <= top, epoch / top, (epochs + 1 - epoch) / (epochs + 1 - top))
    return pd.DataFrame(
        {
            "epoch": epoch,
            "learning_rate": 0.001 * rate,
            "train_loss": 2.2 - 1.0 * progress,
            "train_accuracy": 0.2 + 0.53 * progress,
            "clean_train_accuracy": 0.3 + 0.53 * rise,
            "validation_loss": 1.9 - 1.0 * progress,
            "validation_accuracy": 0.3 + 0.53 * rise,
        }
    )


def made(
    name: str,
    *,
    factor: float = 1.0,
    recall: Mapping[str, float] = RECALL,
    taken_for: Mapping[str, str] = TAKEN_FOR,
    known: int | None = None,
    seconds: float = 60.0,
    **changes: Any,
) -> Run:
    """A run of a name; all recalls are multiplied by a factor."""
    known = (TRACKS * len(GENRES) if name.startswith("image") else 0) if known is None else known
    table = predictions({genre: factor * share for genre, share in recall.items()}, taken_for)
    leak = {"first": "train", "second": "test", "shared_tracks": known, "identical_tracks": 0}
    profile = "paper" if name == "image-full-budget" else "quick"
    run = Run(
        path=Path(name),
        settings=configure(corpus="gtzan", profile=profile),
        history=history(),
        split=split(),
        predictions=table,
        metrics={"accuracy": (table.y_true == table.y_pred).mean(), "leakage": [leak]},
        environment={"seconds": seconds},
    )
    return replace(run, **changes)


IMAGE, TRACK = [f"image-{seed}" for seed in range(3)], [f"track-{seed}" for seed in range(3)]
FULL = "image-full-budget"
LESSER = ("-cnn", "-no-lstm", "-no-attention", "-no-cutmix", "-no-augmentation", "-no-smoothing",
          "-handcrafted")  # fmt: skip


def for_the_paper() -> dict[str, Run]:
    """Evidence with which every claim holds that depends on runs."""
    return {
        name: made(
            name,
            factor=0.8 if name.endswith(LESSER) else 1.0,
            # The run that decides about printed scores has them, neither more nor less.
            recall=PRINTED_RECALL if name == FULL else RECALL,
            seconds=90 if name.endswith("handcrafted") else 60,
        )
        for name in (entry.name for entry in REFERENCES)
    }


@pytest.fixture(autouse=True, scope="module")
def few_draws() -> Iterator[None]:
    """Intervals of fewer draws: what is judged here is far from their ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genre_lib.evaluation.DRAWS", 1000)
        yield


@pytest.fixture(scope="module")
def good() -> dict[str, Run]:
    return for_the_paper()


@pytest.fixture(scope="module")
def confirmed(good) -> dict[str, Finding]:
    """What the good evidence gives for the claims that depend on runs."""
    return {key: judged(key, good)[0] for key in FLIPS}


def worse(*names: str, factor: float = 0.6, **options: Any) -> dict[str, Run]:
    """Runs that are right less often."""
    return {name: made(name, factor=factor, **options) for name in names}


def by_chance(name: str) -> pd.DataFrame:
    """Answers that are right or wrong for a whole track, at random."""
    table = predictions(RECALL, TAKEN_FOR)
    seed = sum(map(ord, name.split("-")[1]))  # the same of an image run and its track run
    right = np.random.default_rng(seed).random(TRACKS * len(GENRES)).repeat(IMAGES) < 0.5
    other = np.where(table.y_true == "rock", "blues", "rock")
    return table.assign(y_pred=np.where(right, table.y_true, other))


def curves(name: str, **columns: Callable[[pd.DataFrame], Any]) -> dict[str, Run]:
    """A run with other columns in its history."""
    run = made(name)
    return {name: replace(run, history=run.history.assign(**columns))}


def recalls(*names: str, taken_for: Mapping[str, str] = TAKEN_FOR, **changes: float):
    """Runs with other recalls of some genres."""
    return {name: made(name, recall=RECALL | changes, taken_for=taken_for) for name in names}


def flip(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Turn a curve round."""
    return lambda table: table[column][::-1].reset_index(drop=True)


def zigzag(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Let a curve go up and down on its way."""
    return lambda table: table[column] + 0.2 * (table.epoch % 2)


ABOVE = {"clean_train_accuracy": lambda table: table.validation_accuracy + 0.15}
RUSHING = {"validation_accuracy": lambda table: 0.3 + 0.02 * table.epoch}
UPSIDE_DOWN = {genre: 1.7 - share for genre, share in RECALL.items()}

# For each claim that depends on runs: what is exchanged in the good evidence, and the verdict.
FLIPS: dict[str, list[tuple[dict[str, Run | None], str]]] = {
    "deep_beats_handcrafted": [
        ({f"{name}-handcrafted": made(name) for name in [*IMAGE, *TRACK, "fault-filtered-0"]},
         UNKNOWN),
        (worse(*TRACK), IN_PART),
        (worse(*IMAGE, *TRACK, "fault-filtered-0"), FAILS),
    ],
    "hybrid_beats_cnn": [(worse(*TRACK), IN_PART), (worse("image-0", *TRACK), FAILS)],
    **{
        claim: [
            (worse(*TRACK), FAILS),
            ({f"{run}-{part}": made(run) for run in TRACK}, UNKNOWN),
            ({f"{run}-{part}": None for run in TRACK}, UNKNOWN),
        ]
        for claim, part in {
            "lstm_helps": "no-lstm",
            "attention_helps": "no-attention",
            "cutmix_helps": "no-cutmix",
            "augmentation_helps": "no-augmentation",
            "smoothing_helps": "no-smoothing",
        }.items()
    },
    "computational_efficiency": [
        ({"track-0": made("track-0", seconds=400)}, IN_PART),
        ({"track-0": made("track-0", factor=0.6, seconds=400)}, FAILS),
        ({"track-0-handcrafted": None}, UNKNOWN),
    ],
    "diverse_dataset": [
        (dict.fromkeys([*IMAGE, FULL], made("image-0", split=split(duplicates=3))), IN_PART),
        (dict.fromkeys([*IMAGE, FULL], made("image-0", split=split(duplicates=3, extra=20))),
         FAILS),
    ],
    "learning_rate_curve": [
        (curves(FULL, learning_rate=lambda table: 0.001 + 0 * table.epoch), IN_PART),
        (curves(FULL, learning_rate=lambda table: 0.01 / table.epoch), FAILS),
    ],
    "training_curve": [
        (curves(FULL, train_accuracy=lambda table: 0.5 + 0.015 * table.epoch), IN_PART),
        (curves(FULL, train_accuracy=zigzag("train_accuracy")), IN_PART),
        (curves(FULL, train_accuracy=lambda table: 0.99 - 0.001 * table.epoch), FAILS),
    ],
    "losses_fall": [
        (curves(FULL, validation_loss=zigzag("validation_loss")), IN_PART),
        (curves(FULL, validation_loss=flip("validation_loss")), FAILS),
    ],
    "loss_levels": [
        (curves(FULL, train_loss=lambda table: table.train_loss + 0.3), IN_PART),
        (curves(FULL, train_loss=flip("train_loss"), validation_loss=flip("train_loss")), FAILS),
        ({FULL: None, **curves("image-0", train_loss=flip("train_loss"),
                               validation_loss=flip("train_loss"))}, UNKNOWN),
    ],
    "early_stopping_converged": [
        (curves(FULL, **RUSHING), IN_PART),
        ({FULL: made(FULL, history=history(400))}, FAILS),
        ({FULL: None}, UNKNOWN),
    ],
    "minimal_overfitting": [
        ({name: run for name in TRACK for run in curves(name, **ABOVE).values()}, IN_PART),
        ({name: run for name in [*IMAGE, *TRACK, FULL] for run in curves(name, **ABOVE).values()},
         FAILS),
        (dict.fromkeys(TRACK), UNKNOWN),
    ],
    "accuracy": [
        (worse(FULL), FAILS),
        ({FULL: made(FULL, recall=dict.fromkeys(GENRES, 1.0))}, IN_PART),
        ({FULL: None} | worse("image-1"), IN_PART),
        ({FULL: None} | worse(*IMAGE), UNKNOWN),
    ],
    **{f"macro_{score}": [(worse(FULL), FAILS)] for score in ("f1", "precision", "recall")},
    "unseen_test_data": [
        (worse(*TRACK), IN_PART),
        (worse(*TRACK, *IMAGE, FULL), UNKNOWN),
        ({name: made(name, known=3) for name in TRACK}, IN_PART),
        (worse(*TRACK) | {name: made(name, split=pd.concat([split(), split()]))
                          for name in [*IMAGE, FULL]}, FAILS),
        (dict.fromkeys(TRACK), UNKNOWN),
    ],
    "strong_generalization": [
        (worse(*TRACK), FAILS),
        ({name: made(name, recall=dict.fromkeys(GENRES, 1.0 if name in IMAGE else 0.975))
          for name in [*IMAGE, *TRACK]}, IN_PART),
        ({name: made(name, predictions=by_chance(name)) for name in [*IMAGE, *TRACK]}, UNKNOWN),
        (dict.fromkeys(TRACK), UNKNOWN),
    ],
    "robust": [
        (worse("image-1"), IN_PART),
        (worse("fault-filtered-0"), IN_PART),
        (worse("image-1", "fault-filtered-0"), FAILS),
        ({"image-1": None, "image-2": None}, UNKNOWN),
        ({"fault-filtered-0": None}, UNKNOWN),
    ],
    "classical_near_perfect": [
        (recalls("image-2", classical=0.8), IN_PART),
        (recalls(*IMAGE, FULL, classical=0.8), FAILS),
    ],
    "classical_jazz_easiest": [
        (recalls("image-2", classical=0.8), IN_PART),
        (recalls(*IMAGE, FULL, classical=0.5, jazz=0.5), FAILS),
    ],
    "rock_country_hardest": [
        (recalls("image-1", rock=0.99, country=0.99), IN_PART),
    ],
    "rock_country_overlap": [
        (recalls("image-1", rock=0.99, country=0.99), IN_PART),
        (recalls(*IMAGE, FULL, disco=0.5, pop=0.5), IN_PART),
        (recalls(*IMAGE, FULL, disco=0.5, taken_for=TAKEN_FOR | {"rock": "metal"}), FAILS),
    ],
    "genre_profile": [
        ({"track-1": made("track-1", recall=UPSIDE_DOWN)}, IN_PART),
        ({name: made(name, recall=UPSIDE_DOWN)
          for name in [*IMAGE, *TRACK, FULL, "fault-filtered-0"]}, FAILS),
    ],
}  # fmt: skip


def table_2(**changes: Mapping[str, Any]) -> tuple[paper.GenreRow, ...]:
    """Table II with other numbers in some rows."""
    return tuple(replace(row, **changes.get(row.genre, {})) for row in paper.TABLE_2)


def table_1(change: Callable[[paper.LayerRow], paper.LayerRow]) -> tuple[paper.LayerRow, ...]:
    return tuple(change(row) for row in paper.TABLE_1)


def without_bn(row: paper.LayerRow) -> paper.LayerRow:
    return replace(row, layer=row.layer.replace(" - BN", ""))


def as_in_text() -> tuple[paper.LayerRow, ...]:
    """Table I as Section IV-B describes the network."""
    first, second, _, *rest = table_1(without_bn)
    drop = [replace(row, layer="Dropout[0.4]") for row in (first, second)]
    return (first, drop[0], second, drop[1], *rest)


def wide(row: paper.LayerRow) -> paper.LayerRow:
    """Twice the features up to the first linear layer."""
    return row if row.layer.startswith("Linear") else replace(row, output=(*row.output[:-1], 256))


def rates(*shares: float) -> Callable[[], np.ndarray]:
    return lambda: np.array(shares)


LINE = [step / 300 for step in range(1, 301)]
DOWN = [equation_2(step / 700) for step in range(1, 701)]
LITERAL = [0.0, *(equation_2(step / 1000) for step in range(1, 1000))]
TWO = frozenset({"convolution", "recurrence"})

# For each claim that printed numbers or code decide: what it says of the paper as it is, and what
# of another paper, or of other code.
PRINTED: dict[str, tuple[str, list[tuple[dict[str, Any], str]]]] = {
    "novel_architecture": (FAILS, [
        ({"paper.PRIOR_WORK": {"one": frozenset({"attention"})}}, HOLDS),
        ({"paper.PRIOR_WORK": {"one": TWO}}, IN_PART),
    ]),
    "tenth_for_testing": (IN_PART, [
        ({"paper.TEST_IMAGES": 100}, HOLDS),
        ({"paper.TEST_IMAGES": 1250}, FAILS),
    ]),
    "stratified_test": (HOLDS, [
        ({"paper.TABLE_2": table_2(jazz={"support": 121}, rock={"support": 119})}, IN_PART),
        ({"paper.TABLE_2": table_2(jazz={"support": 130})}, FAILS),
    ]),
    "augmented_for_training": (FAILS, [
        ({"paper.TEST_IMAGES": 100}, HOLDS),
        ({"paper.FIGURES": {1: "A 2.5-s sample"}}, HOLDS),
    ]),
    "text_and_table_1": (IN_PART, [
        ({"paper.TABLE_1": as_in_text()}, HOLDS),
        ({"paper.CONV_FILTERS": (8, 8), "paper.LSTM_UNITS_PER_DIRECTION": 32}, FAILS),
    ]),
    "reduced_to_128": (FAILS, [({"paper.TABLE_1": table_1(wide)}, HOLDS)]),
    "validation_accuracy": (IN_PART, [
        ({"paper.VALIDATION_ACCURACY": 0.8283}, HOLDS),
        ({"paper.BATCH_SIZE": 64}, IN_PART),
        ({"paper.BATCH_SIZE": 100}, FAILS),
    ]),
    "early_stopping_saves": (IN_PART, [
        ({"paper.STOPPED_EPOCH": 200}, HOLDS),
        ({"paper.STOPPED_EPOCH": 400}, FAILS),
    ]),
    "table_2_cells": (HOLDS, [
        ({"paper.TABLE_2": table_2(jazz={"f1": 0.95})}, IN_PART),
        ({"paper.TABLE_2": table_2(**{genre: {"f1": 0.5} for genre in GENRES})}, FAILS),
    ]),
    "classical_jazz_quote": (IN_PART, [
        ({"paper.QUOTED_PRECISION_AND_RECALL": (0.9365, 0.9833)}, HOLDS),
        ({"paper.QUOTED_PRECISION_AND_RECALL": (0.9352, 0.9625)}, HOLDS),
        ({"paper.QUOTED_PRECISION_AND_RECALL": (0.9366, 0.9417)}, FAILS),
    ]),
    "jazz_reggae_well": (IN_PART, [
        ({"paper.TABLE_2": table_2(blues={"recall": 0.85})}, HOLDS),
        ({"paper.TABLE_2": table_2(jazz={"recall": 0.85})}, FAILS),
    ]),
    "minor_misclassifications": (IN_PART, [
        ({"paper.TABLE_2": table_2(rock={"recall": 0.80, "precision": 0.8})}, HOLDS),
        ({"paper.TABLE_2": table_2(country={"recall": 0.60, "precision": 0.6})}, FAILS),
    ]),
    "significant_improvements": (UNKNOWN, [
        ({"paper.BASELINES": {"one": 0.61}}, HOLDS),
        ({"paper.BASELINES": {"one": 0.61, "two": 0.84}}, IN_PART),
        ({"paper.BASELINES": {"two": 0.84}}, FAILS),
    ]),
    "table_1_shapes": (HOLDS, [
        ({"paper.TABLE_1": table_1(without_bn)}, IN_PART),
        ({"paper.TABLE_1": table_1(lambda row: replace(row, layer="another"))}, FAILS),
    ]),
    "equation_1": (IN_PART, [
        ({"claims.formulas.adamw_by_hand":
          lambda *steps, inside: formulas.adamw_by_pytorch(*steps)}, HOLDS),
        ({"claims.formulas.typical_gradient": lambda: 1e-5}, FAILS),
    ]),
    "linear_warm_up": (FAILS, [
        ({"claims.formulas.shares_of_the_peak": rates(*LINE, *DOWN)}, HOLDS),
    ]),
    "equation_2": (IN_PART, [
        ({"claims.formulas.shares_of_the_peak": rates(*LITERAL)}, HOLDS),
        ({"claims.formulas.shares_of_the_peak": rates(*LINE, *DOWN)}, IN_PART),
        ({"claims.formulas.shares_of_the_peak": rates(*LINE, *LINE[::-1])}, FAILS),
    ]),
    "equation_3": (HOLDS, [
        ({"training.smoothed_loss": lambda logits, labels, smoothing: 0 * logits.sum()}, FAILS),
    ]),
    "equation_4": (HOLDS, [({"torch.nn.utils.clip_grad_norm_": lambda *_: None}, FAILS)]),
}  # fmt: skip

# Claims about runs that printed numbers turn as well.
OTHER_PAPER: dict[str, tuple[dict[str, Any], str]] = {
    "rock_country_hardest": (
        {"paper.TABLE_2": table_2(rock={"f1": 0.9}, country={"f1": 0.9})}, IN_PART),
    "genre_profile": ({"paper.TABLE_2": table_2(
        **{row.genre: {"f1": 1 - row.f1} for row in paper.TABLE_2})}, FAILS),
    "accuracy": ({"paper.ACCURACY": 0.99}, FAILS),
    "macro_f1": ({"paper.MACRO_F1": 0.99}, FAILS),
    "macro_precision": ({"paper.MACRO_PRECISION": 0.99}, FAILS),
    "macro_recall": ({"paper.MACRO_RECALL": 0.99}, FAILS),
    "unseen_test_data": ({"paper.ACCURACY": 0.99}, UNKNOWN),
    "learning_rate_curve": ({"paper.LEARNING_RATE": 0.1}, IN_PART),
    "loss_levels": ({"paper.TRAIN_LOSS": 0.5}, IN_PART),
}  # fmt: skip

UNTESTED = {"schedule_accelerates", "clipping_stabilizes", "mixed_precision"}


@contextmanager
def exchanged(changes: Mapping[str, Any]) -> Iterator[None]:
    """Other values of some names of the package (or of torch)."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            patch.setattr(name if name.startswith("torch") else f"genre_lib.{name}", value)
        yield


# The list of claims


def test_every_claim_is_complete_and_points_at_a_page_of_the_book():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert len({claim.says for claim in CLAIMS.values()}) == len(CLAIMS) == 49
    for key, claim in CLAIMS.items():
        assert re.fullmatch(r"[a-z0-9_]+", key)
        assert set(claim.section.split(", ")) & set(SECTIONS), key
        for text in (claim.says, claim.confirmed_if):
            assert text[0].isupper() or text[0].isdigit()
            assert text.endswith(".")
            assert not any(verdict in text for verdict in VERDICTS)
        assert f"- file: {claim.page}\n" in toc
        source = (ROOT / "notebooks" / f"{claim.page}.py").read_text(encoding="utf-8")
        assert f"\n# # {TITLES[claim.page]}\n" in source
        assert isinstance(claim.judge, partial) or claim.judge.__doc__ or key in UNTESTED


def test_every_claim_is_turned_here():
    assert set(CLAIMS) == set(FLIPS) | set(PRINTED) | UNTESTED


# Verdicts follow from evidence


def test_evidence_for_a_claim_confirms_it_and_none_decides_nothing(confirmed):
    for key, finding in confirmed.items():
        assert finding.verdict == HOLDS, (key, finding.measured)
        nothing, seen = judged(key, {})
        assert (nothing.verdict, seen) == (UNKNOWN, [])
        assert re.search(r"the run \S+ is not stored", nothing.measured)


@pytest.mark.parametrize("key", FLIPS)
def test_other_runs_turn_a_verdict(good, confirmed, key: str):
    for changes, verdict in FLIPS[key]:
        runs = {name: run for name, run in (good | changes).items() if run is not None}
        finding, _ = judged(key, runs)
        assert finding.verdict == verdict, finding.measured
        assert finding.measured != confirmed[key].measured


def test_another_paper_or_other_code_turns_a_verdict():
    for key, (as_it_is, cases) in PRINTED.items():
        finding, seen = judged(key, {})
        assert (finding.verdict, seen) == (as_it_is, []), (key, finding.measured)
        for changes, verdict in cases:
            with exchanged(changes):
                finding, _ = judged(key, {})
            assert finding.verdict == verdict, (key, finding.measured)


def test_another_paper_turns_a_verdict_about_runs(good):
    for key, (changes, verdict) in OTHER_PAPER.items():
        with exchanged(changes):
            finding, _ = judged(key, good)
        assert finding.verdict == verdict, (key, finding.measured)


def test_what_no_run_tests_cannot_be_known(good):
    for key in UNTESTED:
        finding, seen = judged(key, good)
        assert (finding.verdict, seen) == (UNKNOWN, [])
        assert finding.measured.startswith("No run tests it: ")


def test_any_subset_of_runs_gives_a_whole_ledger_in_the_papers_order(good):
    for names in ([], ["image-0"], ["image-0", "track-0"]):
        table = claims.ledger({name: good[name] for name in names})
        assert set(table.key) == set(CLAIMS)
        first = [SECTIONS.index(section.split(", ")[0]) for section in table.section]
        assert first == sorted(first)
        assert sum(claims.counts_by_verdict(table).values()) == len(CLAIMS)
        for text in table.measured:
            assert text[0].isupper() or text.startswith(("image", "track")) or text[0].isdigit()
            assert text.endswith(".")
            assert "nan" not in text.split()


def test_an_interval_that_includes_zero_decides_nothing():
    better, neither, worse = ({"low": 0.01, "high": 0.1}, {"low": -0.1, "high": 0.1},
                              {"low": -0.1, "high": -0.01})  # fmt: skip
    assert of_differences([better]) == HOLDS
    assert of_differences([neither]) == UNKNOWN
    assert of_differences([worse]) == of_differences([neither, worse]) == FAILS
    assert of_differences([better, worse]) == IN_PART


def test_a_verdict_names_the_runs_that_it_rests_on(good):
    assert judged("attention_helps", good)[1] == [*TRACK, *(f"{run}-no-attention" for run in TRACK)]


# The page


@pytest.fixture(scope="module")
def html() -> str:
    return to_html(claims.ledger({}))


def test_every_claim_has_a_row_with_its_verdict_in_words(html: str):
    assert sorted(re.findall(r'<tr id="claim-([a-z0-9_]+)"', html)) == sorted(CLAIMS)
    assert len(re.findall(r'<a href="[a-z0-9_]+\.html">', html)) == len(CLAIMS)
    cells = re.findall(
        r'<td role="cell" class="verdict"><span aria-hidden="true">(.)</span>([^<]+)</td>', html
    )
    assert len(cells) == len(CLAIMS)
    assert {verdict for _, verdict in cells} <= set(VERDICTS)
    assert len(set(cells)) == len({verdict for _, verdict in cells})


def test_without_javascript_all_rows_are_there_and_the_filters_are_not(html: str):
    assert "<form hidden" in html
    assert not re.search(r"<tr[^>]*hidden", html)
    assert not re.findall(r"<script|https?://|src=|url\(", html)


def test_what_is_written_into_the_page_is_escaped():
    table = claims.ledger({}).assign(measured="<script>alert(1)</script> & more")
    assert "<script>alert" not in to_html(table)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in to_html(table)


def test_filters_offer_every_verdict_and_every_section_that_some_row_has(html: str):
    assert all(f'value="{verdict}"' in html for verdict in VERDICTS)
    of_rows = {name for text in re.findall(r'data-sections="([^"]+)"', html)
               for name in text.split(", ")}  # fmt: skip
    offered = re.findall(r"<option>([^<]+)</option>", html)
    assert set(offered) == of_rows
    assert len(offered) == len(of_rows)
    assert {"Fig. 4", "Fig. 5", "Table II", "Eq. 3"} <= of_rows
    assert not [name for name in of_rows if name.isdigit()]
