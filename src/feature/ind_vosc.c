#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("short", "rows of the short mean", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("long", "rows of the long mean", 10, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vosc {
  pln_window brief;
  pln_window lasting; /* last: memory of the long window, then of the short one */
} vosc;

static int64_t lookback(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vosc, pln_window_doubles((int64_t)p[0], 1) + pln_window_doubles((int64_t)p[1], 1));
}
static void init(void *state, const double *p) {
  vosc *s = state;
  pln_window_init(&s->brief, (int64_t)p[0]);
  pln_window_init(&s->lasting, (int64_t)p[1]);
}

PLN_INLINE double percent(double brief, double lasting) {
  return lasting != 0.0 ? 100.0 * ((brief - lasting) / lasting) : 0.0;
}

static inline void step(vosc *s, double *memory, const double *in, double *out) {
  double brief = 0.0, lasting = 0.0;
  pln_window_step(&s->lasting, memory, 1, 0, pln_merge_mean, in, &lasting);
  pln_window_step(&s->brief, memory + pln_window_doubles(s->lasting.n, 1), 1, 0, pln_merge_mean, in, &brief);
  out[0] = percent(brief, lasting);
  out[1] = lasting != 0.0;
}
PLN_IND_STEP(vosc, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  vosc *s = state;
  double *memory = (double *)(s + 1), brief[PLN_WINDOW_BLOCK + 8], lasting[PLN_WINDOW_BLOCK + 8];
  double *const brief_out[] = {brief}, *const lasting_out[] = {lasting};
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const x[] = {in[0] + i};
    double *y = out[0] + i;
    pln_window_block(&s->lasting, memory, 1, 0, pln_merge_mean, x, lasting_out, m);
    pln_window_block(&s->brief, memory + pln_window_doubles(s->lasting.n, 1), 1, 0, pln_merge_mean, x,
                     brief_out, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = percent(brief[j], lasting[j]); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_vosc = {
    .info = {.name = "vosc",
             .aliases = "volume_oscillator",
             .group = "volume",
             .help = "Volume oscillator",
             .formula =
                 "100 (s - l) / l, s and l the means of the last `short` and `long` volumes (Tulip vosc); "
                 "0 where there is no volume",
             .inputs = "volume",
             .outputs = "vosc",
             .example = "vosc(5, 10)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
