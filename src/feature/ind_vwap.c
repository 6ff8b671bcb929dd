#include "feature/cumulative.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("anchor",
                   "where the average begins anew: with each session, never, every `rows` rows, or at the "
                   "time `from`",
                   0, 3, "session none rows time"),
    PLN_PARAM_INT("rows", "rows between two anchors, for anchor=rows", 390, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("from", "seconds since 1970 (UTC) of the first row, for anchor=time", 0, -1e11, 1e11),
    PLN_PARAM("k", "width of the band on each side, in deviations", 1, 0, 1000),
};

typedef enum vwap_anchor { SESSION = 0, NONE = 1, ROWS = 2, TIME = 3 } vwap_anchor;

typedef struct vwap {
  pln_cumulative weight; /* since the anchor: of the volumes, */
  pln_cumulative first;  /* of volume * d, d the price less `origin`, */
  pln_cumulative second; /* of volume * d^2 */
  double origin;         /* price of the first row with a volume */
  double session;
  double from;
  double k;
  int64_t rows; /* since the anchor; -1: none yet */
  int32_t every;
  int32_t anchor;
  int64_t has_volume; /* since the anchor */
} vwap;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(vwap, 0);
}
static void init(void *state, const double *p) {
  vwap *s = state;
  s->rows = -1;
  s->anchor = (int32_t)p[0];
  s->every = (int32_t)p[1];
  s->from = p[2];
  s->k = p[3];
}

PLN_INLINE int begins(const vwap *s, double session, double time) {
  switch (s->anchor) {
  case SESSION:
    return s->rows < 0 || session != s->session;
  case ROWS:
    return s->rows < 0 || s->rows == s->every;
  case TIME:
    return s->rows < 0 && time >= s->from;
  default:
    return s->rows < 0;
  }
}

static void begin(vwap *s, double session) {
  const pln_cumulative nothing = {0};
  s->weight = s->first = s->second = nothing;
  s->session = session;
  s->rows = s->has_volume = 0;
}

typedef struct bands {
  double middle, upper, lower, deviation;
} bands;

PLN_INLINE bands around(double price, double origin, double k, double weight, double first, double second) {
  const double w = weight > 0.0 ? weight : 1.0, mean = first / w, variance = second / w - mean * mean;
  bands b;
  b.middle = weight > 0.0 ? origin + mean : price;
  b.deviation = weight > 0.0 && variance > 0.0 ? sqrt(variance) : 0.0;
  b.upper = b.middle + k * b.deviation;
  b.lower = b.middle - k * b.deviation;
  return b;
}

static inline void step(vwap *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double price = in[0], volume = in[1];
  if (begins(s, in[2], in[3])) begin(s, in[2]);
  bands b = {price, price, price, 0.0};
  out[4] = 0.0;
  if (s->rows >= 0) s->rows++;
  if (s->rows > 0 && !s->has_volume && volume > 0.0) {
    s->has_volume = 1;
    s->origin = price;
  }
  if (s->rows > 0 && s->has_volume) {
    const double d = price - s->origin, part = volume * d;
    const double weight = pln_cumulative_step(&s->weight, volume),
                 first = pln_cumulative_step(&s->first, part);
    b = around(price, s->origin, s->k, weight, first, pln_cumulative_step(&s->second, part * d));
    out[4] = weight > 0.0;
  }
  out[0] = b.middle;
  out[1] = b.upper;
  out[2] = b.lower;
  out[3] = b.deviation;
}
PLN_IND_STEP(vwap, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

/* m rows, at most a block, none of which begins anew. */
PLN_INLINE void run(vwap *s, const double *const *in, double *const *out, int64_t i, int64_t m) {
  const double *price = in[0] + i, *volume = in[1] + i, origin = s->origin, k = s->k;
  double part[PADDED], square[PADDED], weight[PADDED], first[PADDED], second[PADDED];
  PLN_IVDEP
  for (int64_t j = 0; j < m; j++) {
    const double d = price[j] - origin;
    part[j] = volume[j] * d;
    square[j] = part[j] * d;
  }
  pln_cumulative_rows(&s->weight, volume, weight, m);
  pln_cumulative_rows(&s->first, part, first, m);
  pln_cumulative_rows(&s->second, square, second, m);
  s->rows += m;
  double *middle = out[0] + i, *upper = out[1] + i, *lower = out[2] + i, *deviation = out[3] + i;
  PLN_IVDEP
  for (int64_t j = 0; j < m; j++) {
    const bands b = around(price[j], origin, k, weight[j], first[j], second[j]);
    middle[j] = b.middle;
    upper[j] = b.upper;
    lower[j] = b.lower;
    deviation[j] = b.deviation;
  }
}

/* Rows from i up to the next that begins anew; s->rows counts on while it looks. */
PLN_INLINE int64_t stretch(vwap *s, const double *const *in, int64_t i, int64_t n) {
  const int64_t limit = n - i < BLOCK ? n - i : BLOCK;
  if (s->anchor == NONE || s->anchor == TIME) return limit;
  if (s->anchor == ROWS) return s->every - s->rows < limit ? s->every - s->rows : limit;
  int64_t m = 1;
  while (m < limit && in[2][i + m] == s->session) m++;
  return m;
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  vwap *s = state;
  for (int64_t i = 0; i < n;) {
    if (begins(s, in[2][i], in[3][i])) begin(s, in[2][i]);
    if (s->rows < 0 || !s->has_volume) {
      const double x[4] = {in[0][i], in[1][i], in[2][i], in[3][i]};
      double y[5];
      step(s, NULL, x, y);
      for (int32_t k = 0; k < 4; k++) out[k][i] = y[k];
      i++;
      continue;
    }
    const int64_t m = stretch(s, in, i, n);
    run(s, in, out, i, m);
    i += m;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_vwap = {
    .info =
        {.name = "vwap",
         .aliases = "volume_weighted_average_price anchored_vwap",
         .group = "volume",
         .help = "Volume weighted average price, of the session or from an anchor on",
         .formula =
             "vwap = sum of volume * x / sum of volume since the anchor: the first row of the session (of "
             "the local day), of all rows (anchor=none: Stock.Indicators), of every `rows` rows "
             "(anchor=rows), or the first at or after `from` (anchor=time); deviation = sqrt of the "
             "volume weighted variance about it, upper and lower = vwap ± k deviations. Without volume, "
             "and before the anchor, all are x and the deviation 0. The moving one is vwma(hlc3, n)",
         .inputs = "hlc3 volume session time",
         .outputs = "vwap upper lower deviation",
         .example = "vwap(hlc3)",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 4,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
