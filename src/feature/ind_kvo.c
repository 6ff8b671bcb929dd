#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 34, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 55, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of the oscillator", 13, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("form", "whose volume force and seeds", 0, 2, "tulip stock_indicators lean"),
};

typedef enum kvo_form { TULIP = 0, STOCK_INDICATORS = 1, LEAN = 2 } kvo_form;

typedef struct kvo {
  pln_smooth fast;
  pln_smooth slow;
  pln_smooth signal;
  double price; /* of the row before: high + low + close, */
  double range; /* high - low, */
  double trend; /* 1, -1, and 0 while there is none, */
  double total; /* ranges since the trend began */
  int64_t row;
  int64_t form;
} kvo;

static int64_t longer(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t lookback(const double *p) { return p[3] == TULIP ? 1 : longer(p) + (int64_t)p[2]; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(kvo, 0);
}
static void init(void *state, const double *p) {
  kvo *s = state;
  const int means = p[3] != TULIP;
  pln_smooth_init(&s->fast, 2.0 / (p[0] + 1.0), means ? (int64_t)p[0] : 1, means ? 2 : 1);
  pln_smooth_init(&s->slow, 2.0 / (p[1] + 1.0), means ? (int64_t)p[1] : 1, means ? 2 : 1);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), means ? (int64_t)p[2] : 1, means ? longer(p) + 1 : 1);
  s->form = (int64_t)p[3];
  s->trend = s->form == LEAN ? -1.0 : 0.0;
}

/* Klinger's volume force. The forms differ in what an unchanged price does to the trend, in the total of the
 * first rows, and in where the bars of absolute value stand. */
PLN_INLINE double force(kvo *s, double high, double low, double close, double volume) {
  const double price = high + low + close, range = high - low;
  const double otherwise = s->form == TULIP && price == s->price ? s->trend : -1.0;
  const double trend = price > s->price ? 1.0 : otherwise;
  double total = (trend == s->trend ? s->total : s->range) + range, result = 0.0;
  if (s->form == STOCK_INDICATORS && s->row == 1) total = 0.0;
  if (s->row == 0) total = 0.0;
  if (total != 0.0) {
    const double ratio = range / total;
    const double strength = s->form == TULIP ? fabs(2.0 * ratio - 1.0) : fabs(2.0 * (ratio - 1.0));
    result = volume * strength * (trend < 0.0 ? -100.0 : 100.0);
  }
  if (s->row > 0) s->trend = trend;
  s->total = total;
  s->price = price;
  s->range = range;
  s->row++;
  return result;
}

static inline void step(kvo *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double x = force(s, in[0], in[1], in[2], in[3]);
  const double fast = pln_smooth_step(&s->fast, x), slow = pln_smooth_step(&s->slow, x);
  out[0] = fast - slow;
  out[1] = pln_smooth_step(&s->signal, out[0]);
}
PLN_IND_STEP(kvo, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  kvo *s = state;
  double x[PADDED], fast[PADDED], slow[PADDED];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *line = out[0] + i;
    for (int64_t j = 0; j < m; j++) x[j] = force(s, in[0][i + j], in[1][i + j], in[2][i + j], in[3][i + j]);
    pln_smooth_rows(&s->fast, x, fast, m);
    pln_smooth_rows(&s->slow, x, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) line[j] = fast[j] - slow[j];
    pln_smooth_rows(&s->signal, line, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_kvo = {
    .info =
        {.name = "kvo",
         .aliases = "klinger klinger_volume_oscillator",
         .group = "volume",
         .help = "Klinger volume oscillator",
         .formula =
             "kvo = ema(force, fast) - ema(force, slow), signal = ema(kvo, signal); force = 100 volume |2 r "
             "- "
             "1| with the sign of the trend, that of high + low + close (unchanged: the trend stays), r = "
             "(high "
             "- low) / sum of the ranges since the row before the trend began; averages begin with their "
             "first "
             "value, row 1 (Tulip). form=stock_indicators and form=lean: |2 (r - 1)|, unchanged prices fall, "
             "averages begin with means, at row 2; lean takes the trend before row 1 for a fall, where "
             "stock_indicators leaves the range of row 1 out. 0 where the sum of ranges is 0",
         .inputs = "high low close volume",
         .outputs = "kvo signal",
         .example = "kvo(34, 55)",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
