#!/usr/bin/env python3
"""Reference figures of tests/lua/test_overfitting.lua: returns of twelve made-up combos and a benchmark in
tests/vectors/peers/selection_returns.csv, and what they come to in tests/vectors/peers/selection.json.

    pip install numpy scipy arch
    python3 tests/reference/peers/selection.py tests/vectors/peers

Everything is reckoned anew with numpy and scipy, from the definitions and not from sums over blocks. The resamples of
the stationary bootstrap are drawn by a Python form of the core's generator, so that p values can be compared exactly,
and once more by the package arch (8.0), whose reality check and variances are compared.
"""
import itertools
import json
import math
import os
import sys

import numpy as np
from arch.bootstrap import SPA
from scipy import stats

ROWS, COMBOS = 203, 12


def made_up():
    """Combos in two families that share some of their noise; one of them is good, one never trades, one hardly does."""
    rng = np.random.default_rng(5)
    common = rng.standard_t(5, (ROWS, 2)) * 0.008
    own = rng.standard_t(5, (ROWS, COMBOS)) * 0.008
    r = np.where(np.arange(COMBOS) < 7, common[:, :1], -common[:, 1:]) * 0.7 + own * 0.7
    r += np.linspace(-0.001, 0.0012, COMBOS)
    r[1:, 3] += 0.4 * r[:-1, 3]  # depends on the day before
    r[:, 5] = 0
    r[30:, 6] = 0
    return np.round(r, 7), np.round(common.mean(axis=1) * 0.5 + 0.0002, 7)


def sharpe(x):
    deviation = x.std(axis=0, ddof=1)
    constant = np.ptp(x, axis=0) == 0
    return np.where(constant, 0, x.mean(axis=0) / np.where(constant, 1, deviation))


def sortino(x):
    losses = np.maximum((np.minimum(x, 0) ** 2).sum(axis=0), 1e-12)
    return x.mean(axis=0) / np.sqrt(losses / len(x))


def cscv(r, blocks, statistic):
    parts = np.array_split(np.arange(len(r)), blocks)
    rows, everything = [], []
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[b] for b in chosen])
        outside = np.setdiff1d(np.arange(len(r)), inside)
        a, b = statistic(r[inside]), statistic(r[outside])
        best = int(np.argmax(a))
        share = stats.rankdata(b)[best] / (r.shape[1] + 1)
        rows.append((a[best], b[best], b.mean(), math.log(share / (1 - share))))
        everything.append(b)
    a, b, mean, logit = np.array(rows).T
    line = stats.linregress(a, b)
    everything = np.concatenate(everything)
    levels = np.linspace(everything.min(), everything.max(), 1001)[1:]
    of_best = np.searchsorted(np.sort(b), levels, side="right") / len(b)
    of_all = np.searchsorted(np.sort(everything), levels, side="right") / len(everything)
    return {
        "pbo": float((logit <= 0).mean()), "splits": len(rows), "slope": line.slope, "intercept": line.intercept,
        "r_squared": line.rvalue**2, "probability_of_loss": float((b < 0).mean()), "in_sample": a.mean(),
        "out_of_sample": b.mean(), "all": mean.mean(), "logit_median": float(np.median(logit)),
        "first_order": bool((of_best <= of_all).all() and (of_best < of_all).any()),
        "second_order": bool((np.cumsum(of_all - of_best) >= -1e-9).all()),
    }


MASK = (1 << 64) - 1


class Random:
    """xoshiro256++ seeded by splitmix64: src/core/random.h."""

    def __init__(self, seed):
        self.state = seed
        first = self.splitmix()
        self.state = first
        self.s = [self.splitmix() for _ in range(4)]

    def splitmix(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self):
        s = self.s
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return (result >> 11) / 2**53


def resample(random, n, mean_block):
    rows, at = [], 0
    while len(rows) < n:
        if not rows or random.uniform() * mean_block < 1:
            at = int(random.uniform() * n)
        else:
            at = (at + 1) % n
        rows.append(at)
    return np.array(rows)


def long_run_variances(d, mean_block):
    """Hansen (2005): the variance of sqrt(n) times the mean under the stationary bootstrap."""
    n, off, q = len(d), d - d.mean(axis=0), 1 / mean_block
    total = (off**2).sum(axis=0) / n
    for i in range(1, n):
        weight = (n - i) / n * (1 - q) ** i + i / n * (1 - q) ** (n - i)
        total = total + 2 * weight * (off[:-i] * off[i:]).sum(axis=0) / n
    return total


def spa(d, samples, mean_block, seed):
    n, random = len(d), Random(seed)
    mean, variance = d.mean(axis=0), long_run_variances(d, mean_block)
    varies = np.ptp(d, axis=0) > 0
    deviation = np.sqrt(np.where(varies, variance, 1))
    t = np.where(varies, math.sqrt(n) * mean / deviation, -np.inf)
    statistic = max(0, t.max())
    bound = -deviation / math.sqrt(n) * math.sqrt(2 * math.log(math.log(n)))
    centres = {"p_lower": np.maximum(mean, 0), "p_consistent": np.where(mean >= bound, mean, 0), "p_upper": mean}
    reach = dict.fromkeys([*centres, "p_reality_check"], 0)
    for _ in range(samples):
        drawn = d[resample(random, n, mean_block)].mean(axis=0)
        for name, centre in centres.items():
            z = (math.sqrt(n) * (drawn - centre) / deviation)[varies]
            reach[name] += max(0, z.max()) >= statistic
        reach["p_reality_check"] += (drawn - mean).max() >= mean.max()
    made = {name: count / samples for name, count in reach.items()}
    return made | {"statistic": statistic, "best": int(t.argmax()) + 1, "reality_check": math.sqrt(n) * mean.max(),
                   "skipped": int((~varies).sum()), "samples": samples, "mean_block": mean_block, "seed": seed}


def arch_reality_check(d, mean_block):
    """P values of White's reality check; arch does not divide its SPA by the deviations, so the rest is not Hansen's."""
    test = SPA(np.zeros(len(d)), -d, block_size=mean_block, reps=20000, seed=1)
    test.compute()
    return {"p": float(test.pvalues["upper"]), "variances": list(test._loss_diff_var)}


def trials(r):
    r = r[:, np.ptp(r, axis=0) > 0]
    n, rows = r.shape[1], len(r)
    correlation = np.corrcoef(r.T)
    average = (correlation.sum() - n) / (n * (n - 1))
    squares = (np.linalg.eigvalsh(correlation) ** 2).sum() - n
    squares = max(0, (squares - n * (n - 1) / (rows - 1)) * (rows - 1) / (rows - 2))
    ratios = sharpe(r)
    return {"defined": n, "average_correlation": average, "effective": max(average, 0) + (1 - max(average, 0)) * n,
            "eigen_effective": n * n / (n + squares), "sharpe_mean": ratios.mean(), "sharpe_variance": ratios.var(ddof=1)}


def main():
    r, benchmark = made_up()
    with open(os.path.join(sys.argv[1], "selection_returns.csv"), "w") as file:
        file.write(",".join([f"c{k + 1}" for k in range(COMBOS)] + ["benchmark"]) + "\n")
        for row in np.column_stack([r, benchmark]):
            file.write(",".join(f"{x:.7g}" for x in row) + "\n")
    above = r - benchmark[:, None]
    out = {
        "cscv": {
            "sharpe_ratio_8": cscv(r, 8, sharpe), "sharpe_ratio_10": cscv(r, 10, sharpe),
            "sortino_ratio_8": cscv(r, 8, sortino), "mean_return_8": cscv(r, 8, lambda x: x.mean(axis=0)),
            "growth_6": cscv(r, 6, lambda x: np.log1p(x).mean(axis=0)),
        },
        "trials": trials(r),
        "spa": {"zero": spa(r, 500, ROWS ** (1 / 3), 7), "benchmark": spa(above, 300, 10.0, 11),
                "independent": spa(r, 300, 1.0, 3)},
        "arch": {"zero": arch_reality_check(r, 6), "benchmark": arch_reality_check(above, 10)},
    }
    with open(os.path.join(sys.argv[1], "selection.json"), "w") as file:
        json.dump(out, file, indent=1, default=float)
        file.write("\n")


if __name__ == "__main__":
    main()
