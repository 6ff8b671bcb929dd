#pragma once
#include "abi/selection.h"

#include "core/error.h"

#include <math.h>
#include <stdint.h>

/* Row b of n_blocks spans of nearly equal length begins here; the first n % n_blocks ones are longer by one.
 */
static inline int64_t pln_block_start(int64_t n, int32_t n_blocks, int32_t b) {
  const int64_t length = n / n_blocks, longer = n % n_blocks;
  return b * length + (b < longer ? b : longer);
}

/* 0, or a status where a return is infinite or beyond 1e100. `number` is the combo's, from 0, for the
 * message. */
int32_t pln_selection_check(const double *returns, int64_t n, int64_t number);
