#include "core/error.h"
#include "portfolio/sizing.h"
#include <assert.h>
#include <stdlib.h>

int32_t pln_kelly_reserve(pln_kelly *kelly, int32_t capacity) {
  assert(kelly->capacity == 0 && capacity > 0);
  kelly->returns = calloc((size_t)capacity, sizeof *kelly->returns);
  if (!kelly->returns) return pln_fail(PLN_ERR_MEMORY, "no memory for the returns of %d trades", capacity);
  kelly->capacity = capacity;
  return PLN_OK;
}

void pln_kelly_free(pln_kelly *kelly) {
  free(kelly->returns);
  *kelly = (pln_kelly){0};
}

double pln_kelly_share(const pln_kelly *kelly) {
  assert(kelly->n > 0);
  double gained = 0, lost = 0;
  int32_t wins = 0;
  for (int32_t i = 0; i < kelly->n; i++) {
    const double r = kelly->returns[i];
    if (r > 0) {
      gained += r;
      wins++;
    } else {
      lost -= r;
    }
  }
  if (wins == 0) return -INFINITY;
  if (lost == 0) return wins == kelly->n ? 1 : (double)wins / kelly->n; /* the others gained nothing */
  const double w = (double)wins / kelly->n;
  const double ratio = (gained / wins) / (lost / (kelly->n - wins));
  return w - (1 - w) / ratio;
}

static int32_t check_range(const char *name, double value, double least, bool open) {
  if (isfinite(value) && (open ? value > least : value >= least)) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "%s is %g, expected %s %g", name, value, open ? "more than" : "at least",
                  least);
}

int32_t pln_sizing_check(const pln_sizing *s) {
  if (s->type < PLN_SIZE_QUANTITY || s->type > PLN_SIZE_KELLY)
    return pln_fail(PLN_ERR_ARGUMENT, "sizing type %d does not exist", s->type);
  if (s->at != PLN_SIZE_AT_SIGNAL && s->at != PLN_SIZE_AT_FILL)
    return pln_fail(PLN_ERR_ARGUMENT, "size_at %d does not exist", s->at);
  int32_t status = check_range("the sizing's value", s->value, 0, true);
  if (!status) status = check_range("the sizing's max_pct", s->max_pct, 0, false);
  if (!status && s->type == PLN_SIZE_ATR_RISK)
    status = check_range("the sizing's multiple", s->multiple, 0, true);
  if (status || s->type != PLN_SIZE_KELLY) return status;
  status = check_range("the sizing's fraction", s->fraction, 0, true);
  if (!status) status = check_range("the sizing's min_pct", s->min_pct, 0, false);
  if (!status && (s->window < 1 || s->min_trades < 1 || s->min_trades > s->window))
    status = pln_fail(PLN_ERR_ARGUMENT,
                      "a window of %d trades of which %d are needed: expected 1 or more, and no more needed "
                      "than the window holds",
                      s->window, s->min_trades);
  return status;
}

int32_t pln_scaling_check(const pln_scaling *s) {
  int32_t status = check_range("band_pct", s->band_pct, 0, false);
  if (!status) status = check_range("band_relative_pct", s->band_relative_pct, 0, false);
  if (!status) status = check_range("step_pct", s->step_pct, 0, false);
  if (!status) status = check_range("add_pct", s->add_pct, 0, false);
  if (!status) status = check_range("long_pct", s->long_pct, 0, false);
  if (!status) status = check_range("short_pct", s->short_pct, 0, false);
  if (!status && s->max_entries < 0)
    status = pln_fail(PLN_ERR_ARGUMENT, "max_entries is %d, expected 0 (off) or more", s->max_entries);
  return status;
}
