"""Networks to pass on, such as the packaged ones: a run with a model card."""

from __future__ import annotations

import shutil
from pathlib import Path

from genre_lib.book.references import stored_runs
from genre_lib.book.templates import fill
from genre_lib.config import new_folder, read_json, write_file, write_json
from genre_lib.evaluation import vote, wilson_interval
from genre_lib.predict import RIGHT, Trained, read_trained, share_of


def package(run: Path, target: Path) -> None:
    """Copy a finished run to a new folder that may be passed on, with a model card."""
    trained = read_trained(run)
    with new_folder(target) as folder:
        for file in run.iterdir():
            shutil.copyfile(file, folder / file.name)
        config = read_json(run / "config.json")  # its digest names the data; no path is published
        write_json(folder / "config.json", config | {"corpus": trained.recipe.corpus})
        write_file(folder / "MODEL_CARD.md", model_card(trained))


def model_card(trained: Trained) -> str:
    """The model card of a network: a template, filled in from its run and from stored ones."""
    from genre_lib.model import count_parameters

    answers, key = trained.answers, ["track_id", "image"]
    stored = [run for run in stored_runs().values() if run.settings.view == trained.settings.view]
    artists = trained.settings.model_copy(update={"protocol": "fault-filtered"})
    return fill(
        "model_card.md",
        trained=trained,
        best=trained.history.nlargest(1, "validation_accuracy").iloc[0],
        share_of=share_of,
        vote=vote,
        rivals=[run for run in stored if run.predictions[key].equals(trained.predictions[key])],
        apart=[run for run in stored if run.settings == artists != trained.settings],
        confidence=lambda predictions: predictions.filter(regex="^p_").max(axis=1).mean(),
        recalls=answers.y_true.eq(answers.y_pred).groupby(answers.y_true).agg(["sum", "count"]),
        form=RIGHT,
        wilson_interval=wilson_interval,
        parameters=count_parameters(trained.model),
    )
