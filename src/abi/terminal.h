#pragma once
#include "abi/types.h"
/* What the terminal behind a file descriptor (1 = standard output, 2 = standard error) can show. */

typedef struct pln_terminal {
  int32_t is_terminal; /* 0: a file or pipe; columns and rows are then 0 */
  int32_t columns;
  int32_t rows;
  int32_t utf8;        /* 1 when LC_ALL, LC_CTYPE or LANG (the first that is set) names UTF-8 */
  int32_t color;       /* 1 on a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb" */
} pln_terminal;

void pln_terminal_describe(int32_t fd, pln_terminal *out);
