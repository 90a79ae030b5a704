"""What several trials of an item say about the next ones."""

import math
import statistics
from collections.abc import Iterable

from evalyard_core.domain.runs import PassAtK


def pass_at_k(trials_and_passes: Iterable[tuple[int, int]], most: int) -> tuple[PassAtK, ...]:
    """Return pass@k and pass^k for k = 1..most over items given as (trials, passes), those with k trials or more.

    pass@k = mean of 1 - C(n-c, k) / C(n, k): M. Chen et al., "Evaluating large language models trained on code"
    (2021), eq. 1. pass^k = mean of C(c, k) / C(n, k): S. Yao et al., "tau-bench" (2024), section 4.
    """
    items = list(trials_and_passes)
    points = []
    for k in range(1, most + 1):
        enough = [(n, c) for n, c in items if n >= k]
        if enough:
            none = statistics.fmean(math.comb(n - c, k) / math.comb(n, k) for n, c in enough)
            every = statistics.fmean(math.comb(c, k) / math.comb(n, k) for n, c in enough)
            points.append(PassAtK(k=k, any_passes=1 - none, all_pass=every))
    return tuple(points)
