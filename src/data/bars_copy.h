#pragma once
/* Copies of bars for those who change a part of them. Internal to the data stage. */
#include "data/bars_build.h"

/* Fills `build` with all that `bars` hold; strings are borrowed from `bars` until pln_bars_build_finish. 0,
 * or a status after which there is nothing to discard. */
int32_t pln_bars_copy_begin(const pln_bars *bars, pln_bars_build *build);
