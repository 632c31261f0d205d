"""Statistics across runs: what splits, seeds, genres and ingredients do to accuracy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from genre_lib import corpus, paper
from genre_lib.config import EXPERIMENTS, SECTIONS, configure
from genre_lib.corpus.gtzan import artists
from genre_lib.evaluation import (
    accuracy,
    accuracy_difference,
    accuracy_of,
    drawn_accuracies,
    interval,
    vote,
    wilson_interval,
)
from genre_lib.runs import Run
from genre_lib.splits import SUBSETS, UNUSED

SCORED = ("image", "vote")  # what is right or wrong: each test image, or one vote a track


def follows_recipe(run: Run) -> bool:
    """Tell whether a run keeps all ingredients, whatever its budget, split and method."""
    recipe = configure(profile=run.settings.profile)
    parts = (*SECTIONS, *EXPERIMENTS)
    return all(getattr(run.settings, part) == getattr(recipe, part) for part in parts)


def scored(run: Run, by: str) -> pd.DataFrame:
    """The predictions of a run that are counted (`SCORED`)."""
    return vote(run.predictions).assign(image=0) if by == "vote" else run.predictions


def pooled(runs: Iterable[Run], by: str = "image") -> pd.DataFrame:
    """The predictions of several runs, one below the other; image names tell the runs apart.

    Their accuracy is the mean over images of all runs; a track that several runs test counts as
    one track when tracks are drawn for an interval.
    """
    tables = [
        table.assign(image=[f"{number}/{image}" for image in table.image])
        for number, table in enumerate(scored(run, by) for run in runs)
    ]
    return pd.concat(tables, ignore_index=True)


def _kind(run: Run) -> dict[str, str]:
    """What tells a run from others of the same seed: view, protocol and method."""
    budget = ", full budget" if run.settings.profile == "paper" else ""
    method = f"{run.settings.method}{budget}"
    return {"view": run.settings.view, "protocol": run.settings.protocol, "method": method}


def _by_kind(runs: Mapping[str, Run]) -> dict[tuple[str, ...], dict[int, Run]]:
    """Runs that follow the recipe by view, protocol and method, and then by seed."""
    kinds: dict[tuple[str, ...], dict[int, Run]] = {}
    for run in runs.values():
        if follows_recipe(run):
            kinds.setdefault(tuple(_kind(run).values()), {})[run.settings.seed] = run
    return kinds


def _by_protocol(runs: Mapping[str, Run], *, view: str, method: str) -> list[tuple[Run, Run]]:
    """Runs split by image, each with the one of the same seed that is split by track."""
    kinds = _by_kind(runs)
    images, tracks = (kinds.get((view, name, method), {}) for name in ("image", "track"))
    return [(images[seed], tracks[seed]) for seed in sorted(images.keys() & tracks.keys())]


def accuracies(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Accuracy of each run of the recipe, and of its untuned rival, over images and over tracks.

    Columns: run, view, protocol, method, seed, scored, accuracy, low, high.
    """
    rows = [
        {"run": name, **_kind(run), "seed": run.settings.seed, "scored": by}
        | accuracy_of(scored(run, by))
        for name, run in runs.items()
        if follows_recipe(run) and run.settings.method in ("network", "handcrafted")
        for by in SCORED
    ]
    return pd.DataFrame(rows)


def over_seeds(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Accuracy of all seeds together, with its interval, and of the worst and the best of them.

    Columns: view, protocol, method, scored, seeds, accuracy, low, high, worst, best.
    """
    rows = []
    for seeds in _by_kind(runs).values():
        alike = list(seeds.values())
        for by in SCORED:
            single = [accuracy(scored(run, by)) for run in alike]
            rows.append(
                _kind(alike[0])
                | {"scored": by, "seeds": len(seeds), **accuracy_of(pooled(alike, by))}
                | {"worst": min(single), "best": max(single)}
            )
    return pd.DataFrame(rows)


def protocol_changes(runs: Mapping[str, Run]) -> pd.DataFrame:
    """How accuracy changes from a split by image to a split by track, over the seeds of both.

    Columns: view, method, scored, seeds, image, track, difference (track minus image), low, high.
    """
    rows = []
    for view, protocol, method in _by_kind(runs):
        pairs = _by_protocol(runs, view=view, method=method)
        if protocol != "track" or not pairs:
            continue
        for by in SCORED:
            image, track = (pooled(side, by) for side in zip(*pairs, strict=True))
            rows.append(
                {"view": view, "method": method, "scored": by, "seeds": len(pairs)}
                | {"image": accuracy(image), "track": accuracy(track)}
                | accuracy_difference(track, image)
            )
    return pd.DataFrame(rows)


def paired_differences(
    runs: Mapping[str, Run],
    pairs: Iterable[tuple[str, str, str]],
    *,
    by: Sequence[str] = SCORED,
) -> pd.DataFrame:
    """Compare pairs of runs on the same test images; pairs with a missing run are left out.

    A pair is a label, and the names of two runs with the same split. Pairs with the same label are
    taken together.

    Columns: label, scored, pairs (how many there are), difference (first run minus second), low,
    high.
    """
    labelled: dict[str, list[tuple[Run, Run]]] = {}
    for label, first, second in pairs:
        if {first, second} <= runs.keys():
            labelled.setdefault(label, []).append((runs[first], runs[second]))
    rows = [
        {"label": label, "scored": unit, "pairs": len(both)}
        | accuracy_difference(*(pooled(side, unit) for side in zip(*both, strict=True)))
        for label, both in labelled.items()
        for unit in by
    ]
    return pd.DataFrame(rows, columns=["label", "scored", "pairs", "difference", "low", "high"])


def same_images(
    runs: Mapping[str, Run], pairs: Sequence[tuple[Run, Run]] | None = None
) -> dict[str, float]:
    """The same test images, given to a network that knows their tracks and to one that does not.

    With the same seed, both protocols have the same images. Those that both test are compared, in
    `pairs` split by image and by track, by default the runs of the recipe: images, tracks; accuracy
    with known and unknown tracks; difference (known minus unknown), and its interval, low and high.
    """
    pairs = pairs or _by_protocol(runs, view="copies", method="network")
    image, track = (pooled(side, "image") for side in zip(*pairs, strict=True))
    key = ["track_id", "image"]
    known, unknown = image.merge(track[key], on=key), track.merge(image[key], on=key)
    return {"images": len(known), "tracks": known.track_id.nunique(), "known": accuracy(known),
            "unknown": accuracy(unknown), **accuracy_difference(known, unknown)}  # fmt: skip


def to_print(
    ours: Mapping[str, float], *, printed: float = paper.ACCURACY, answers: int
) -> dict[str, float]:
    """How far a printed score lies above ours (accuracy, low, high): difference, low, high.

    The paper prints no interval. Its images are copies of fewer tracks, so it counts as that of
    `answers` independent answers, between the number of its test tracks and that of its test
    images. The 95 % interval joins ours with Wilson's of the printed one (Newcombe's method 10).
    """
    low, high = wilson_interval(round(printed * answers), answers)
    down = np.hypot(ours["high"] - ours["accuracy"], printed - low)
    up = np.hypot(ours["accuracy"] - ours["low"], high - printed)
    difference = printed - ours["accuracy"]
    return {"difference": difference, "low": difference - down, "high": difference + up}


def known_images(run: Run) -> pd.Series:
    """For each prediction of a run, how many images of its track were in training."""
    trained = run.split[run.split.subset == "train"].groupby("track_id").size()
    return run.predictions.track_id.map(trained).fillna(0).astype(int)


def doses(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Accuracy by how many images of each test track are in training, at equal training size.

    Of the runs with the setting `known_images`, which test the same images. Columns: epochs, known,
    images, accuracy, low, high.
    """
    rows = [
        {"epochs": run.settings.training.epochs, "known": run.settings.known_images}
        | {"images": len(run.predictions), **accuracy_of(run.predictions)}
        for run in runs.values()
        if run.settings.known_images is not None
    ]
    return pd.DataFrame(rows).sort_values(["epochs", "known"], ignore_index=True)


def repeated(run: Run) -> pd.Series:
    """For each prediction of a run on GTZAN, whether training has its recording by another name.

    ``corpus/repetitions.csv`` has pairs of tracks that sound alike to `audits.near_duplicates`.
    """
    pairs = pd.read_csv(Path(corpus.__file__).with_name("repetitions.csv"))
    trained = set(run.split.track_id[run.split.subset == "train"])
    ways = zip((*pairs["first"], *pairs.second), (*pairs.second, *pairs["first"]), strict=True)
    return run.predictions.track_id.isin({one for one, other in ways if other in trained})


def artist_kinds(runs: Iterable[Run]) -> pd.DataFrame:
    """Predictions by artist (`artists_for_tracks`), and whether training has others of theirs.

    Column artist: met, new, or unknown, where the index of `gtzan.artists` has none.
    """
    names = artists()
    tables = []
    for run in runs:
        who = run.predictions.track_id.map(names)
        trained = run.split[run.split.subset == "train"].track_id.map(names)
        kind = np.select([who.isna(), who.isin(trained.dropna())], ["unknown", "met"], "new")
        tables.append(artists_for_tracks(run.predictions.assign(artist=kind)))
    return pd.concat(tables)


def by_artist(runs: Iterable[Run]) -> pd.DataFrame:
    """Accuracy by the kind of artist (`artist_kinds`), with whole artists drawn for intervals.

    Columns: artist, images, tracks, artists, accuracy, low, high.
    """
    rows = [
        {"artist": kind, "images": len(group), "tracks": group.track.nunique()}
        | {"artists": group.track_id.nunique(), **accuracy_of(group)}
        for kind, group in artist_kinds(runs).groupby("artist")
    ]
    return pd.DataFrame(rows)


def met_minus_new(runs: Iterable[Run]) -> dict[str, float]:
    """What it adds to have met the artist, genre by genre: difference, low, high.

    A genre weighs as its two groups of images are informative, as Mantel and Haenszel weigh.
    """
    cells = dict(list(artist_kinds(runs).groupby(["artist", "y_true"])))
    pairs = [(table, cells["new", genre]) for (kind, genre), table in cells.items()
             if kind == "met" and ("new", genre) in cells]  # fmt: skip
    weights = [1 / (1 / len(met) + 1 / len(new)) for met, new in pairs]
    drawn = drawn_accuracies(*(table for pair in pairs for table in pair))
    differences = np.ma.masked_invalid(drawn[::2] - drawn[1::2])
    low, high = interval(np.ma.filled(np.ma.average(differences, 0, weights), np.nan))
    single = [accuracy(met) - accuracy(new) for met, new in pairs]
    return {"difference": float(np.average(single, weights=weights)), "low": low, "high": high}


def artists_for_tracks(predictions: pd.DataFrame) -> pd.DataFrame:
    """The same predictions with the artist in place of the track, so that intervals draw artists.

    The track stands in the column `track`; one without a known artist is an artist of its own.
    """
    track = predictions.track_id
    return predictions.assign(track=track, track_id=track.map(artists()).fillna(track))


def printed_figures(run: Run | None = None) -> dict[str, float]:
    """The six figures that the paper prints of its training, or those of a run.

    Of the epoch with the best validation accuracy, whose network is tested.
    """
    names = ("train_accuracy", "validation_accuracy", "train_loss", "validation_loss")
    if run is None:
        printed = {name: getattr(paper, name.upper()) for name in names}
        return {**printed, "test_accuracy": paper.ACCURACY, "last_epoch": paper.STOPPED_EPOCH}
    best = run.history.nlargest(1, "validation_accuracy")[list(names)].iloc[0]
    return {**best, "test_accuracy": run.accuracy, "last_epoch": len(run.history)}


def confusion_tracks(run: Run) -> pd.DataFrame:
    """The tracks behind each cell of Figure 6.

    One row for each track in a cell: y_true, y_pred, track_id, images (its test images in this
    cell), test_images (all that it has), probability (mean of the predicted genre over the images
    in this cell), known (its images in training).
    """
    table = run.predictions.assign(
        test_images=run.predictions.groupby("track_id").track_id.transform("size"),
        probability=run.predictions.filter(regex="^p_").max(axis=1),  # that of y_pred
        known=known_images(run),
    )
    means = table.groupby(["y_true", "y_pred", "track_id"], as_index=False).agg(
        images=("known", "size"), test_images=("test_images", "first"),
        probability=("probability", "mean"), known=("known", "first"))  # fmt: skip
    order = ["y_true", "y_pred", "images", "track_id"]
    return means.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def identical_pairs(split: pd.DataFrame) -> pd.DataFrame:
    """Pairs of tracks with identical content, and the subsets that the images of each pair are in.

    Columns: first, second, first_genre, second_genre, subsets (such as "3 train, 1 test").
    """
    tracks = split.drop_duplicates("track_id").set_index("track_id")
    rows = []
    for _, group in tracks.groupby("recording", sort=False):
        for first, second in combinations(group.index, 2):
            counts = split[split.track_id.isin([first, second])].subset.value_counts()
            names = [name for name in (*SUBSETS, UNUSED) if name in counts]
            subsets = ", ".join(f"{counts[name]} {name}" for name in names)
            rows.append((first, second, group.genre[first], group.genre[second], subsets))
    columns = ["first", "second", "first_genre", "second_genre", "subsets"]
    return pd.DataFrame(rows, columns=columns)


def run_costs(runs: Mapping[str, Run]) -> pd.DataFrame:
    """What each run was made of, what it took, and its accuracy by image and by vote."""
    rows = [
        {"run": name, **_kind(run), "seed": run.settings.seed}
        | {"training_images": run.metrics["images"]["train"]}
        | {"test_images": run.metrics["images"]["test"]}
        | {"test_tracks": run.metrics["test_tracks"], "epochs": len(run.history)}
        | {"minutes": run.environment["seconds"] / 60, "cores": run.environment["cores"]}
        | {"accuracy": run.accuracy, "low": run.metrics["accuracy_low"]}
        | {"high": run.metrics["accuracy_high"], "track_accuracy": run.metrics["track_accuracy"]}
        for name, run in runs.items()
    ]
    return pd.DataFrame(rows)


LEFT_OUT = {
    "LSTM plus attention": "cnn",
    "LSTM": "no-lstm",
    "attention": "no-attention",
    "CutMix": "no-cutmix",
    "augmentation while training": "no-augmentation",
    "label smoothing": "no-smoothing",
    "learning-rate schedule": "constant-rate",
    "gradient clipping": "no-clipping",
}


def ingredients(runs: Mapping[str, Run], **more: str) -> pd.DataFrame:
    """What each ingredient adds on new tracks, by the seeds, corrected for how many there are.

    The seeds differ in test tracks and in chance in training: their differences show both. As three
    say little about their own deviation, that of all ingredients is pooled. Indexed by label;
    columns: scored, pairs, difference (mean), low, high (95 %), p (two-sided, Holm's correction).
    `more` are parts beside `LEFT_OUT`.
    """
    from scipy.stats import t

    found = pd.DataFrame([
        {"label": label, "adds": runs[name].accuracy - runs[f"{name}-{part}"].accuracy}
        for label, part in (LEFT_OUT | more).items() for name in ("track-0", "track-1", "track-2")
        if {name, f"{name}-{part}"} <= runs.keys()
    ], columns=["label", "adds"]).astype({"adds": float})  # fmt: skip
    adds = found.groupby("label", sort=False).adds
    table = adds.agg(pairs="size", difference="mean")
    free = int((table.pairs - 1).sum())
    variance = max(1e-18, (adds.var() * (table.pairs - 1)).sum() / max(free, 1))
    errors = np.sqrt(variance / table.pairs)
    p = pd.Series(2 * t.sf(table.difference.abs() / errors, free), table.index).sort_values()
    p = (p * np.arange(len(p), 0, -1)).cummax().clip(upper=1)
    low, high = (table.difference + t.ppf(end, free) * errors for end in (0.025, 0.975))
    return table.assign(scored="image", low=low, high=high, p=p)


def noise_floor(runs: Mapping[str, Run], *, seeds: int = 3) -> dict[str, float]:
    """What chance in training does: trainings of one network on one split (`track-0`).

    trainings, worst, best and the standard deviation of their accuracies; points, by how much the
    mean difference of two equally good networks stays below with 95 %, over `seeds` seeds.
    """
    from scipy.stats import t

    again = [run for name, run in runs.items() if re.fullmatch("track-0(-again-.)?", name)]
    found = np.array([run.accuracy for run in again])
    deviation = found.std(ddof=1) if len(found) > 1 else np.nan
    return {
        "trainings": len(found),
        "worst": found.min(),
        "best": found.max(),
        "deviation": deviation,
        "points": t.ppf(0.975, len(found) - 1) * deviation * np.sqrt(2 / seeds),
    }


def method_pairs(runs: Mapping[str, Run], rival: str = "handcrafted") -> list[tuple[str, str, str]]:
    """Each run of the recipe and that of a rival on the same split, under the split's name."""
    return [
        (f"{run.settings.protocol} ({run.settings.view})", name, f"{name}-{rival}")
        for name, run in runs.items()
        if follows_recipe(run)
    ]


def readings(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Where each training comes nearest to the running training accuracy that the paper printed.

    A row for each network: run, view, protocol, recipe, epochs (at most); epoch, train_accuracy,
    validation_accuracy, train_loss and validation_loss there; gap (points), validation minus
    training accuracy; distance, of the epoch that comes nearest in both accuracies: the larger of
    the two differences to the paper's; best_validation and test_accuracy of the run.
    """
    rows = []
    for name, run in runs.items():
        asked = [getattr(run.settings, setting) for setting in EXPERIMENTS]
        if run.settings.method != "network" or any(value is not None for value in asked):
            continue
        shares = run.history[["train_accuracy", "validation_accuracy"]].to_numpy()
        away = np.abs(shares - (paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY))
        nearest = int(away[:, 0].argmin())
        at = run.history.iloc[nearest]
        rows.append(
            {"run": name, "view": run.settings.view, "protocol": run.settings.protocol}
            | {"recipe": follows_recipe(run), "epochs": run.settings.training.epochs}
            | {"epoch": int(at.epoch), "gap": 100 * (at.validation_accuracy - at.train_accuracy)}
            | at[
                ["train_accuracy", "validation_accuracy", "train_loss", "validation_loss"]
            ].to_dict()
            | {"distance": away.max(axis=1).min(), "test_accuracy": run.accuracy}
            | {"best_validation": run.history.validation_accuracy.max()}
        )
    return pd.DataFrame(rows)
