#pragma once
#include "abi/types.h"
/* Feature sets as matrices, for models: the last n_rows rows of n_features features, each feature normalised over these
 * rows, made anew for each row without a running sum, so that it does not depend on how rows are grouped and does not
 * rot.
 *
 * Life: new, (bind, to…)… or push…, free. One matrix belongs to one thread. */

typedef enum pln_matrix_missing {
  PLN_MATRIX_WAIT = 0,       /* ready while the window has no missing value */
  PLN_MATRIX_CARRY = 1,      /* a missing value is the feature's last one; ready as above (missing before its first) */
  PLN_MATRIX_ZERO = 2        /* a missing value takes no part in mean and deviation and is 0, the mean, in the matrix;
                                ready once there were n_rows rows */
} pln_matrix_missing;

typedef enum pln_matrix_scale {
  PLN_MATRIX_RAW = 0,        /* values as they are, not clipped */
  PLN_MATRIX_POPULATION = 1, /* (x - mean) / deviation over the window, the deviation with 1 / n */
  PLN_MATRIX_SAMPLE = 2      /* the same with 1 / (n - 1) */
} pln_matrix_scale;

typedef struct pln_matrix_options {
  int32_t n_features;        /* 1 … 4096 */
  int32_t n_rows;            /* 1 … 65536; at least 2 for SAMPLE */
  int32_t missing;           /* pln_matrix_missing */
  int32_t scale;             /* pln_matrix_scale */
  double clip;               /* scaled values are cut to -clip … clip; 0: not at all */
} pln_matrix_options;

/* What is to be read. A feature that does not change within the window is 0 throughout. */
typedef struct pln_matrix {
  const double *values;      /* values[row * n_features + feature], without gaps; row 0 is the oldest, n_rows - 1 the
                                newest. The address is the same for the matrix's life; the contents are those of the
                                last refresh */
  const uint8_t *mask;       /* in the same order: 1 where there is a value (a carried one counts), 0 where it is missing
                                (0 in `values`) */
  int32_t n_features;
  int32_t n_rows;
  int32_t ready;             /* see pln_matrix_missing; of the last row */
  int32_t fresh;             /* 1: values and mask are those of the last row */
  int64_t seen;              /* rows pushed */
  int64_t n_missing;         /* values that are missing in the window, rows that are not there yet included */
} pln_matrix;

pln_matrix *pln_matrix_new(const pln_matrix_options *options); /* NULL on error */
void pln_matrix_free(pln_matrix *matrix);

/* One row of n_features values; NaN is missing, and so is infinity. Costs a copy: `values` is made by refresh. */
void pln_matrix_push(pln_matrix *matrix, const double *row);
/* Makes `values` and `mask` of the last rows, if that was not done. Returns `ready`. */
int32_t pln_matrix_refresh(pln_matrix *matrix);

/* Columns to push from: columns[feature][row], for rows from `next` on; borrowed until the next bind. */
void pln_matrix_bind(pln_matrix *matrix, const double *const *columns, int64_t next);
/* Pushes the rows up to and including `row` that were not pushed yet. Returns `ready`. */
int32_t pln_matrix_to(pln_matrix *matrix, int64_t row);
/* The first row before `last` of the bound columns, at or after the next one, at which the matrix will be ready; `last`
 * if there is none. Pushes nothing. */
int64_t pln_matrix_first_ready(const pln_matrix *matrix, int64_t last);

/* The rows that it holds as bytes, to go on elsewhere with the same options. */
int64_t pln_matrix_snapshot_size(const pln_matrix *matrix);
void pln_matrix_save(const pln_matrix *matrix, void *out);
int32_t pln_matrix_load(pln_matrix *matrix, const void *data, int64_t size);
