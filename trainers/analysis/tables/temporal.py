"""Tables 6 and 7, and section 4.3's lengths of smoothing: what the temporal methods are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trainers.analysis import printed
from trainers.analysis.statistics import (
    MEASURES,
    NOTHING,
    Estimate,
    PairedTest,
    estimate,
    paired_t_test,
)
from trainers.analysis.tables.table import (
    ABSENT,
    Record,
    Table,
    because,
    figures_of,
    percent,
    plain,
    points,
    with_interval,
)
from trainers.predictions import Predictions

CROSS_VALIDATED = "CNN-LSTM-CV"
"""Table 6's last column."""

LENGTHS = "lengths of CNN-S"
"""What the search for the best length is called where it is absent."""

_BASE, _TESTED = "CNN-W", ("CNN-LSTM", "CNN-LSTM-A")

ByCorpus = Mapping[str, Predictions]


@dataclass(frozen=True)
class Uars:
    """UAR of each method for each corpus that it has predictions of."""

    of: Mapping[str, Mapping[str, Estimate]]

    @classmethod
    def measured(cls, columns: Mapping[str, ByCorpus]) -> Uars:
        """From the predictions of each method for each corpus."""
        return cls(
            {
                method: {
                    corpus: estimate(predictions, MEASURES["UAR"])
                    for corpus, predictions in found.items()
                }
                for method, found in columns.items()
            }
        )

    def corpora(self) -> list[str]:
        """All that something was measured of: the paper's, in its order, and then the others."""
        measured = {corpus for found in self.of.values() for corpus in found}
        return [c for c in printed.DYNAMIC if c in measured] + sorted(
            measured.difference(printed.DYNAMIC)
        )

    def shared(self, first: str, second: str) -> list[str]:
        """The corpora that both methods have been measured on."""
        return [
            corpus
            for corpus in self.corpora()
            if corpus in self.of.get(first, {}) and corpus in self.of.get(second, {})
        ]

    def average(self, method: str) -> float:
        """The mean UAR over the method's corpora, between 0 and 1; NaN without any."""
        found = [estimate.value for estimate in self.of.get(method, {}).values()]
        return float(np.mean(found)) if found else np.nan

    def gain(self, method: str, corpora: Iterable[str]) -> float:
        """δ: by how many points of per cent the method is above CNN-W, on average of `corpora`."""
        gains = [self.of[method][corpus].value - self.of[_BASE][corpus].value for corpus in corpora]
        return 100 * float(np.mean(gains)) if gains else np.nan

    def test(self) -> PairedTest:
        """The paired t-test of CNN-LSTM and CNN-LSTM-A, in per cent."""
        corpora = self.shared(*_TESTED)
        first, second = (
            [100 * self.of[method][corpus].value for corpus in corpora] for method in _TESTED
        )
        return paired_t_test(first, second)


def cross_corpus(
    left_out: Mapping[str, ByCorpus], cross_validated: ByCorpus, absent: Mapping[str, str]
) -> Table:
    """Table 6: UAR of the corpus that was left out, by method; and in cross-validation.

    left_out: the predictions of each of the paper's methods for each corpus. absent: why a
    corpus or a method is not there.
    """
    uars = Uars.measured({**left_out, CROSS_VALIDATED: cross_validated})
    columns = (*printed.METHODS, CROSS_VALIDATED)
    corpora = [*printed.DYNAMIC, *(c for c in uars.corpora() if c not in printed.DYNAMIC)]
    rows, records = [], []
    for corpus in corpora:
        rows.append((plain(corpus), *(_cell(uars, method, corpus) for method in columns)))
        if corpus in printed.DYNAMIC:
            shown = (_printed(method, corpus) for method in columns)
            rows.append(("*printed*", *(f"*{cell}*" for cell in shown)))
        records += [_record(uars, method, corpus) for method in columns]
    rows.append(("**Average**", *(_average(uars, method) for method in columns)))
    rows.append(("*printed*", *(f"*{_printed_average(method)}*" for method in columns)))
    same = [corpus for corpus in printed.DYNAMIC if corpus in uars.corpora()]
    if same and same != list(printed.DYNAMIC):
        rows.append(
            (
                "*printed, same corpora*",
                *(f"*{np.mean([_value(m, c) for c in same]):.1f}*" for m in columns),
            )
        )
    return Table(
        "table-6",
        "Table 6. Cross-corpus experiments: UAR, % (δ to CNN-W)",
        ("Corpus", *columns),
        tuple(rows),
        tuple(records),
        (
            "In brackets: 95 % intervals, bootstrap over participants; of few participants, such "
            "as SAVEE's four, they are narrower than they should be. In parentheses: δ, points "
            "above CNN-W. Averages are over the corpora of the column.",
            _tested(uars.test()),
            "The mean of the printed CNN-S is 48.97, not 48.8.",
            "CNN-S smooths over the length of the setting `temporal.smoothing`, not over the best "
            "one of the table above. The paper's was chosen on the corpora that it is measured on.",
            *because(absent, (*corpora, *columns, *_validations(corpora))),
        ),
    )


def _cell(uars: Uars, method: str, corpus: str) -> str:
    found = uars.of.get(method, {}).get(corpus)
    if found is None:
        return ABSENT
    if method in (_BASE, CROSS_VALIDATED) or corpus not in uars.shared(_BASE, method):
        return with_interval(found)
    return f"{with_interval(found)} ({points(uars.gain(method, [corpus]))})"


def _average(uars: Uars, method: str) -> str:
    average = percent(uars.average(method))
    shared = uars.shared(_BASE, method)
    if method in (_BASE, CROSS_VALIDATED) or not shared:
        return average
    return f"{average} ({points(uars.gain(method, shared))})"


def _value(method: str, corpus: str) -> float:
    if method == CROSS_VALIDATED:
        return printed.CROSS_VALIDATED[corpus]
    return printed.CROSS_CORPUS[corpus][printed.METHODS.index(method)]


def _printed(method: str, corpus: str) -> str:
    gains = printed.CROSS_CORPUS_GAIN.get(method)
    return f"{_value(method, corpus)}" + (f" ({points(gains[corpus])})" if gains else "")


def _printed_average(method: str) -> str:
    if method == CROSS_VALIDATED:
        return f"{printed.CROSS_VALIDATED_AVERAGE}"
    average = printed.CROSS_CORPUS_AVERAGE[printed.METHODS.index(method)]
    gains = printed.CROSS_CORPUS_GAIN.get(method)
    return f"{average}" + (f" ({points(gains['Average'])})" if gains else "")


def _record(uars: Uars, method: str, corpus: str) -> Record:
    found = uars.of.get(method, {}).get(corpus, NOTHING)
    shared = corpus in uars.shared(_BASE, method)
    return {
        "corpus": corpus,
        "method": method,
        "measure": "UAR, %",
        **figures_of(found),
        "over_cnn_w": round(uars.gain(method, [corpus]), 4) if shared else None,
        "printed": _value(method, corpus) if corpus in printed.DYNAMIC else None,
    }


def _tested(test: PairedTest) -> str:
    columns = (
        [row[printed.METHODS.index(method)] for row in printed.CROSS_CORPUS.values()]
        for method in _TESTED
    )
    recomputed = paired_t_test(*columns)
    paper = (
        f"The paper prints t = {printed.T_SCORE}; its UARs give t = {recomputed.t:.3f}, "
        f"p = {recomputed.p:.2f}."
    )
    pair = " and ".join(_TESTED)
    if np.isnan(test.t):
        return f"Paired t-test of {pair}: not with {test.pairs} corpora. {paper}"
    verdict = "a" if test.p < printed.ALPHA else "no"
    return (
        f"Paired t-test of {pair} over {test.pairs} corpora: t = {test.t:.3f}, p = {test.p:.2f}: "
        f"{verdict} significant difference at {printed.ALPHA}. {paper}"
    )


def comparison(lstm: ByCorpus, cross_validated: ByCorpus, absent: Mapping[str, str]) -> Table:
    """Table 7: CNN-LSTM beside other studies, each by the measure that the other reported.

    lstm: CNN-LSTM's predictions for each corpus left out; cross_validated: in cross-validation.
    """
    rows, records = [], []
    corpora = list(dict.fromkeys(row.corpus for row in printed.COMPARED))
    for number, row in enumerate(printed.COMPARED, 1):
        found = (lstm if row.protocol == "cross-corpus" else cross_validated).get(row.corpus)
        value = estimate(found, MEASURES[row.metric]) if found else NOTHING
        rows.append(
            (
                f"{number}",
                row.protocol,
                row.corpus,
                row.metric,
                with_interval(value),
                f"{row.ours}",
                f"{row.other} [{row.reference}]",
            )
        )
        records.append(
            {
                "protocol": row.protocol,
                "corpus": row.corpus,
                "measure": f"{row.metric}, %",
                **figures_of(value),
                "printed": row.ours,
                "other": row.other,
                "reference": row.reference,
            }
        )
    return Table(
        "table-7",
        "Table 7. CNN-LSTM and other studies",
        ("#", "Protocol", "Corpus", "Measure, %", "Ours", "Printed", "Other study, printed"),
        tuple(rows),
        tuple(records),
        (
            "Numbers in brackets are those of the paper's list of references. F1 is the mean over "
            "the expressions.",
            "Of CREMA-D, participant-independent, the paper prints 66.6 here and 79.0 in Table 6.",
            *because(absent, (*corpora, "CNN-LSTM", CROSS_VALIDATED, *_validations(corpora))),
        ),
    )


def _validations(corpora: Iterable[str]) -> Iterator[str]:
    """What the cross-validation within each corpus is called where it is absent."""
    return (f"{CROSS_VALIDATED} of {corpus}" for corpus in corpora)


def lengths(
    found: Mapping[str, Mapping[int, float]], chosen: int | None, absent: Mapping[str, str]
) -> Table:
    """Section 4.3: CNN-S's UAR (between 0 and 1) by corpus and length of smoothing, and the best.

    chosen: the length with the highest UAR on average; None: it was not sought. absent: why a
    corpus, or all of it (`LENGTHS`), is not there.
    """
    rows = []
    for corpus in dict.fromkeys((*printed.DYNAMIC, *found)):
        of = found.get(corpus, {})
        best = max(of, key=lambda length: of[length]) if of else None
        rows.append(
            (
                plain(corpus),
                f"{best}" if best else ABSENT,
                percent(of[best]) if best else ABSENT,
                f"{printed.BEST_LENGTHS.get(corpus, ABSENT)}",
            )
        )
    rows.append(("**All, on average**", f"{chosen or ABSENT}", "", f"{printed.CHOSEN_LENGTH}"))
    return Table(
        "lengths",
        "Section 4.3. The length of CNN-S's smoothing with the highest UAR, in samples",
        ("Corpus", "Best length", "its UAR, %", "Best length, printed"),
        tuple(rows),
        tuple(
            {"corpus": corpus, "length": length, "uar": round(100 * uar, 4)}
            for corpus, of in found.items()
            for length, uar in of.items()
        ),
        (
            "Ours are sampled pictures, 5 a second unless the settings say otherwise; the paper's "
            "were probably all pictures of the videos. Of equals the shortest is shown.",
            "As in the paper, lengths are compared on the very corpora that Table 6 measures. That "
            "table does not take what is best here, but the setting `temporal.smoothing`.",
            *because(absent, (*dict.fromkeys((*printed.DYNAMIC, *found)), LENGTHS)),
        ),
    )
