#include "portfolio/sizing.h"
#include <assert.h>

pln_step pln_step_make(double step) {
  assert(step > 0);
  const double inverse = rint(1.0 / step);
  const bool decimal = step < 1.0 && inverse > 0 && 1.0 / inverse == step;
  return (pln_step){.step = step, .inverse = decimal ? inverse : 0};
}

double pln_step_floor(const pln_step *step, double x) {
  assert(x >= 0);
  double n = floor(x / step->step);
  assert(n <= PLN_STEP_MAX_COUNT);
  if (n == PLN_STEP_MAX_COUNT) return n;
  while (pln_step_value(step, n + 1) <= x) n += 1;
  while (n > 0 && pln_step_value(step, n) > x) n -= 1;
  return n;
}

double pln_step_round(const pln_step *step, double x, bool up) {
  if (x / step->step >= PLN_STEP_MAX_COUNT) return x;
  const double n = pln_step_floor(step, x);
  const double below = pln_step_value(step, n);
  if (below == x || !up) return below;
  return pln_step_value(step, n + 1);
}

double pln_floor_div(double a, double b) {
  if (!(a >= 0 && b > 0)) return 0; /* amounts beyond the range of doubles end up as NaN: nothing fits */
  /* Rounding keeps order and whole numbers are exact: what is rounded to a fraction lies between the same
   * two. */
  const double rounded = a / b, whole = floor(rounded);
  if (whole < rounded) return whole;
  const double quotient = (a - fmod(a, b)) / b; /* whole but for rounding */
  const double below = floor(quotient);
  return quotient - below > 0.5 ? below + 1 : below;
}

double pln_sizing_affordable(double budget, double price, const pln_costs *costs, const pln_step *lot) {
  const double one = pln_step_value(lot, 1);
  const double left = budget - costs->per_order;
  const double fee = costs->rate * price + costs->per_unit;
  if (!(left > 0) || !(price > 0)) return 0;
  double n = pln_floor_div(left, (price + fee) * one);
  if (costs->minimum > 0) {
    const double rest = left - costs->minimum;
    const double m = rest > 0 ? pln_floor_div(rest, price * one) : 0;
    if (m < n) n = m;
  }
  return n;
}

double pln_sizing_compat(double budget, double fraction, double price, double unslipped,
                         const pln_costs *costs, const pln_step *lot) {
  if (!(budget > 0) || !(price > 0) || !(fraction > 0)) return 0;
  const double fee = (costs->per_order + fraction * unslipped * costs->rate) / fraction + costs->per_unit;
  return pln_floor_div(budget, (price + fee) * pln_step_value(lot, 1));
}
