#pragma once
#include "abi/portfolio.h"
#include <math.h>
#include <stdbool.h>

/* Quantities are counted in whole lots, so that closing what was opened leaves exactly nothing. `inverse` is
 * 1/step where that is a whole number (0.1, 0.01, 1e-6): n/inverse is then the correctly rounded decimal, and
 * 0.3 units at a lot of 0.1 are three lots, which n*step (0.30000000000000004) would miss. Prices and ticks
 * likewise. */
typedef struct pln_step {
  double step;
  double inverse; /* 0: use n * step */
} pln_step;

/* The largest count of lots that is handled: whole numbers are exact up to here. */
#define PLN_STEP_MAX_COUNT 9007199254740992.0

pln_step pln_step_make(double step);
static inline double pln_step_value(const pln_step *step, double n) {
  return step->inverse > 0 ? n / step->inverse : n * step->step;
}
/* The largest whole n with value(n) <= x; x >= 0 and x / step <= PLN_STEP_MAX_COUNT. */
double pln_step_floor(const pln_step *step, double x);
/* The same for a quantity that somebody reckoned: 10 x 1e-6, which is a rounding error below ten lots, is
 * ten. */
static inline double pln_step_count(const pln_step *step, double x) {
  const double n = pln_step_floor(step, x);
  return pln_step_value(step, n + 1) <= x * (1 + 1e-12) ? n + 1 : n;
}
/* x rounded to a step upward or downward, unchanged where it is one already. x > 0. */
double pln_step_round(const pln_step *step, double x, bool up);

/* The exact floor(a / b), a >= 0, b > 0: the largest n with n * b <= a in real arithmetic (Python's //). */
double pln_floor_div(double a, double b);

typedef struct pln_costs {
  double rate; /* fraction of the notional */
  double per_unit;
  double per_order;
  double minimum; /* of rate and per_unit together */
} pln_costs;

/* Fee of an order, all its fills together. */
static inline double pln_costs_variable(const pln_costs *c, double quantity, double notional) {
  return c->rate * notional + c->per_unit * quantity;
}
static inline double pln_costs_fee(const pln_costs *c, double variable) {
  return c->per_order + (variable > c->minimum ? variable : c->minimum);
}

/* The largest count of lots whose cost, fees included, is within `budget`. `price` is what a unit of price
 * costs times the multiplier: the slipped price x multiplier. */
double pln_sizing_affordable(double budget, double price, const pln_costs *costs, const pln_step *lot);
/* backtesting.py's reading: the fixed part of the commission is charged for each `fraction` of a unit, and
 * the rate on the price before the spread. */
double pln_sizing_compat(double budget, double fraction, double price, double unslipped,
                         const pln_costs *costs, const pln_step *lot);

/* Returns of the last closed trades, for Kelly's fraction. Nothing where capacity is 0. */
typedef struct pln_kelly {
  double *returns; /* a ring */
  int32_t capacity;
  int32_t n;
  int32_t next;
} pln_kelly;

int32_t pln_kelly_reserve(pln_kelly *kelly, int32_t capacity);
void pln_kelly_free(pln_kelly *kelly);
static inline void pln_kelly_note(pln_kelly *kelly, double trade_return) {
  if (kelly->capacity == 0) return;
  kelly->returns[kelly->next] = trade_return;
  kelly->next = kelly->next + 1 == kelly->capacity ? 0 : kelly->next + 1;
  if (kelly->n < kelly->capacity) kelly->n++;
}
/* W - (1 - W) / R of what is in the ring (n > 0): -inf where nothing gained, 1 where nothing was lost. */
double pln_kelly_share(const pln_kelly *kelly);

/* PLN_OK, or a status with what is wrong. */
int32_t pln_sizing_check(const pln_sizing *sizing);
int32_t pln_scaling_check(const pln_scaling *scaling);
