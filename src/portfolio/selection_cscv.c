/* Probability of backtest overfitting by combinatorially symmetric cross-validation: Bailey, Borwein, Lopez
 * de Prado, Zhu, "The Probability of Backtest Overfitting", Journal of Computational Finance 20 (2017).
 *
 * The statistics of any half of the blocks follow from sums over each block. Halves are walked as a tree:
 * block after block goes to the one half or the other, whose sums are those before and the block's. Both
 * halves are thus summed in the order of time, with less than four additions a split and combo. */
#include "portfolio/selection.h"

#include <assert.h>
#include <stdlib.h>

enum { LEAST_ROWS = 8, MOST_BLOCKS = 20, LEAST_BLOCKS = 4, USUAL_BLOCKS = 16, BINS = 1000 };

struct pln_cscv {
  pln_cscv_options options;
  int32_t n_blocks;
  int64_t n_combos;
  int64_t capacity;
  double *first[MOST_BLOCKS];  /* sums of each block, by combo */
  double *second[MOST_BLOCKS]; /* of squares, or of squared losses */
  pln_cscv_split *splits;
  int64_t n_splits;
  double *work; /* of a run */
};

int32_t pln_cscv_blocks(int64_t n_rows) {
  const int64_t blocks = n_rows / LEAST_ROWS / 2 * 2;
  return blocks < LEAST_BLOCKS ? 0 : blocks < USUAL_BLOCKS ? (int32_t)blocks : USUAL_BLOCKS;
}

pln_cscv *pln_cscv_new(const pln_cscv_options *options) {
  pln_cscv *c = NULL;
  const int32_t blocks = options->n_blocks ? options->n_blocks : pln_cscv_blocks(options->n_rows);
  if (options->statistic < PLN_CSCV_SHARPE || options->statistic > PLN_CSCV_GROWTH) {
    pln_fail(PLN_ERR_ARGUMENT, "there is no statistic %d of cross-validation", options->statistic);
  } else if (blocks == 0) {
    pln_fail(PLN_ERR_ARGUMENT, "%lld returns a combo are too few for cross-validation, expected at least %d",
             (long long)options->n_rows, LEAST_BLOCKS * LEAST_ROWS);
  } else if (blocks < LEAST_BLOCKS || blocks > MOST_BLOCKS || blocks % 2) {
    pln_fail(PLN_ERR_ARGUMENT, "%d blocks, expected an even number from %d to %d", blocks, LEAST_BLOCKS,
             MOST_BLOCKS);
  } else if (options->n_rows < 2 * (int64_t)blocks) {
    pln_fail(PLN_ERR_ARGUMENT, "%lld returns a combo for %d blocks, expected at least two for each",
             (long long)options->n_rows, blocks);
  } else {
    c = calloc(1, sizeof *c);
    if (!c) pln_fail(PLN_ERR_MEMORY, "no memory for cross-validation");
  }
  if (!c) return NULL;
  c->options = *options;
  c->n_blocks = blocks;
  return c;
}

void pln_cscv_free(pln_cscv *c) {
  if (!c) return;
  for (int32_t b = 0; b < MOST_BLOCKS; b++) {
    free(c->first[b]);
    free(c->second[b]);
  }
  free(c->splits);
  free(c->work);
  free(c);
}

static int32_t grow(pln_cscv *c) {
  const int64_t capacity = c->capacity ? 2 * c->capacity : 64;
  for (int32_t b = 0; b < c->n_blocks; b++) {
    double *first = realloc(c->first[b], (size_t)capacity * sizeof *first);
    if (first) c->first[b] = first;
    double *second = realloc(c->second[b], (size_t)capacity * sizeof *second);
    if (second) c->second[b] = second;
    if (!first || !second)
      return pln_fail(PLN_ERR_MEMORY, "no memory for the blocks of %lld combos", (long long)capacity);
  }
  c->capacity = capacity;
  return 0;
}

int32_t pln_cscv_add(pln_cscv *c, const double *returns) {
  int32_t status = pln_selection_check(returns, c->options.n_rows, c->n_combos);
  if (status == 0 && c->n_combos == c->capacity) status = grow(c);
  if (status < 0) return status;
  for (int32_t b = 0; b < c->n_blocks; b++) {
    const int64_t end = pln_block_start(c->options.n_rows, c->n_blocks, b + 1);
    double first = 0, second = 0;
    for (int64_t i = pln_block_start(c->options.n_rows, c->n_blocks, b); i < end; i++) {
      double r = isnan(returns[i]) ? 0 : returns[i];
      if (c->options.statistic == PLN_CSCV_GROWTH) r = r > -1 ? log1p(r) : log(1e-12);
      first += r;
      if (c->options.statistic != PLN_CSCV_SORTINO || r < 0) second += r * r;
    }
    c->first[b][c->n_combos] = first;
    c->second[b][c->n_combos] = second;
  }
  c->n_combos++;
  return 0;
}

/* The statistic of each combo from its sums over n rows. What is left of a sum of squares by rounding alone
 * is no variation. */
static void evaluate(int32_t statistic, const double *restrict first, const double *restrict second,
                     int64_t n_combos, double n, double *restrict out) {
  static const double ROUNDING = 1e-12, LEAST_LOSS = 1e-12; /* of squares */
  const double per_row = 1 / n, per_free = 1 / (n - 1);
  switch (statistic) {
  case PLN_CSCV_SHARPE:
    for (int64_t k = 0; k < n_combos; k++) {
      const double mean = first[k] * per_row, squares = second[k] - first[k] * mean;
      const double varies = squares > second[k] * ROUNDING ? 1 : 0;
      out[k] = varies * mean / sqrt(varies * squares * per_free + (1 - varies));
    }
    break;
  case PLN_CSCV_SORTINO:
    for (int64_t k = 0; k < n_combos; k++) {
      const double squares = second[k] > LEAST_LOSS ? second[k] : LEAST_LOSS;
      out[k] = first[k] * per_row / sqrt(squares * per_row);
    }
    break;
  default:
    for (int64_t k = 0; k < n_combos; k++) out[k] = first[k] * per_row;
  }
}

typedef struct sums {
  double *first;
  double *second;
} sums;

typedef struct walk {
  pln_cscv *cscv;
  int32_t half;
  int64_t n;
  int64_t rows[MOST_BLOCKS];
  sums chosen[MOST_BLOCKS / 2 + 1]; /* sums of the half, by how many blocks it has */
  sums other[MOST_BLOCKS / 2 + 1];
  double *inside;
  double *outside;
  double least; /* of all combos' statistics out of sample, over all splits */
  double most;
  int64_t *bins; /* NULL in the first pass; then how many of them lie in each part of [least, most] */
} walk;

static int32_t bin_of(const walk *w, double value) {
  const int32_t bin = (int32_t)((value - w->least) * (BINS / (w->most - w->least)));
  return bin < 0 ? 0 : bin < BINS ? bin : BINS - 1;
}

static void judge(walk *w, const double *inside, const double *outside) {
  if (w->bins) {
    for (int64_t k = 0; k < w->n; k++) w->bins[bin_of(w, outside[k])]++;
    return;
  }
  int64_t best = 0;
  double most = inside[0];
  for (int64_t k = 1; k < w->n; k++)
    if (inside[k] > most) {
      most = inside[k];
      best = k;
    }
  const double reached = outside[best];
  int64_t below = 0, equal = 0;
  double sum = 0, least = w->least, largest = w->most;
  for (int64_t k = 0; k < w->n; k++) {
    const double value = outside[k];
    below += value < reached;
    equal += value == reached;
    sum += value;
    least = value < least ? value : least;
    largest = value > largest ? value : largest;
  }
  w->least = least;
  w->most = largest;
  /* Ranks from 1; equal ones share the mean of theirs. */
  const double rank = (double)below + ((double)equal + 1) / 2, share = rank / (double)(w->n + 1);
  w->cscv->splits[w->cscv->n_splits++] = (pln_cscv_split){.in_sample = most,
                                                          .out_of_sample = reached,
                                                          .mean_out_of_sample = sum / (double)w->n,
                                                          .logit = log(share / (1 - share)),
                                                          .combo = best};
}

static void add_block(const walk *w, int32_t block, const sums *before, const sums *after) {
  const double *block_first = w->cscv->first[block], *block_second = w->cscv->second[block];
  double *restrict first = after->first, *restrict second = after->second;
  for (int64_t k = 0; k < w->n; k++) {
    first[k] = before->first[k] + block_first[k];
    second[k] = before->second[k] + block_second[k];
  }
}

/* Every way to part the blocks that are left, with `chosen` in the one half, over `rows` rows, and `other` in
 * the other. */
static void descend(walk *w, int32_t chosen, int64_t rows, int32_t other, int64_t other_rows) {
  const int32_t block = chosen + other;
  if (chosen < w->half) {
    add_block(w, block, &w->chosen[chosen], &w->chosen[chosen + 1]);
    descend(w, chosen + 1, rows + w->rows[block], other, other_rows);
  }
  if (other < w->half) {
    add_block(w, block, &w->other[other], &w->other[other + 1]);
    descend(w, chosen, rows, other + 1, other_rows + w->rows[block]);
  }
  if (chosen < w->half || other < w->half) return;
  const sums *a = &w->chosen[chosen], *b = &w->other[other];
  const int32_t statistic = w->cscv->options.statistic;
  evaluate(statistic, a->first, a->second, w->n, (double)rows, w->inside);
  evaluate(statistic, b->first, b->second, w->n, (double)other_rows, w->outside);
  judge(w, w->inside, w->outside);
  judge(w, w->outside, w->inside);
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Whether what the best reaches out of sample dominates what a combo picked at random does: the distribution
 * functions (and their integrals) are compared at the ends of the bins. */
static void dominance(const walk *w, pln_cscv_result *out) {
  const pln_cscv *c = w->cscv;
  int64_t best[BINS] = {0};
  for (int64_t i = 0; i < c->n_splits; i++) best[bin_of(w, c->splits[i].out_of_sample)]++;
  const double picks = (double)c->n_splits * (double)w->n;
  int first = 1, second = 1, strictly = 0;
  int64_t n_best = 0, n_all = 0;
  double area = 0, size = 0;
  for (int32_t i = 0; i < BINS; i++) {
    n_best += best[i];
    n_all += w->bins[i];
    const double off = (double)n_all / picks - (double)n_best / (double)c->n_splits;
    if (off < 0) first = 0;
    if (off > 0) strictly = 1;
    area += off;
    size += fabs(off);
    if (area < -1e-12 * size) second = 0;
  }
  out->first_order = first && strictly;
  out->second_order = second && size > 0;
}

/* Median of n values, which get sorted. */
static double median_of(double *v, int64_t n) {
  qsort(v, (size_t)n, sizeof *v, compare_doubles);
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void summarise(const pln_cscv *c, double *a, pln_cscv_result *out) {
  const int64_t n = c->n_splits;
  *out = (pln_cscv_result){.n_combos = c->n_combos, .n_splits = n, .n_blocks = c->n_blocks};
  int64_t worse = 0, losses = 0;
  double x = 0, y = 0, all = 0;
  for (int64_t i = 0; i < n; i++) {
    const pln_cscv_split *s = &c->splits[i];
    worse += s->logit <= 0;
    losses += s->out_of_sample < 0;
    x += s->in_sample;
    y += s->out_of_sample;
    all += s->mean_out_of_sample;
    a[i] = s->logit;
  }
  const double count = (double)n;
  out->logit_median = median_of(a, n);
  out->pbo = (double)worse / count;
  out->probability_of_loss = (double)losses / count;
  out->in_sample_mean = x / count;
  out->out_of_sample_mean = y / count;
  out->all_mean = all / count;
  double xx = 0, yy = 0, xy = 0;
  for (int64_t i = 0; i < n; i++) {
    const double dx = c->splits[i].in_sample - out->in_sample_mean;
    const double dy = c->splits[i].out_of_sample - out->out_of_sample_mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  out->slope = xx > 0 ? xy / xx : NAN;
  out->intercept = out->out_of_sample_mean - out->slope * out->in_sample_mean;
  out->r_squared = xx > 0 && yy > 0 ? xy * xy / (xx * yy) : NAN;
}

static int64_t choose(int64_t n, int64_t k) {
  int64_t ways = 1;
  for (int64_t i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
  return ways;
}

/* Arrays of a run; 0 or a status. */
static int32_t prepare(pln_cscv *c, walk *w) {
  const int64_t n_splits = choose(c->n_blocks, w->half);
  const size_t n = (size_t)c->n_combos, arrays = 4 * (size_t)(w->half + 1) + 2;
  free(c->splits);
  free(c->work);
  c->n_splits = 0;
  c->splits = malloc((size_t)n_splits * sizeof *c->splits);
  c->work = calloc(arrays * n + (size_t)n_splits, sizeof *c->work);
  if (!c->splits || !c->work)
    return pln_fail(PLN_ERR_MEMORY, "no memory for cross-validation of %lld combos", (long long)c->n_combos);
  double *next = c->work + n_splits;
  for (int32_t d = 0; d <= w->half; d++, next += 4 * n) {
    w->chosen[d] = (sums){next, next + n};
    w->other[d] = (sums){next + 2 * n, next + 3 * n};
  }
  w->inside = next;
  w->outside = next + n;
  return 0;
}

int32_t pln_cscv_run(pln_cscv *c, pln_cscv_result *out) {
  if (c->n_combos < 2)
    return pln_fail(PLN_ERR_STATE, "cross-validation of %lld combos, expected at least 2",
                    (long long)c->n_combos);
  walk w = {.cscv = c, .half = c->n_blocks / 2, .n = c->n_combos, .least = INFINITY, .most = -INFINITY};
  const int32_t status = prepare(c, &w);
  if (status < 0) return status;
  for (int32_t b = 0; b < c->n_blocks; b++)
    w.rows[b] = pln_block_start(c->options.n_rows, c->n_blocks, b + 1) -
                pln_block_start(c->options.n_rows, c->n_blocks, b);
  add_block(&w, 0, &w.chosen[0],
            &w.chosen[1]); /* halves without the first block are mirror images of those with it */
  descend(&w, 1, w.rows[0], 0, 0);
  assert(c->n_splits == choose(c->n_blocks, w.half));
  summarise(c, c->work, out);
  if (w.most > w.least) {
    int64_t bins[BINS] = {0};
    w.bins = bins;
    descend(&w, 1, w.rows[0], 0, 0);
    dominance(&w, out);
  }
  return 0;
}

const pln_cscv_split *pln_cscv_splits(const pln_cscv *c) { return c->n_splits ? c->splits : NULL; }
