#pragma once
#include "feature/window.h"
#include <string.h>

/* Many windows over the same input, by doubling (window.h). The aggregates of the last 2^k rows do not depend
 * on the window, and what a window of n = 2^k + r rows (r < 2^k) has is one merge of what the window of r
 * rows has with the aggregate of 2^k rows, r rows ago: the last merge that the window alone makes. So a
 * family costs one merge a value (and those windows r that are not of it), each the same arithmetic as alone.
 *
 * Windows are visited depth first, so that at most one accumulator is kept for each binary digit. Aggregates
 * lie in a line for each size, 2^k rows of history before the rows of the block at hand. */
enum { PLN_FAMILY_BLOCK = 256, PLN_FAMILY_DEPTH = 17, PLN_FAMILY_MAX = 128 };

typedef struct pln_family_op {
  int32_t level; /* the older part: aggregates of 2^level rows … */
  int32_t lag;   /* … so many rows ago; 0: this is all */
  int32_t depth; /* where its result is kept; the newer part is the result before it */
  int32_t first; /* its members in the order of `members` */
  int32_t n;     /* how many; 0: only others need it */
  int32_t reserved;
} pln_family_op;

typedef struct pln_family {
  int64_t position;     /* rows that the lines have beyond their history */
  int64_t member_bytes; /* of what a member knows of itself */
  int32_t levels;       /* the largest */
  int32_t n_ops;
  int32_t n_members;
  int32_t reserved;                /* what follows is aligned to doubles */
  int32_t members[PLN_FAMILY_MAX]; /* by window */
  pln_family_op ops[];             /* then what the members know, then the lines */
} pln_family;

/* The outputs of a member from its aggregate. */
typedef void pln_family_emit(const void *member, const double *const *in, const double *const *aggregate,
                             double *const *out, int64_t n);

static inline int32_t pln_family_top(int64_t n) { return 63 - __builtin_clzll((uint64_t)n); }

/* Rows of the lines of the levels before `level`. */
static inline int64_t pln_family_line(int32_t level) {
  return ((int64_t)1 << level) - 1 + (int64_t)level * PLN_FAMILY_BLOCK;
}

/* Bytes of a family of windows of params[i][0] rows, n <= PLN_FAMILY_MAX, and its set-up in zeroed memory. */
int64_t pln_family_size(const double *const *params, int32_t n, int32_t width, int32_t idempotent,
                        int64_t member_bytes);
void pln_family_init(pln_family *s, const double *const *params, int32_t n, int32_t idempotent,
                     int64_t member_bytes);

static inline void *pln_family_member(const pln_family *s, int32_t member) {
  return (char *)(s->ops + s->n_ops) + member * s->member_bytes;
}
static inline double *pln_family_lines(const pln_family *s) { return pln_family_member(s, s->n_members); }

/* The line of component c of a level: 2^level rows of history, then those of the block. */
PLN_INLINE double *pln_family_component(double *lines, int32_t level, int32_t width, int32_t c) {
  return lines + pln_family_line(level) * width + c * (((int64_t)1 << level) + PLN_FAMILY_BLOCK);
}

/* Makes room for m rows in the lines. */
PLN_INLINE void pln_family_room(pln_family *s, double *lines, int32_t width, int64_t m) {
  if (s->position + m <= PLN_FAMILY_BLOCK) return;
  for (int32_t level = 0; level <= s->levels; level++)
    for (int32_t c = 0; c < width; c++) {
      double *line = pln_family_component(lines, level, width, c);
      memmove(line, line + s->position, ((size_t)1 << level) * sizeof *line);
    }
  s->position = 0;
}

/* m rows of the leaves into the lines of all levels; m = 1 or what a vector loop does. */
PLN_INLINE void pln_family_levels(pln_family *s, double *lines, int32_t width, pln_merge *merge,
                                  const double *const *leaf, int64_t m) {
  for (int32_t c = 0; c < width; c++) {
    double *line = pln_family_component(lines, 0, width, c) + 1 + s->position;
    for (int64_t i = 0; i < m; i++) line[i] = leaf[c][i];
  }
  for (int32_t level = 0; level < s->levels; level++) {
    const int64_t k = (int64_t)1 << level;
    const double *newer[PLN_WINDOW_MAX_WIDTH] = {0}, *older[PLN_WINDOW_MAX_WIDTH] = {0};
    double *out[PLN_WINDOW_MAX_WIDTH] = {0};
    for (int32_t c = 0; c < width; c++) {
      older[c] = pln_family_component(lines, level, width, c) + s->position;
      newer[c] = older[c] + k;
      out[c] = pln_family_component(lines, level + 1, width, c) + 2 * k + s->position;
    }
    merge(out, newer, older, m, (double)k, (double)k);
  }
}

/* m <= PLN_FAMILY_BLOCK rows from row `first` on of `in` and `out`. Without `emit` the aggregate, of width 1,
 * is the output. */
PLN_INLINE void pln_family_rows(pln_family *s, int32_t width, int32_t idempotent, pln_merge *merge,
                                pln_family_emit *emit, int32_t n_in, int32_t n_out, const double *const *leaf,
                                const double *const *in, double *const *out, int64_t first, int64_t m) {
  _Alignas(64) double slots[PLN_FAMILY_DEPTH * PLN_WINDOW_MAX_WIDTH][PLN_FAMILY_BLOCK];
  const double *kept[PLN_FAMILY_DEPTH][PLN_WINDOW_MAX_WIDTH], *x[PLN_IND_MAX_INPUTS] = {0};
  double *lines = pln_family_lines(s);
  for (int32_t k = 0; k < n_in; k++) x[k] = in[k] + first;
  pln_family_room(s, lines, width, m);
  pln_family_levels(s, lines, width, merge, leaf, m);
  for (int32_t i = 0; i < s->n_ops; i++) {
    const pln_family_op *op = &s->ops[i];
    const int64_t k = (int64_t)1 << op->level;
    const double *newer[PLN_WINDOW_MAX_WIDTH] = {0}, *older[PLN_WINDOW_MAX_WIDTH] = {0};
    double *to[PLN_WINDOW_MAX_WIDTH] = {0};
    for (int32_t c = 0; c < width; c++) {
      const double *line = pln_family_component(lines, op->level, width, c) + k + s->position;
      older[c] = line - op->lag;
      newer[c] = idempotent || op->depth == 0 ? line : kept[op->depth - 1][c];
      to[c] = slots[op->depth * width + c];
      if (!emit && op->n > 0) to[c] = out[s->members[op->first]] + first;
      kept[op->depth][c] = op->lag ? to[c] : line;
    }
    if (op->lag) merge(to, newer, older, m, (double)op->lag, (double)k);
    for (int32_t j = 0; j < op->n; j++) {
      const int32_t member = s->members[op->first + j];
      double *y[PLN_IND_MAX_OUTPUTS] = {0};
      for (int32_t c = 0; c < n_out; c++) y[c] = out[member * n_out + c] + first;
      if (emit)
        emit(pln_family_member(s, member), x, kept[op->depth], y, m);
      else if (y[0] != kept[op->depth][0])
        memcpy(y[0], kept[op->depth][0], (size_t)m * sizeof(double));
    }
  }
  s->position += m;
}

/* One row; `out` has n_out values for each member. */
PLN_INLINE void pln_family_row(pln_family *s, int32_t width, int32_t idempotent, pln_merge *merge,
                               pln_family_emit *emit, int32_t n_in, int32_t n_out, const double *leaf,
                               const double *in, double *out) {
  double kept[PLN_FAMILY_DEPTH][PLN_WINDOW_MAX_WIDTH];
  const double *leaves[PLN_WINDOW_MAX_WIDTH] = {0}, *x[PLN_IND_MAX_INPUTS] = {0};
  double *lines = pln_family_lines(s);
  for (int32_t c = 0; c < width; c++) leaves[c] = leaf + c;
  for (int32_t k = 0; k < n_in; k++) x[k] = in + k;
  pln_family_room(s, lines, width, 1);
  pln_family_levels(s, lines, width, merge, leaves, 1);
  for (int32_t i = 0; i < s->n_ops; i++) {
    const pln_family_op *op = &s->ops[i];
    const int64_t k = (int64_t)1 << op->level;
    const double *newer[PLN_WINDOW_MAX_WIDTH] = {0}, *older[PLN_WINDOW_MAX_WIDTH] = {0};
    const double *aggregate[PLN_WINDOW_MAX_WIDTH] = {0};
    double *to[PLN_WINDOW_MAX_WIDTH] = {0};
    for (int32_t c = 0; c < width; c++) {
      const double *line = pln_family_component(lines, op->level, width, c) + k + s->position;
      older[c] = line - op->lag;
      newer[c] = idempotent || op->depth == 0 ? line : &kept[op->depth - 1][c];
      aggregate[c] = to[c] = &kept[op->depth][c];
      if (op->lag == 0) *to[c] = *line;
    }
    if (op->lag) merge(to, newer, older, 1, (double)op->lag, (double)k);
    for (int32_t j = 0; j < op->n; j++) {
      const int32_t member = s->members[op->first + j];
      double *y[PLN_IND_MAX_OUTPUTS] = {0};
      for (int32_t c = 0; c < n_out; c++) y[c] = &out[member * n_out + c];
      if (emit)
        emit(pln_family_member(s, member), x, aggregate, y, 1);
      else
        *y[0] = *aggregate[0];
    }
  }
  s->position++;
}

#define PLN_FAMILY_OF(STEP, ROWS)                                                                            \
  PLN_IND_SIMD(family_batch, ROWS)                                                                           \
  static const pln_ind_family family = {family_size, family_init, STEP, family_batch};

/* `family`, for a descriptor whose kernel is PLN_WINDOW_KERNEL. */
#define PLN_WINDOW_FAMILY(IDEMPOTENT, MERGE)                                                                 \
  static int64_t family_size(const double *const *sets, int32_t n) {                                         \
    return pln_family_size(sets, n, 1, IDEMPOTENT, 0);                                                       \
  }                                                                                                          \
  static void family_init(void *state, const double *const *sets, int32_t n) {                               \
    pln_family_init(state, sets, n, IDEMPOTENT, 0);                                                          \
  }                                                                                                          \
  static void family_step(void *state, const double *in, double *out) {                                      \
    pln_family_row(state, 1, IDEMPOTENT, MERGE, NULL, 1, 1, in, in, out);                                    \
  }                                                                                                          \
  PLN_INLINE void family_rows(void *state, const double *const *in, double *const *out, int64_t n) {         \
    for (int64_t i = 0; i < n; i += PLN_FAMILY_BLOCK) {                                                      \
      const double *const leaf[] = {in[0] + i};                                                              \
      const int64_t m = n - i < PLN_FAMILY_BLOCK ? n - i : PLN_FAMILY_BLOCK;                                 \
      pln_family_rows(state, 1, IDEMPOTENT, MERGE, NULL, 1, 1, leaf, in, out, i, m);                         \
    }                                                                                                        \
  }                                                                                                          \
  PLN_FAMILY_OF(family_step, family_rows)

/* `family`, for a descriptor whose kernel is PLN_WINDOW_MAPPED, or one that does the same. What a member
 * knows of itself is a STATE, made by init. */
#define PLN_WINDOW_MAPPED_FAMILY(STATE, WIDTH, N_IN, N_OUT, MERGE, LEAF, FINISH)                             \
  static int64_t family_size(const double *const *sets, int32_t n) {                                         \
    return pln_family_size(sets, n, WIDTH, 0, (int64_t)sizeof(STATE));                                       \
  }                                                                                                          \
  static void family_init(void *state, const double *const *sets, int32_t n) {                               \
    pln_family_init(state, sets, n, 0, (int64_t)sizeof(STATE));                                              \
    for (int32_t i = 0; i < n; i++) init(pln_family_member(state, i), sets[i]);                              \
  }                                                                                                          \
  PLN_INLINE void family_emit(const void *member, const double *const *in, const double *const *aggregate,   \
                              double *const *out, int64_t n) {                                               \
    const STATE *s = member;                                                                                 \
    PLN_IVDEP                                                                                                \
    for (int64_t j = 0; j < n; j++) {                                                                        \
      double x[N_IN], y[WIDTH], z[(N_OUT) + 1];                                                              \
      for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][j];                                                  \
      for (int32_t c = 0; c < (WIDTH); c++) y[c] = aggregate[c][j];                                          \
      FINISH(s, x, y, z);                                                                                    \
      for (int32_t k = 0; k < (N_OUT); k++) out[k][j] = z[k];                                                \
    }                                                                                                        \
  }                                                                                                          \
  static void family_step(void *state, const double *in, double *out) {                                      \
    double leaf[WIDTH];                                                                                      \
    LEAF(in, leaf);                                                                                          \
    pln_family_row(state, WIDTH, 0, MERGE, family_emit, N_IN, N_OUT, leaf, in, out);                         \
  }                                                                                                          \
  PLN_INLINE void family_rows(void *state, const double *const *in, double *const *out, int64_t n) {         \
    _Alignas(64) double leaf[WIDTH][PLN_FAMILY_BLOCK];                                                       \
    const double *leaves[WIDTH];                                                                             \
    for (int32_t c = 0; c < (WIDTH); c++) leaves[c] = leaf[c];                                               \
    for (int64_t i = 0; i < n; i += PLN_FAMILY_BLOCK) {                                                      \
      const int64_t m = n - i < PLN_FAMILY_BLOCK ? n - i : PLN_FAMILY_BLOCK;                                 \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 0; j < m; j++) {                                                                      \
        double x[N_IN], y[WIDTH];                                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        LEAF(x, y);                                                                                          \
        for (int32_t c = 0; c < (WIDTH); c++) leaf[c][j] = y[c];                                             \
      }                                                                                                      \
      pln_family_rows(state, WIDTH, 0, MERGE, family_emit, N_IN, N_OUT, leaves, in, out, i, m);              \
    }                                                                                                        \
  }                                                                                                          \
  PLN_FAMILY_OF(family_step, family_rows)
