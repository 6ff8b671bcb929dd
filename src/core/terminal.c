#include "abi/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int names_utf8(void) {
  static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    const char *value = getenv(variables[i]);
    if (value && *value) return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
  }
  return 0;
}

void pln_terminal_describe(int32_t fd, pln_terminal *out) {
  memset(out, 0, sizeof *out);
  out->utf8 = names_utf8();
  if (!isatty(fd)) return;
  out->is_terminal = 1;
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
    out->columns = size.ws_col;
    out->rows = size.ws_row;
  }
  if (out->columns <= 0) out->columns = 80;
  if (out->rows <= 0) out->rows = 24;
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  out->color = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}
