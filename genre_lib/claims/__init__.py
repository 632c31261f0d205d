"""What became of the paper's claims: one function judges each, from printed numbers and runs.

A verdict is computed, never typed. What the paper says, and what would confirm it, stands in
``claims.toml``. Runs are given by name, so that a test can change them, or the printed numbers,
and see the verdict turn.
"""

from genre_lib.claims.judging import CLAIMS, SCALES, counts_by_verdict, judged, ledger, to_html
