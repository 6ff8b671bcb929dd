#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 60, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("target", "least return of a row that is asked for", 0, -1, 1),
};

typedef struct sortino {
  pln_window window;
  double previous[1];
  int64_t started;
  double target;
} sortino;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(sortino, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  sortino *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->target = p[1];
}

static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  pln_merge_mean(out, newer, older, n, a, b);
  pln_merge_mean(out + 1, newer + 1, older + 1, n, a, b);
}

PLN_INLINE void change(const sortino *s, const double *in, const double *previous, double *leaf) {
  const double change = pln_simple_return(in[0], previous[0]);
  const double below = change < s->target ? change - s->target : 0.0;
  leaf[0] = change;
  leaf[1] = below * below;
}
PLN_INLINE void finish(const sortino *s, const double *in, const double *means, double *out) {
  (void)in;
  out[0] = means[1] > 0.0 ? (means[0] - s->target) / sqrt(means[1]) : 0.0;
  out[1] = means[1] > 0.0;
}
PLN_WINDOW_CHANGES(sortino, 2, 1, 1, merge, change, finish)

const pln_ind_desc pln_ind_sortino = {
    .info =
        {.name = "sortino",
         .aliases = "sortino_ratio",
         .group = "statistics",
         .help = "Rolling Sortino ratio",
         .formula =
             "(mean - target) / sqrt(mean of min(0, return - target)^2) of the last `period` simple returns, "
             "per row, not annualised (Lean SortinoRatio); 0 where no return is below the target",
         .inputs = "source",
         .outputs = "sortino",
         .example = "sortino(close, 60)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
