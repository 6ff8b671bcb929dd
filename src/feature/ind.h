#pragma once
#include "abi/feature.h"
#include <math.h>
#include <stddef.h>

/* How an indicator is made: one file ind_<name>.c with
 *
 *   - a STATE struct: plain memory without pointers, filled by init; memory whose size depends on the
 * parameters (rings) follows it directly, as doubles;
 *   - one kernel, `static inline void step(STATE *state, double *memory, const double *in, double *out)`,
 * which takes one row of inputs and gives one row of outputs;
 *   - PLN_IND_STEP and PLN_IND_BATCH, which make the streaming form and the batch loop from it (peek, the
 * value of a row that is not final, is a step on a copy of the state);
 *   - `const pln_ind_desc pln_ind_<name>`, and test data in tests/vectors/ind_<name>.csv.
 *
 * The build finds the file by its name. A kernel never sees NaN: rows with a NaN input are not given to it
 * and have NaN outputs. What it gives in the first `lookback` rows is replaced by NaN; after them its outputs
 * are finite for finite input, whatever the prices do. A batch form may be written by hand where it gives the
 * same bits.
 *
 * With info.has_valid the step writes out[n_outputs] too: 1 where the outputs are defined, 0 where they are
 * the neutral value that the formula names (a ratio over zero). Batch forms do not: NAME(…).valid is computed
 * with the step, for those who ask for it.
 *
 * Inputs may be, beside the columns of the bars: `time` (seconds since 1970 of the bar's open, UTC),
 * `local_time` (the same in the data's time zone: seconds since the local 1970-01-01 00:00), `close_time`
 * (local time at which the bar becomes visible), and `session` (number of the local calendar day of the open;
 * it changes where a new one begins).
 *
 * A variadic indicator gets the number of its inputs as params[n_params]. */
enum {
  PLN_IND_MAX_INPUTS = 8,
  PLN_IND_MAX_OUTPUTS = 16,
  PLN_IND_MAX_PARAMS = 12,
  PLN_IND_MAX_PERIOD = 100000
};

/* Calls of one indicator over the same inputs, with different parameters, computed together. Optional; the
 * values are the same bits as those of each call alone. `params` has one pointer per member; outputs are
 * those of the first member, then those of the second, … The state is plain memory, zeroed before init. */
typedef struct pln_ind_family {
  int64_t (*size)(const double *const *params, int32_t n);
  void (*init)(void *state, const double *const *params, int32_t n);
  void (*step)(void *state, const double *in, double *out);
  void (*batch)(void *state, const double *const *in, double *const *out, int64_t rows);
} pln_ind_family;

typedef struct pln_ind_desc {
  pln_indicator_info info;
  int32_t n_inputs;                                /* variadic: the least number */
  int32_t n_outputs;                               /* without `valid` */
  int32_t is_stateless;                            /* 1: a row's outputs depend on that row alone */
  int64_t (*lookback)(const double *params);       /* index of the first row with a value; NULL: 0 */
  int64_t (*size)(const double *params);           /* bytes of state; NULL: none */
  void (*init)(void *state, const double *params); /* `state` is zeroed memory of that size */
  void (*step)(void *state, const double *in, double *out);
  void (*batch)(void *state, const double *const *in, double *const *out,
                int64_t n);               /* the same as n steps */
  const pln_ind_family *family;           /* NULL: none */
  int32_t (*joins)(const double *params); /* whether a call may be of a family; NULL: any may */
} pln_ind_desc;

/* Parameters of a descriptor: a number, a whole number, one of some words (value: its index, 0 … LAST). */
#define PLN_PARAM(NAME, HELP, DEFAULT, MIN, MAX)                                                             \
  { NAME, HELP, DEFAULT, MIN, MAX, NULL, 0, 0 }
#define PLN_PARAM_INT(NAME, HELP, DEFAULT, MIN, MAX)                                                         \
  { NAME, HELP, DEFAULT, MIN, MAX, NULL, 1, 0 }
#define PLN_PARAM_WORD(NAME, HELP, DEFAULT, LAST, WORDS)                                                     \
  { NAME, HELP, DEFAULT, 0, LAST, WORDS, 1, 0 }

extern const pln_ind_desc *const pln_ind_list[]; /* generated from the files */
extern const int32_t pln_ind_count;

#define PLN_INLINE static inline __attribute__((always_inline))

/* The bytes of a state with so many doubles behind it. */
#define PLN_IND_SIZE(STATE, DOUBLES) ((int64_t)sizeof(STATE) + (int64_t)(DOUBLES) * (int64_t)sizeof(double))

/* Streaming form: STEP_row. */
#define PLN_IND_STEP(STATE, STEP)                                                                            \
  static void STEP##_row(void *state, const double *in, double *out) {                                       \
    STEP((STATE *)state, (double *)((STATE *)state + 1), in, out);                                           \
  }

/* Batch form: STEP_rows, the kernel inlined in a loop with the struct in registers. */
#define PLN_IND_BATCH(STATE, N_IN, N_OUT, STEP)                                                              \
  static void STEP##_rows(void *state, const double *const *in, double *const *out, int64_t n) {             \
    STATE s = *(const STATE *)state;                                                                         \
    double *memory = (double *)((STATE *)state + 1);                                                         \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      double x[PLN_IND_MAX_INPUTS] = {0}, y[PLN_IND_MAX_OUTPUTS + 1];                                        \
      for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i];                                                  \
      STEP(&s, memory, x, y);                                                                                \
      for (int32_t k = 0; k < (N_OUT); k++) out[k][i] = y[k];                                                \
    }                                                                                                        \
    *(STATE *)state = s;                                                                                     \
  }

/* The same batch form compiled for the baseline processor and for those with wider vectors, chosen at run
 * time. Lanes are rows: no arithmetic is reordered, all give the same bits. BODY(state, in, out, n) is an
 * inline function. */
#define PLN_IND_VARIANT(NAME, TARGET, BODY)                                                                  \
  TARGET static void NAME(void *state, const double *const *in, double *const *out, int64_t n) {             \
    BODY(state, in, out, n);                                                                                 \
  }
#if defined(__x86_64__)
#if defined(__clang__)
#define PLN_IND_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl")))
#else
#define PLN_IND_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#define PLN_IND_SIMD(NAME, BODY)                                                                             \
  PLN_IND_VARIANT(NAME##_baseline, , BODY)                                                                   \
  PLN_IND_VARIANT(NAME##_avx2, __attribute__((target("avx2"))), BODY)                                        \
  PLN_IND_VARIANT(NAME##_avx512, PLN_IND_AVX512, BODY)                                                       \
  static void NAME(void *state, const double *const *in, double *const *out, int64_t n) {                    \
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))                            \
      NAME##_avx512(state, in, out, n);                                                                      \
    else if (__builtin_cpu_supports("avx2"))                                                                 \
      NAME##_avx2(state, in, out, n);                                                                        \
    else                                                                                                     \
      NAME##_baseline(state, in, out, n);                                                                    \
  }
#else
#define PLN_IND_SIMD(NAME, BODY) PLN_IND_VARIANT(NAME, , BODY)
#endif

/* "No row of this loop depends on another": spares the alias checks. */
#if defined(__clang__)
#define PLN_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define PLN_IVDEP _Pragma("GCC ivdep")
#endif
