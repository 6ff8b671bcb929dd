/* CSV exports. */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 16, LONGEST_FIELD = 64, DAY_TEXT = 11 /* "2024-03-08T" */ };
static const int64_t SECOND_NS = 1000000000;

struct pln_csv {
  char *path;
  char *target;    /* the path, links followed */
  char *temporary; /* NULL when writing to a stream or device */
  int file;
  int32_t kind;
  int32_t status; /* first failure, repeated by every later call */
  int64_t day_ns; /* start of the day whose text is in `day` */
  char day[DAY_TEXT];
  size_t used;
  char buffer[BUFFER_SIZE];
};

static int32_t fail_io(pln_csv *csv, const char *doing) {
  csv->status = pln_fail_at(PLN_ERR_IO, csv->path, 0, 0, "%s: %s", doing, strerror(errno));
  return csv->status;
}

static void write_out(pln_csv *csv) {
  size_t done = 0;
  while (csv->status == 0 && done < csv->used) {
    const ssize_t n = write(csv->file, csv->buffer + done, csv->used - done);
    if (n >= 0)
      done += (size_t)n;
    else if (errno != EINTR)
      fail_io(csv, "writing the export");
  }
  csv->used = 0;
}

static void reserve(pln_csv *csv, size_t bytes) {
  if (csv->used + bytes > BUFFER_SIZE) write_out(csv);
}

static void put_bytes(pln_csv *csv, const char *bytes, size_t n) {
  while (n > 0) {
    const size_t part = n < BUFFER_SIZE ? n : BUFFER_SIZE;
    reserve(csv, part);
    memcpy(csv->buffer + csv->used, bytes, part);
    csv->used += part;
    bytes += part;
    n -= part;
  }
}

static void put_char(pln_csv *csv, char c) {
  reserve(csv, 1);
  csv->buffer[csv->used++] = c;
}

/* A field of text, quoted where RFC 4180 asks for it. */
static void put_text(pln_csv *csv, const char *text) {
  if (!text[strcspn(text, ",\"\r\n")]) {
    put_bytes(csv, text, strlen(text));
    return;
  }
  put_char(csv, '"');
  for (; *text; text++) {
    if (*text == '"') put_char(csv, '"');
    put_char(csv, *text);
  }
  put_char(csv, '"');
}

static void put_number(pln_csv *csv, double value) {
  if (!isfinite(value)) return;
  reserve(csv, LONGEST_FIELD);
  csv->used += (size_t)pln_format_17(value, csv->buffer + csv->used);
}

static void put_integer(pln_csv *csv, int64_t value) {
  char digits[24];
  int n = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[n++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) digits[n++] = '-';
  reserve(csv, sizeof digits);
  while (n > 0) csv->buffer[csv->used++] = digits[--n];
}

static void put_two_digits(pln_csv *csv, int64_t value) {
  csv->buffer[csv->used++] = (char)('0' + value / 10);
  csv->buffer[csv->used++] = (char)('0' + value % 10);
}

/* Neighbouring rows mostly share their day, whose text is kept: ten million times in well under a second. */
static void put_time(pln_csv *csv, int64_t ts_ns) {
  char text[40];
  reserve(csv, LONGEST_FIELD);
  const int64_t seconds = (ts_ns - csv->day_ns) / SECOND_NS;
  if (ts_ns < csv->day_ns || seconds >= 86400 || ts_ns % SECOND_NS != 0) {
    pln_time_format_iso(ts_ns, text);
    memcpy(csv->day, text, DAY_TEXT);
    const int64_t since = ts_ns % (86400 * SECOND_NS);
    csv->day_ns = ts_ns - (since < 0 ? since + 86400 * SECOND_NS : since);
    const size_t length = strlen(text);
    memcpy(csv->buffer + csv->used, text, length);
    csv->used += length;
    return;
  }
  memcpy(csv->buffer + csv->used, csv->day, DAY_TEXT);
  csv->used += DAY_TEXT;
  put_two_digits(csv, seconds / 3600);
  csv->buffer[csv->used++] = ':';
  put_two_digits(csv, seconds / 60 % 60);
  csv->buffer[csv->used++] = ':';
  put_two_digits(csv, seconds % 60);
  csv->buffer[csv->used++] = 'Z';
}

static void put_symbol(pln_csv *csv, int32_t instrument, const char *const *symbols, int32_t n_symbols) {
  if (instrument >= 0 && instrument < n_symbols)
    put_text(csv, symbols[instrument]);
  else
    put_integer(csv, instrument);
}

#define TRADE_COLUMNS                                                                                        \
  "combo,trade,symbol,side,entry_time,entry_price,exit_time,exit_price,quantity,pnl,return_pct,fees,"        \
  "entry_bar,exit_bar,exit_reason"

static const char *header_of(int32_t kind) {
  switch (kind) {
  case PLN_CSV_TRADES:
    return TRADE_COLUMNS "\n";
  case PLN_CSV_TRADES_IN_CURRENCY:
    return TRADE_COLUMNS ",income,entry_rate,exit_rate\n";
  case PLN_CSV_EQUITY:
    return "combo,time,equity,cash,drawdown_pct\n";
  case PLN_CSV_ORDERS:
    return "combo,order,symbol,side,type,tif,created_time,updated_time,status,quantity,filled,limit_price,"
           "stop_price,average_fill_price,fees,refusal,reason,tag,parent,replaces\n";
  case PLN_CSV_DECISIONS:
    return "combo,time,order,symbol,rule,kind,scope,action,refusal,asked,allowed,value,limit\n";
  default:
    return NULL;
  }
}

/* Whether the path names a stream or device rather than a file of its own: by where it leads, and by its
 * name, since /dev/stdout may lead to the file that the shell redirects into, which must not be replaced. */
static bool is_stream(const char *path) {
  struct stat info;
  if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0) return true;
  return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static int32_t open_output(pln_csv *csv) {
  if (strcmp(csv->path, "-") == 0 || strcmp(csv->path, "/dev/stdout") == 0) {
    csv->file = dup(STDOUT_FILENO);
    return csv->file < 0 ? fail_io(csv, "opening standard output") : 0;
  }
  if (is_stream(csv->path)) {
    csv->file = open(csv->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return csv->file < 0 ? fail_io(csv, "opening the export") : 0;
  }
  struct stat info;
  if (stat(csv->path, &info) == 0) { /* a link stays one: what it leads to is replaced */
    char *target = realpath(csv->path, NULL);
    if (!target) return fail_io(csv, "opening the export");
    free(csv->target);
    csv->target = target;
    if (S_ISDIR(info.st_mode)) {
      errno = EISDIR;
      return fail_io(csv, "opening the export");
    }
  }
  const size_t room = strlen(csv->target) + 32;
  char *temporary = malloc(room);
  if (!temporary) return csv->status = pln_fail(PLN_ERR_MEMORY, "no memory for an export");
  snprintf(temporary, room, "%s.tmp-%ld", csv->target, (long)getpid());
  csv->file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (csv->file < 0) {
    free(temporary);
    return fail_io(csv, "opening the export (its folder must exist and be writable)");
  }
  csv->temporary = temporary;
  return 0;
}

pln_csv *pln_csv_new(const char *path, int32_t kind) {
  const char *header = header_of(kind);
  if (!header || !path || !*path) {
    pln_fail(PLN_ERR_ARGUMENT, "an export needs a path and a kind");
    return NULL;
  }
  pln_csv *csv = malloc(sizeof *csv);
  if (csv) {
    csv->path = strdup(path);
    csv->target = strdup(path);
    csv->temporary = NULL;
    csv->file = -1;
    csv->kind = kind;
    csv->status = 0;
    csv->used = 0;
    csv->day_ns = 0;
    memcpy(csv->day, "1970-01-01T", DAY_TEXT);
  }
  if (!csv || !csv->path || !csv->target) {
    if (csv) {
      free(csv->path);
      free(csv->target);
    }
    free(csv);
    pln_fail(PLN_ERR_MEMORY, "no memory for an export");
    return NULL;
  }
  if (open_output(csv) < 0) {
    pln_csv_free(csv);
    return NULL;
  }
  put_bytes(csv, header, strlen(header));
  return csv;
}

static int32_t check(pln_csv *csv, int32_t kind) {
  if (csv->kind != kind) return pln_fail(PLN_ERR_ARGUMENT, "rows of another kind than the export's");
  if (csv->file < 0) return pln_fail(PLN_ERR_STATE, "the export is closed");
  return csv->status ? pln_fail_at(csv->status, csv->path, 0, 0, "the export failed before") : 0;
}

int32_t pln_csv_add_trades(pln_csv *csv, const char *combo, const pln_trade *trades, int64_t n,
                           const char *const *symbols, int32_t n_symbols) {
  const bool in_currency = csv->kind == PLN_CSV_TRADES_IN_CURRENCY;
  const int32_t status = check(csv, in_currency ? PLN_CSV_TRADES_IN_CURRENCY : PLN_CSV_TRADES);
  if (status < 0) return status;
  for (int64_t i = 0; i < n && csv->status == 0; i++) {
    const pln_trade *t = &trades[i];
    put_text(csv, combo);
    put_char(csv, ',');
    put_integer(csv, t->id);
    put_char(csv, ',');
    put_symbol(csv, t->instrument, symbols, n_symbols);
    put_char(csv, ',');
    put_text(csv, t->side > 0 ? "long" : "short");
    put_char(csv, ',');
    put_time(csv, t->entry_ts_ns);
    put_char(csv, ',');
    put_number(csv, t->entry_price);
    put_char(csv, ',');
    put_time(csv, t->exit_ts_ns);
    put_char(csv, ',');
    put_number(csv, t->exit_price);
    put_char(csv, ',');
    put_number(csv, t->quantity);
    put_char(csv, ',');
    put_number(csv, t->pnl);
    put_char(csv, ',');
    put_number(csv, t->return_pct);
    put_char(csv, ',');
    put_number(csv, t->fees);
    put_char(csv, ',');
    put_integer(csv, t->entry_bar);
    put_char(csv, ',');
    put_integer(csv, t->exit_bar);
    put_char(csv, ',');
    put_text(csv, t->is_open ? "open" : pln_exit_reason_name(t->exit_reason));
    if (in_currency) {
      put_char(csv, ',');
      put_number(csv, t->income);
      put_char(csv, ',');
      put_number(csv, t->entry_rate);
      put_char(csv, ',');
      put_number(csv, t->exit_rate);
    }
    put_char(csv, '\n');
  }
  return csv->status;
}

int32_t pln_csv_add_orders(pln_csv *csv, const char *combo, const pln_order *orders, int64_t n,
                           const char *const *symbols, int32_t n_symbols) {
  const int32_t status = check(csv, PLN_CSV_ORDERS);
  if (status < 0) return status;
  for (int64_t i = 0; i < n && csv->status == 0; i++) {
    const pln_order *o = &orders[i];
    put_text(csv, combo);
    put_char(csv, ',');
    put_integer(csv, o->id);
    put_char(csv, ',');
    put_symbol(csv, o->instrument, symbols, n_symbols);
    put_char(csv, ',');
    put_text(csv, o->side > 0 ? "buy" : "sell");
    put_char(csv, ',');
    put_text(csv, pln_order_type_name(o->type));
    put_char(csv, ',');
    put_text(csv, pln_order_tif_name(o->tif));
    put_char(csv, ',');
    put_time(csv, o->created_ns);
    put_char(csv, ',');
    put_time(csv, o->updated_ns);
    put_char(csv, ',');
    put_text(csv, pln_order_status_name(o->status));
    put_char(csv, ',');
    put_number(csv, o->quantity);
    put_char(csv, ',');
    put_number(csv, o->filled);
    put_char(csv, ',');
    if (pln_order_has_limit(o->type)) put_number(csv, o->limit_price);
    put_char(csv, ',');
    if (pln_order_has_stop(o->type)) put_number(csv, o->stop_price);
    put_char(csv, ',');
    if (o->filled > 0) put_number(csv, o->average_fill_price);
    put_char(csv, ',');
    put_number(csv, o->fees);
    put_char(csv, ',');
    if (o->refusal != PLN_REFUSAL_NONE) put_text(csv, pln_refusal_name(o->refusal));
    put_char(csv, ',');
    put_text(csv, pln_exit_reason_name(o->reason));
    put_char(csv, ',');
    put_integer(csv, o->tag);
    put_char(csv, ',');
    if (o->parent > 0) put_integer(csv, o->parent);
    put_char(csv, ',');
    if (o->replaces > 0) put_integer(csv, o->replaces);
    put_char(csv, '\n');
  }
  return csv->status;
}

int32_t pln_csv_add_decisions(pln_csv *csv, const char *combo, const pln_decision *decisions, int64_t n,
                              const char *const *symbols, int32_t n_symbols) {
  const int32_t status = check(csv, PLN_CSV_DECISIONS);
  if (status < 0) return status;
  for (int64_t i = 0; i < n && csv->status == 0; i++) {
    const pln_decision *d = &decisions[i];
    put_text(csv, combo);
    put_char(csv, ',');
    put_time(csv, d->ts_ns);
    put_char(csv, ',');
    if (d->order > 0) put_integer(csv, d->order);
    put_char(csv, ',');
    if (d->instrument >= 0) put_symbol(csv, d->instrument, symbols, n_symbols);
    put_char(csv, ',');
    put_integer(csv, d->rule);
    put_char(csv, ',');
    put_text(csv, pln_decision_kind_name(d->kind));
    put_char(csv, ',');
    put_text(csv, d->scope ? "all" : "portfolio");
    put_char(csv, ',');
    put_text(csv, pln_decision_action_name(d->action));
    put_char(csv, ',');
    if (d->refusal != PLN_REFUSAL_NONE) put_text(csv, pln_refusal_name(d->refusal));
    put_char(csv, ',');
    if (d->order > 0) put_number(csv, d->asked);
    put_char(csv, ',');
    if (d->order > 0) put_number(csv, d->allowed);
    put_char(csv, ',');
    put_number(csv, d->value);
    put_char(csv, ',');
    put_number(csv, d->limit);
    put_char(csv, '\n');
  }
  return csv->status;
}

int32_t pln_csv_add_equity(pln_csv *csv, const char *combo, const pln_equity_rows *rows, double *peak) {
  const int32_t status = check(csv, PLN_CSV_EQUITY);
  if (status < 0) return status;
  double highest = *peak;
  for (int64_t i = 0; i < rows->n_rows && csv->status == 0; i++) {
    const double equity = rows->equity[i];
    if (equity > highest) highest = equity;
    put_text(csv, combo);
    put_char(csv, ',');
    put_time(csv, rows->ts_ns[i]);
    put_char(csv, ',');
    put_number(csv, equity);
    put_char(csv, ',');
    put_number(csv, rows->cash[i]);
    put_char(csv, ',');
    put_number(csv, pln_drawdown_pct(equity, highest));
    put_char(csv, '\n');
  }
  *peak = highest;
  return csv->status;
}

int32_t pln_csv_close(pln_csv *csv) {
  if (csv->file < 0) return csv->status;
  write_out(csv);
  if (close(csv->file) != 0 && csv->status == 0) fail_io(csv, "closing the export");
  csv->file = -1;
  if (csv->temporary) {
    if (csv->status == 0 && rename(csv->temporary, csv->target) != 0) fail_io(csv, "naming the export");
    if (csv->status != 0) unlink(csv->temporary);
    free(csv->temporary);
    csv->temporary = NULL;
  }
  return csv->status;
}

void pln_csv_free(pln_csv *csv) {
  if (!csv) return;
  if (csv->file >= 0) close(csv->file);
  if (csv->temporary) unlink(csv->temporary);
  free(csv->temporary);
  free(csv->target);
  free(csv->path);
  free(csv);
}
