"""Medians of optuna's TPE and random samplers on the functions of tests/lua/test_search.lua.

    pip install optuna; python tests/reference/search/tpe.py > tests/reference/search/tpe.json
"""
import json
import math
import statistics

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
SAMPLES, SEEDS = 100, 15


def branin(t):
    x, y = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    return ((y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


WEIGHT = [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]
CENTER = [[0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.0381, 0.5743, 0.8828]]
HEIGHT = [1, 1.2, 3, 3.2]


def hartmann3(t):
    x = [t.suggest_float(name, 0, 1) for name in "abc"]
    return -sum(h * math.exp(-sum(w * (a - c) ** 2 for w, a, c in zip(ws, x, cs)))
                for h, ws, cs in zip(HEIGHT, WEIGHT, CENTER))


MIDDLE, FLOOR = {"a": -2, "b": 1, "c": 2, "d": 0}, {"a": 3, "b": 1, "c": 0, "d": 2}


def quadratic(t):
    x, y = t.suggest_float("x", -5, 5), t.suggest_float("y", -5, 5)
    kind = t.suggest_categorical("kind", "abcd")
    return (x - MIDDLE[kind]) ** 2 + (y + 1) ** 2 + FLOOR[kind]


def median(function, sampler):
    values = []
    for seed in range(1, SEEDS + 1):
        study = optuna.create_study(sampler=sampler(seed))
        study.optimize(function, n_trials=SAMPLES)
        values.append(study.best_value)
    return statistics.median(values)


out = {"about": f"optuna {optuna.__version__}, medians of {SEEDS} seeds after {SAMPLES} trials"}
for f in (branin, hartmann3, quadratic):
    out[f.__name__] = {
        "tpe": median(f, lambda seed: optuna.samplers.TPESampler(seed=seed)),
        "random": median(f, lambda seed: optuna.samplers.RandomSampler(seed=seed)),
    }
print(json.dumps(out, indent=1))
