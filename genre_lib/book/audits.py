"""What a split of tracks tells before anything is trained: duplicates, leaks, published lists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genre_lib.book.comparisons import identical_pairs
from genre_lib.corpus.gtzan import UNREADABLE, artists, fault_filtered
from genre_lib.splits import SUBSETS, audit, identical_tracks
from genre_lib.store import Store, take

ALIKE = 0.7  # correlation of two spectrograms from which they are taken for one recording


def report(table: pd.DataFrame, store: Store) -> str:
    """What subsets have in common, identical tracks, groups, and the `checklist`, as text."""
    common, pairs = audit(table), identical_pairs(table)
    lines = [
        common.to_string(index=False, formatters={"share": "{:.1%}".format}),
        f"\n{len(pairs)} pairs of identical tracks in this split of {store.name}",
    ]
    if len(pairs):
        lines.append(pairs.to_string(index=False))
    where = table.groupby("track_id").subset.agg(lambda them: " ".join(sorted({*them})))
    recording = table.drop_duplicates("track_id").set_index("track_id").recording
    alike = near_duplicates(store)
    alike = alike[alike["first"].map(recording) != alike["second"].map(recording)]
    alike = alike.assign(
        **{f"{it}_in": alike[it].map(where) for it in ("first", "second")}
    ).dropna()
    lines.append(f"{len(alike)} more pairs sound like one recording")
    if len(alike):
        lines.append(alike.to_string(index=False, formatters={"alike": "{:.2f}".format}))
    if store.groups:
        group = table.track_id.map(dict(zip(store.track_ids, store.groups, strict=True)))
        crossing = table[group != ""].groupby(group).subset.nunique() > 1
        lines.append(f"{crossing.sum()} of {len(crossing)} groups are in more than one subset")
    return "\n".join([*lines, "", *checklist(table, store)])


def checklist(table: pd.DataFrame, store: Store) -> list[str]:
    """Answer what a split can tell of the page *A GTZAN result in ten questions*.

    The table is as for `genre_lib.splits.audit`. The answers are a sentence for each of the first
    four questions, and one to be cited.
    """
    lists = fault_filtered()
    tracks = table[table.subset.isin(SUBSETS)].drop_duplicates(["track_id", "subset"])
    crossing = tracks.track_id.value_counts() > 1
    tested, others = tracks[tracks.subset == "test"], tracks[tracks.subset != "test"]
    double = identical_tracks(tested, others)
    trained = tracks[tracks.subset == "train"]
    artist, met = (each.track_id.map(artists()).dropna() for each in (tested, trained))
    gtzan = set(lists) <= {*store.track_ids, UNREADABLE}
    found = [
        f"{crossing.sum()} of {len(crossing)} tracks are in more than one subset",
        f"{double} of {len(tested)} test tracks have the same spectrogram as another track outside "
        "the test set",
        f"{artist.isin(met).sum()} of the {len(artist)} test tracks whose artist is known are by "
        "an artist who is in the training set, too (index of Sturm, 2012)"
        if gtzan
        else "artists cannot be told, because these are not the tracks of GTZAN",
        f"{(~tested.track_id.isin(lists)).sum()} of {len(tested)} test tracks are left out of the "
        "fault-filtered lists, which do not say why; wrong labels cannot be told from them"
        if gtzan
        else "faults cannot be told, because these are not the tracks of GTZAN",
    ]
    counts = ", ".join(f"{(tracks.subset == name).sum()} {name}" for name in SUBSETS)
    return [
        *(f"{number}. {text[0].upper()}{text[1:]}." for number, text in enumerate(found, start=1)),
        f"To cite: split of {store.name} ({counts} tracks); {'; '.join(found)}.",
    ]


def near_duplicates(store: Store) -> pd.DataFrame:
    """Pairs of tracks that sound like one recording: first, second, alike (`ALIKE` to 1).

    A FLAC and an MP3 of it, a copy of another gain, or one that starts up to 250 ms later. Means
    of 32 bands and of a second are compared, less the mean of the band and of the second.
    ``benchmarks.duplicates`` has the share of copies that are found, and false alarms.
    """
    import cv2
    from sklearn.neighbors import NearestNeighbors

    columns = max(4, round(store.seconds))
    marks = np.empty((len(store.track_ids), 32, columns), np.float32)
    for position, mark in enumerate(marks):
        gray = take(store.images, position).astype(np.float32)
        mark[:] = cv2.resize(gray, (columns, 32), interpolation=cv2.INTER_AREA)
    marks -= marks.mean(1, keepdims=True)  # what begins or ends in silence is no copy for that
    marks -= marks.mean(2, keepdims=True)
    nearest = NearestNeighbors(radius=1 - ALIKE, metric="cosine").fit(marks.reshape(len(marks), -1))
    pairs = nearest.radius_neighbors_graph(mode="distance").tocoo()
    names, upper = np.array(store.track_ids, dtype=object), pairs.row < pairs.col
    found = {"first": names[pairs.row], "second": names[pairs.col], "alike": 1 - pairs.data}
    return pd.DataFrame(found)[upper].sort_values("alike", ascending=False, ignore_index=True)
