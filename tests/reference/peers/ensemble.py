#!/usr/bin/env python3
"""Writes tests/vectors/peers/ensemble.json: series of returns and the weights that other libraries give for them.

    pip install numpy pandas scipy cvxpy PyPortfolioOpt scikit-learn riskfolio-lib
    python3 tests/reference/peers/ensemble.py tests/vectors/peers/ensemble.json
"""
import json
import sys

import cvxpy as cp
import numpy as np
import pandas as pd
import riskfolio as rp
from pypfopt import EfficientFrontier
from scipy.optimize import minimize
from sklearn.covariance import LedoitWolf


def series(rng, n, t, common):
    market = rng.standard_t(5, t) * 0.006
    scale = np.linspace(0.4, 2.0, n)
    drift = rng.normal(0.0004, 0.0005, n)
    return np.array([drift[i] + scale[i] * (common * market + rng.standard_t(6, t) * 0.005) for i in range(n)])


def minimum_variance(q, low=0.0, high=1.0):
    n = len(q)
    w = cp.Variable(n)
    scaled = q / np.trace(q) * n
    cp.Problem(cp.Minimize(cp.quad_form(w, cp.psd_wrap(scaled))), [cp.sum(w) == 1, w >= low, w <= high]).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-14, tol_gap_rel=1e-14, tol_feas=1e-14)
    return w.value


def minimum_variance_pypfopt(q):
    frontier = EfficientFrontier(None, q / np.trace(q) * len(q), weight_bounds=(0, 1), solver=cp.CLARABEL)
    frontier.min_volatility()
    return frontier.weights


def kelly(mu, q):
    n = len(q)
    f = cp.Variable(n)
    scaled, means = q / np.trace(q) * n, mu / np.trace(q) * n
    cp.Problem(cp.Maximize(means @ f - 0.5 * cp.quad_form(f, cp.psd_wrap(scaled))), [f >= 0]).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)
    return np.maximum(f.value, 0)


def risk_parity(q, budgets):
    scaled = q / np.trace(q) * len(q)

    def f(y):
        x = np.exp(y)
        return 0.5 * x @ scaled @ x - budgets @ y

    def g(y):
        x = np.exp(y)
        return x * (scaled @ x) - budgets

    y = minimize(f, np.zeros(len(q)), jac=g, method="BFGS", options={"gtol": 1e-13, "maxiter": 10000}).x
    return np.exp(y) / np.exp(y).sum()


def risk_parity_riskfolio(r):
    portfolio = rp.Portfolio(returns=pd.DataFrame(r.T))
    portfolio.assets_stats(method_mu="hist", method_cov="hist")
    return portfolio.rp_optimization(model="Classic", rm="MV")["weights"].to_numpy()


def exponential(r, half_life):
    t = r.shape[1]
    w = 0.5 ** ((t - 1 - np.arange(t)) / half_life)
    mean = np.average(r, axis=1, weights=w)
    cov = np.cov(r, aweights=w, ddof=0)
    sd = np.sqrt(np.diag(cov))
    return np.maximum(mean / sd, 0), np.clip(cov / np.outer(sd, sd), -1, 1)


def adaptive(r, half_life, temperature, power):
    score, rho = exponential(r, half_life)
    w = score ** (1 / temperature) * (1 / np.maximum(rho, 0).sum(axis=1)) ** power
    return w / w.sum()


def hedge(r, anytime):
    n, t = r.shape
    losses = (r.max() - r) / (r.max() - r.min())
    total, own = np.zeros(n), 0.0
    for k in range(t):
        eta = np.sqrt(8 * np.log(n) / (k + 1 if anytime else t))
        w = np.exp(-eta * total)
        w /= w.sum()
        own += w @ losses[:, k]
        total += losses[:, k]
    eta = np.sqrt(8 * np.log(n) / (t + 1 if anytime else t))
    w = np.exp(-eta * (total - total.min()))
    return w / w.sum(), own - total.min()


def case(rng, n, t, common):
    r = series(rng, n, t, common)
    mu, q = r.mean(axis=1), np.cov(r)
    sharpe = np.maximum(mu / r.std(axis=1, ddof=1), 0)
    positive = np.maximum(mu, 0)
    fit = LedoitWolf().fit(r.T)
    fractions = kelly(mu, q)
    budgets = np.arange(1, n + 1) / (n * (n + 1) / 2)
    high = max(1.2 / n, 0.3)
    low = 0.3 / n
    expected = []

    def add(method, weights, tolerance, options=None, **more):
        expected.append({"method": method, "options": options or {}, "weights": [float(x) for x in weights],
                         "tolerance": tolerance, **more})

    add("equal", np.ones(n) / n, 1e-15)
    if sharpe.sum() > 0:
        add("performance", sharpe / sharpe.sum(), 1e-12)
        add("performance", sharpe**2 / (sharpe**2).sum(), 1e-12, {"temperature": 0.5})
        add("performance", positive / positive.sum(), 1e-11, {"score": "return"})
    inverse = 1 / r.std(axis=1, ddof=1)
    add("inverse_volatility", inverse / inverse.sum(), 1e-13)
    add("minimum_variance", minimum_variance(q), 2e-6, by="cvxpy")
    add("minimum_variance", minimum_variance_pypfopt(q), 2e-4, by="PyPortfolioOpt")
    add("minimum_variance", minimum_variance(q, low, high), 2e-6, {"min_weight": low, "max_weight": high}, by="cvxpy")
    add("minimum_variance", minimum_variance(fit.covariance_), 2e-6, {"covariance": "ledoit_wolf"},
        by="scikit-learn, cvxpy", covariance_shrinkage=float(fit.shrinkage_))
    ones = np.linalg.solve(q, np.ones(n))
    add("minimum_variance", ones / np.abs(ones).sum(), 1e-9, {"allow_short": True}, by="numpy")
    free = np.linalg.solve(q, mu)
    add("kelly", free / np.abs(free).sum(), 1e-9, {"allow_short": True}, by="numpy")
    if fractions.sum() > 1e-6:
        add("kelly", fractions / fractions.sum(), 2e-5, by="cvxpy")
    add("risk_parity", risk_parity(q, np.ones(n) / n), 1e-6, by="scipy")
    add("risk_parity", risk_parity_riskfolio(r), 1e-4, by="riskfolio-lib")
    add("risk_parity", risk_parity(q, budgets), 1e-6, {"budgets": list(map(float, budgets))}, by="scipy")
    if exponential(r, 60)[0].sum() > 0 and exponential(r, 20)[0].sum() > 0:
        add("adaptive", adaptive(r, 60, 1, 1), 1e-10)
        add("adaptive", adaptive(r, 20, 2, 0.5), 1e-10,
            {"half_life": 20, "temperature": 2, "diversification": 0.5})
    for anytime in (True, False):
        w, regret = hedge(r, anytime)
        add("hedge", w, 1e-11, {"eta": "anytime" if anytime else "horizon"}, regret=float(regret))
    return {"series": [[float(x) for x in row] for row in r], "expected": expected}


def main():
    rng = np.random.default_rng(20260711)
    cases = [case(rng, 2, 40, 0.5), case(rng, 3, 60, 0.0), case(rng, 5, 120, 1.0), case(rng, 8, 90, 2.5)]
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump({"cases": cases}, out, separators=(",", ":"))
        out.write("\n")


main()
