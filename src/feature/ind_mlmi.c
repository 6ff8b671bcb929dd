#include "feature/ma.h"
#include "feature/updown.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast RSI", 5, 1, 1000),
    PLN_PARAM_INT("slow", "period of the slow RSI", 20, 1, 1000),
    PLN_PARAM_INT("smooth", "rows over which both are smoothed", 20, 1, 1000),
    PLN_PARAM_INT("neighbours", "how many vote", 21, 1, 500),
    PLN_PARAM_INT("memory", "rows that are remembered, no fewer than neighbours", 500, 1, 20000),
    PLN_PARAM_INT("ahead", "rows until the outcome", 1, 1, 1000),
    PLN_PARAM_WORD("average", "how the RSIs are smoothed", 0, 1, "wma ema"),
};

enum { MAX_NEIGHBOURS = 500, FIELDS = 3 };

typedef struct mlmi {
  pln_updown changes[2];
  pln_ma smooth[2];
  int64_t periods[2];
  int64_t type, rows_smooth;
  int64_t warm; /* first row with features */
  int64_t neighbours;
  int64_t memory;
  int64_t ahead;
  int64_t row;
} mlmi;

static int64_t larger(double a, double b) { return (int64_t)(a > b ? a : b); }
static int32_t type_of(const double *p) { return p[6] > 0.5 ? PLN_MA_EMA : PLN_MA_WMA; }
static int64_t features(const double *p) {
  return larger(p[0], p[1]) + pln_ma_lookback(type_of(p), (int64_t)p[2]);
}
static int64_t lookback(const double *p) { return features(p) + (int64_t)p[5] + (int64_t)p[3] - 1; }
/* Rows kept: those remembered and those whose outcome is not known yet; each its features and the source. */
static int64_t kept(const double *p) { return larger(p[3], p[4]) + (int64_t)p[5]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(mlmi, 2 * pln_ma_doubles(type_of(p), (int64_t)p[2]) + FIELDS * kept(p));
}
static void init(void *state, const double *p) {
  mlmi *s = state;
  s->type = type_of(p);
  s->rows_smooth = (int64_t)p[2];
  for (int32_t k = 0; k < 2; k++) {
    s->periods[k] = (int64_t)p[k];
    pln_updown_init(&s->changes[k], PLN_UPDOWN_WILDER, (int64_t)p[k]);
    pln_ma_init(&s->smooth[k], (int32_t)s->type, s->rows_smooth);
  }
  s->warm = features(p);
  s->neighbours = (int64_t)p[3];
  s->memory = larger(p[3], p[4]);
  s->ahead = (int64_t)p[5];
}

/* A row's distance, and its age in rows: of two as near the younger is the nearer one. */
typedef struct neighbour {
  double distance;
  int64_t age;
} neighbour;

static inline int nearer(neighbour a, neighbour b) {
  return a.distance < b.distance || (a.distance == b.distance && a.age < b.age);
}

/* Puts x into the heap whose root, the furthest, is to go. */
static inline void replace_root(neighbour *heap, int64_t n, neighbour x) {
  int64_t root = 0;
  for (int64_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && nearer(heap[child], heap[child + 1])) child++;
    if (!nearer(x, heap[child])) break;
    heap[root] = heap[child];
  }
  heap[root] = x;
}

static inline void push(neighbour *heap, int64_t n, neighbour x) {
  for (; n > 0 && nearer(heap[(n - 1) / 2], x); n = (n - 1) / 2) heap[n] = heap[(n - 1) / 2];
  heap[n] = x;
}

/* Share of rises among the nearest of the rows from `oldest` to `newest`. */
static inline double vote(const mlmi *s, const double *ring, const double *at, int64_t oldest,
                          int64_t newest) {
  neighbour heap[MAX_NEIGHBOURS];
  const int64_t places = s->memory + s->ahead;
  int64_t n = 0, rises = 0, place = newest >= 0 ? newest % places : 0;
  for (int64_t row = newest; row >= oldest; row--) {
    const double *then = ring + place * FIELDS;
    const double dx = then[0] - at[0], dy = then[1] - at[1];
    const neighbour x = {dx * dx + dy * dy, newest - row};
    place = place ? place - 1 : places - 1;
    if (n < s->neighbours)
      push(heap, n++, x);
    else if (x.distance < heap[0].distance) /* NOLINT: n entries were written */
      replace_root(heap, n, x);
  }
  for (int64_t k = 0; k < n; k++) {
    const int64_t row = newest - heap[k].age;
    rises += ring[(row + s->ahead) % places * FIELDS + 2] > ring[row % places * FIELDS + 2];
  }
  return n ? (double)rises / (double)n : 0.5;
}

static inline void step(mlmi *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_ma_doubles((int32_t)s->type, s->rows_smooth);
  double at[2] = {0.0, 0.0}, *ring = memory + 2 * doubles;
  for (int32_t k = 0; k < 2; k++) {
    double up, down;
    pln_updown_step(&s->changes[k], NULL, in[0], &up, &down);
    if (s->row >= s->periods[k])
      at[k] =
          pln_ma_step(&s->smooth[k], memory + k * doubles, up + down > 0.0 ? 100.0 * up / (up + down) : 0.0);
  }
  double *now = ring + s->row % (s->memory + s->ahead) * FIELDS;
  now[0] = at[0], now[1] = at[1], now[2] = in[0];
  const int64_t newest = s->row - s->ahead, first = newest - s->memory + 1;
  const double p = vote(s, ring, at, first > s->warm ? first : s->warm, newest);
  s->row++;
  out[0] = 2.0 * p - 1.0;
  out[1] = (p > 0.5) - (p < 0.5);
  out[2] = 2.0 * fabs(p - 0.5);
}
PLN_IND_STEP(mlmi, step)
PLN_IND_BATCH(mlmi, 1, 3, step)

const pln_ind_desc pln_ind_mlmi = {
    .info =
        {.name = "mlmi",
         .group = "learning",
         .help = "Machine learning momentum index: nearest neighbours over two smoothed RSIs",
         .formula =
             "features: rsi(fast) and rsi(slow), both smoothed over `smooth` rows (average=wma or ema). "
             "Memory: the last `memory` rows whose outcome is known, that is rows at least `ahead` rows old; "
             "an outcome is a rise where the source was higher `ahead` rows later. The `neighbours` of them "
             "nearest to this row in the plane of the features (Euclid; the younger of two as near) vote: p "
             "= share of rises, value = 2 p - 1, signal = 1, 0 or -1 with its sign, confidence = 2 |p - "
             "1/2|. After the momentum index of that name by Zeiierman (TradingView), which remembers only "
             "crossings of two averages and sums the outcomes. Each row costs a look at the whole memory",
         .inputs = "source",
         .outputs = "value signal confidence",
         .example = "mlmi(close, 5, 20, 20).signal",
         .params = params,
         .n_params = 7,
         .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
