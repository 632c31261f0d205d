"""Ten figures that the paper prints, recomputed without the package, and then with it."""

from fractions import Fraction

# Table II as printed: precision, recall and F1 of each genre, each of 120 test images.
TABLE_II = {
    "blues": ("0.9060", "0.8833", "0.8945"),
    "classical": ("0.9365", "0.9833", "0.9593"),
    "country": ("0.7063", "0.8417", "0.7681"),
    "disco": ("0.7540", "0.7917", "0.7724"),
    "hiphop": ("0.8403", "0.8333", "0.8368"),
    "jazz": ("0.9339", "0.9417", "0.9378"),
    "metal": ("0.9533", "0.8500", "0.8987"),
    "pop": ("0.8571", "0.8000", "0.8276"),
    "reggae": ("0.8966", "0.8667", "0.8814"),
    "rock": ("0.6903", "0.6500", "0.6695"),
}
SUPPORT = 120
PRINTED = {
    "accuracy (Abstract)": "0.8442",
    "macro F1-score (Abstract)": "0.8446",
    "macro precision (V-B)": "0.8474",
    "macro recall (V-B)": "0.8442",
    "F1-score of rock (V-B)": "0.6695",
    "F1-score of country (V-B)": "0.7681",
    "right images of classical (V-B)": "118",
    "right images of jazz (V-B)": "113",
    "right images of reggae (V-B)": "104",
    "validation accuracy (V-B), of whole batches of 128": "0.8287",
}


def rounds_to(value: Fraction, printed: str) -> bool:
    digits = len(printed.partition(".")[2])
    return abs(value - Fraction(printed)) <= Fraction(1, 2 * 10**digits)


def whole_number(share: str, of: int) -> int:
    """The only number of images that is this share of so many."""
    (count,) = (n for n in range(of + 1) if rounds_to(Fraction(n, of), share))
    return count


def ten_figures() -> list[Fraction]:
    right, called = {}, {}
    for genre, (precision, recall, _) in TABLE_II.items():
        right[genre] = whole_number(recall, SUPPORT)
        (called[genre],) = (
            n for n in range(right[genre], 10 * SUPPORT)
            if rounds_to(Fraction(right[genre], n), precision)
        )  # fmt: skip
    assert sum(called.values()) == SUPPORT * len(TABLE_II)
    mean = Fraction(1, len(TABLE_II))
    f1 = {genre: Fraction(2 * right[genre], SUPPORT + called[genre]) for genre in TABLE_II}
    assert all(rounds_to(f1[genre], printed) for genre, (*_, printed) in TABLE_II.items())
    batches = 1000 * 12 * 15 // 100 // 128 * 128  # 12 images a track, 15 % for validation
    return [
        Fraction(sum(right.values()), SUPPORT * len(TABLE_II)),
        mean * sum(f1.values()),
        mean * sum(Fraction(right[genre], called[genre]) for genre in TABLE_II),
        mean * sum(Fraction(right[genre], SUPPORT) for genre in TABLE_II),
        f1["rock"],
        f1["country"],
        *(Fraction(right[genre]) for genre in ("classical", "jazz", "reggae")),
        Fraction(whole_number("0.8287", batches), batches),
    ]


def with_the_package() -> list[float]:
    from genre_lib import paper
    from genre_lib.claims import arithmetic

    scores = arithmetic.recomputed_scores().set_index(["class", "score"]).recomputed
    right = arithmetic.implied_counts().correct
    whole = arithmetic.implied_images()["validation"] // paper.BATCH_SIZE * paper.BATCH_SIZE
    (fitting,) = arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, whole)
    averages = [scores["macro avg", score] for score in ("f1", "precision", "recall")]
    return [
        *(scores["accuracy", "f1"], *averages, scores["rock", "f1"], scores["country", "f1"]),
        *(right["classical"], right["jazz"], right["reggae"], fitting / whole),
    ]


def test_ten_printed_figures_recompute_with_and_without_the_package():
    ours = ten_figures()
    for figure, (name, printed) in zip(ours, PRINTED.items(), strict=True):
        assert rounds_to(figure, printed), (name, float(figure))
    for figure, value in zip(ours, with_the_package(), strict=True):
        assert abs(float(figure) - value) < 1e-12
