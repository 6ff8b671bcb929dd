/* Results and their rows. */
#include "abi/stats.h"
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EQUITY_COLUMNS = 4, MAX_RECORDS = 1024 };

static void bind_text(sqlite3_stmt *statement, int index, const char *text) {
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* SQLite turns NaN into NULL by itself; infinities are ours to turn. */
static void bind_number(sqlite3_stmt *statement, int index, double value) {
  if (isfinite(value))
    sqlite3_bind_double(statement, index, value);
  else
    sqlite3_bind_null(statement, index);
}

/* 16 bytes of 32 hexadecimal digits; false for anything else. */
static bool read_hash(const char *text, uint8_t *out) {
  for (int i = 0; i < 32; i++) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
  }
  return text[32] == 0;
}

static int32_t insert_names(pln_store_result *result, const pln_result_info *info) {
  static const char doing[] = "adding a result";
  pln_store *store = result->store;
  uint8_t hash[16];
  if (info->hash && !read_hash(info->hash, hash))
    return pln_fail(PLN_ERR_ARGUMENT, "the hash of combo %s: found '%s', expected 32 hexadecimal digits",
                    info->combo, info->hash);
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_COMBO);
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, info->phase);
  sqlite3_bind_int(statement, 2, info->number);
  bind_text(statement, 3, info->combo);
  bind_text(statement, 4, info->params ? info->params : "{}");
  if (info->hash)
    sqlite3_bind_blob(statement, 5, hash, sizeof hash, SQLITE_STATIC);
  else
    sqlite3_bind_null(statement, 5);
  int32_t status = pln_store_run(store, statement, doing);
  if (status < 0) return status;
  if (info->hash && !store->staged) {
    statement = pln_store_statement(store, PLN_STATEMENT_TRIAL);
    if (!statement) return pln_error_last()->code;
    sqlite3_bind_blob(statement, 1, hash, sizeof hash, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, info->phase);
    status = pln_store_run(store, statement, doing);
    if (status < 0) return status;
  }
  statement = pln_store_statement(store, PLN_STATEMENT_RESULT);
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, info->phase);
  sqlite3_bind_int(statement, 2, info->number);
  sqlite3_bind_int(statement, 3, info->window);
  bind_text(statement, 4, info->portfolio);
  status = pln_store_run(store, statement, doing);
  if (status < 0) return status;
  result->id = sqlite3_last_insert_rowid(store->db);
  return 0;
}

static int32_t keep_symbols(pln_store_result *result, const pln_result_info *info) {
  size_t size = 0;
  for (int32_t i = 0; i < info->n_symbols; i++) size += strlen(info->symbols[i]) + 1;
  if (size == 0) return 0;
  char *to = result->symbols = malloc(size);
  if (!to) return pln_fail(PLN_ERR_MEMORY, "no memory for a result");
  for (int32_t i = 0; i < info->n_symbols; i++) {
    const size_t length = strlen(info->symbols[i]) + 1;
    memcpy(to, info->symbols[i], length);
    to += length;
  }
  result->n_symbols = info->n_symbols;
  return 0;
}

int32_t pln_result_symbols(pln_store_result *result) {
  if (!result->symbols) return 0;
  int32_t status = 0;
  const char *symbol = result->symbols;
  for (int32_t i = 0; status == 0 && i < result->n_symbols; i++, symbol += strlen(symbol) + 1) {
    sqlite3_stmt *statement = pln_store_statement(result->store, PLN_STATEMENT_INSTRUMENT);
    if (!statement) return pln_error_last()->code;
    sqlite3_bind_int64(statement, 1, result->id);
    sqlite3_bind_int(statement, 2, i);
    bind_text(statement, 3, symbol);
    status = pln_store_run(result->store, statement, "adding a result");
  }
  free(result->symbols);
  result->symbols = NULL;
  return status;
}

pln_store_result *pln_store_add_result(pln_store *store, const pln_result_info *info) {
  if (!info->combo || !info->portfolio || info->phase < 1 || info->window < 1 || info->number < 1) {
    pln_fail(PLN_ERR_ARGUMENT,
             "a result needs a phase, a window, and the names and number of its combo and portfolio");
    return NULL;
  }
  if (pln_store_write(store) < 0) return NULL;
  pln_store_result *result = calloc(1, sizeof *result);
  if (!result) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a result");
    return NULL;
  }
  result->store = store;
  result->run = info->run;
  result->phase = info->phase;
  result->equity.n_columns = EQUITY_COLUMNS;
  if (insert_names(result, info) < 0 || keep_symbols(result, info) < 0) {
    free(result);
    return NULL;
  }
  result->next = store->results;
  if (store->results) store->results->previous = result;
  store->results = result;
  /* No commit here: the result and its first rows become visible together. */
  store->pending_rows += 2;
  return result;
}

static int32_t flush_chunk(pln_store_result *result, pln_series *series, const char *record) {
  if (series->n_rows == 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  sqlite3_stmt *statement = pln_store_statement(store, record ? PLN_STATEMENT_RECORD : PLN_STATEMENT_EQUITY);
  if (!statement) return pln_error_last()->code;
  void *blob;
  int32_t size;
  status = pln_series_encode(store, series, &blob, &size);
  if (status < 0) return status;
  int i = 1;
  sqlite3_bind_int64(statement, i++, result->id);
  if (record) bind_text(statement, i++, record);
  sqlite3_bind_int(statement, i++, series->chunk);
  sqlite3_bind_int64(statement, i++, (int64_t)series->columns[0][0]);
  sqlite3_bind_int64(statement, i++, (int64_t)series->columns[0][series->n_rows - 1]);
  sqlite3_bind_int(statement, i++, series->n_rows);
  if (!record) sqlite3_bind_double(statement, i++, result->peak);
  sqlite3_bind_blob(statement, i, blob, size, free);
  status = pln_store_run(store, statement, record ? "writing a record" : "writing an equity curve");
  sqlite3_bind_null(statement, i); /* lets go of the blob */
  if (status < 0) return status;
  if (!record)
    for (int32_t row = 0; row < series->n_rows; row++) {
      const double equity = pln_double_of(series->columns[1][row]);
      if (equity > result->peak) result->peak = equity;
    }
  series->n_rows = 0;
  series->chunk++;
  return pln_store_wrote(store, 20); /* a chunk weighs as much as some twenty rows */
}

static int32_t write_figures(pln_store_result *result) {
  if (!result->has_figures) return 0;
  pln_store *store = result->store;
  const int32_t status = pln_store_write(store);
  if (status < 0) return status;
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_FIGURES);
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, result->id);
  const int32_t n = result->store->n_headline;
  for (int32_t i = 0; i < n; i++) bind_number(statement, 2 + i, result->figures[i]);
  result->has_figures = false;
  store->pending_rows++;
  return pln_store_run(store, statement, "writing figures");
}

static int32_t flush_records(pln_store_result *result) {
  int32_t status = 0;
  for (int32_t i = 0; i < result->records.n; i++) {
    const int32_t flushed =
        flush_chunk(result, &result->records.list[i].series, result->records.list[i].name);
    if (status == 0) status = flushed;
  }
  for (int32_t i = 0; i < result->signals.n; i++) {
    const int32_t flushed = pln_signals_flush(result, &result->signals.list[i]);
    if (status == 0) status = flushed;
  }
  return status;
}

static int32_t mark_done(pln_store_result *result, const char *word) {
  pln_store *store = result->store;
  const int32_t status = pln_store_write(store);
  if (status < 0) return status;
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_DONE);
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, result->id);
  bind_text(statement, 2, word);
  return pln_store_run(store, statement, "completing a result");
}

static int32_t end_result(pln_store_result *result, bool done, const char *word) {
  /* What is written here and that it is done stand in one transaction: no commit until both are there. */
  pln_store *store = result->store;
  const bool hold = store->hold;
  int32_t status = pln_store_write(store);
  store->hold = true;
  const int32_t flushed = flush_chunk(result, &result->equity, NULL);
  if (status == 0) status = flushed;
  const int32_t recorded = flush_records(result);
  if (status == 0) status = recorded;
  if (status == 0) status = write_figures(result);
  if (status == 0 && done) status = mark_done(result, word);
  store->hold = hold;
  pln_series_free(&result->equity);
  pln_records_free(&result->records);
  pln_records_free(&result->signals);
  free(result->figures);
  free(result->symbols);
  if (result->previous)
    result->previous->next = result->next;
  else
    store->results = result->next;
  if (result->next) result->next->previous = result->previous;
  if (status == 0 && store->in_transaction) status = pln_store_wrote(store, 0);
  free(result);
  return status;
}

int32_t pln_store_result_close(pln_store_result *result, const char *status) {
  return end_result(result, true, status);
}

int32_t pln_store_result_free(pln_store_result *result) {
  return result ? end_result(result, false, NULL) : 0;
}

/* Id of a metric's name; the names of a run come in the same order for every result, so `guess` mostly hits.
 */
static int64_t metric_id(pln_store *store, const char *name, int32_t guess) {
  if (guess < store->n_metrics && strcmp(store->metrics[guess].name, name) == 0)
    return store->metrics[guess].id;
  for (int32_t i = 0; i < store->n_metrics; i++)
    if (strcmp(store->metrics[i].name, name) == 0) return store->metrics[i].id;
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_METRIC_NAME);
  if (!statement) return pln_error_last()->code;
  bind_text(statement, 1, name);
  const int32_t status = pln_store_run(store, statement, "naming a metric");
  if (status < 0) return status;
  statement = pln_store_statement(store, PLN_STATEMENT_METRIC_ID);
  if (!statement) return pln_error_last()->code;
  bind_text(statement, 1, name);
  const int step = sqlite3_step(statement);
  if (step != SQLITE_ROW) return pln_store_fail(store, step, "naming a metric");
  const int64_t id = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  pln_metric_id *grown = realloc(store->metrics, sizeof *grown * (size_t)(store->n_metrics + 1));
  if (grown) store->metrics = grown;
  char *copy = strdup(name);
  if (!grown || !copy) {
    free(copy);
    return pln_fail(PLN_ERR_MEMORY, "no memory for a metric's name");
  }
  store->metrics[store->n_metrics++] = (pln_metric_id){.name = copy, .id = id};
  return id;
}

static int32_t make_figures(pln_store_result *result) {
  result->has_figures = true;
  if (result->figures) return 0;
  const int32_t n = result->store->n_headline;
  result->figures = malloc(sizeof *result->figures * (size_t)n);
  if (!result->figures) return pln_fail(PLN_ERR_MEMORY, "no memory for figures");
  for (int32_t i = 0; i < n; i++) result->figures[i] = (double)NAN;
  return 0;
}

/* Index of a metric of the short table, -1 for others. */
static int32_t headline_index(const pln_store *store, const char *name, int32_t guess) {
  const int32_t n = store->n_headline;
  const pln_metric_info *likely = pln_metric_get(guess);
  if (likely && strcmp(likely->name, name) == 0) return guess < n ? guess : -1;
  for (int32_t i = 0; i < n; i++)
    if (strcmp(pln_metric_get(i)->name, name) == 0) return i;
  return -1;
}

int32_t pln_store_add_metrics(pln_store_result *result, const char *const *names, const double *values,
                              int32_t n) {
  pln_store *store = result->store;
  int32_t status = pln_store_write(store), others = 0;
  for (int32_t i = 0; status == 0 && i < n; i++) {
    const int32_t figure = headline_index(store, names[i], i);
    if (figure >= 0) {
      status = make_figures(result);
      if (status == 0) result->figures[figure] = values[i];
      continue;
    }
    const int64_t id = metric_id(store, names[i], others++);
    if (id < 0) return (int32_t)id;
    sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_METRIC);
    if (!statement) return pln_error_last()->code;
    sqlite3_bind_int64(statement, 1, result->id);
    sqlite3_bind_int64(statement, 2, id);
    bind_number(statement, 3, values[i]);
    status = pln_store_run(store, statement, "writing metrics");
  }
  return status < 0 ? status : pln_store_wrote(store, others);
}

int32_t pln_store_add_figures(pln_store_result *result, const double *values) {
  const int32_t status = make_figures(result);
  if (status == 0) memcpy(result->figures, values, sizeof *values * (size_t)result->store->n_headline);
  return status;
}

int32_t pln_store_add_trades(pln_store_result *result, const pln_trade *trades, int64_t n) {
  if (n <= 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  status = pln_result_symbols(result);
  if (status < 0) return status;
  sqlite3_stmt *s = pln_store_statement(store, PLN_STATEMENT_TRADE);
  if (!s) return pln_error_last()->code;
  for (int64_t i = 0; status == 0 && i < n; i++) {
    const pln_trade *t = &trades[i];
    sqlite3_bind_int64(s, 1, result->id);
    sqlite3_bind_int64(s, 2, ++result->n_trades);
    sqlite3_bind_int64(s, 3, t->id);
    sqlite3_bind_int(s, 4, t->instrument);
    sqlite3_bind_int(s, 5, t->side);
    sqlite3_bind_int64(s, 6, t->entry_ts_ns);
    bind_number(s, 7, t->entry_price);
    sqlite3_bind_int64(s, 8, t->exit_ts_ns);
    bind_number(s, 9, t->exit_price);
    bind_number(s, 10, t->quantity);
    bind_number(s, 11, t->pnl);
    bind_number(s, 12, t->return_pct);
    bind_number(s, 13, t->fees);
    bind_number(s, 14, t->mae);
    bind_number(s, 15, t->mfe);
    sqlite3_bind_int64(s, 16, t->entry_bar);
    sqlite3_bind_int64(s, 17, t->exit_bar);
    sqlite3_bind_int64(s, 18, t->entry_order);
    sqlite3_bind_int64(s, 19, t->exit_order);
    sqlite3_bind_int(s, 20, t->source);
    sqlite3_bind_int(s, 21, t->exit_reason);
    sqlite3_bind_int(s, 22, t->is_open);
    bind_number(s, 23, t->income);
    bind_number(s, 24, t->entry_rate);
    bind_number(s, 25, t->exit_rate);
    status = pln_store_run(store, s, "writing trades");
  }
  return status < 0 ? status : pln_store_wrote(store, n);
}

int32_t pln_store_add_orders(pln_store_result *result, const pln_order *orders, int64_t n) {
  if (n <= 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  status = pln_result_symbols(result);
  if (status < 0) return status;
  sqlite3_stmt *s = pln_store_statement(store, PLN_STATEMENT_ORDER);
  if (!s) return pln_error_last()->code;
  for (int64_t i = 0; status == 0 && i < n; i++) {
    const pln_order *o = &orders[i];
    const bool has_limit = pln_order_has_limit(o->type);
    const bool has_stop = pln_order_has_stop(o->type);
    sqlite3_bind_int64(s, 1, result->id);
    sqlite3_bind_int64(s, 2, ++result->n_orders);
    sqlite3_bind_int64(s, 3, o->id);
    sqlite3_bind_int(s, 4, o->instrument);
    sqlite3_bind_int(s, 5, o->side);
    sqlite3_bind_int(s, 6, o->type);
    sqlite3_bind_int(s, 7, o->tif);
    sqlite3_bind_int64(s, 8, o->created_ns);
    sqlite3_bind_int64(s, 9, o->updated_ns);
    sqlite3_bind_int(s, 10, o->status);
    bind_number(s, 11, o->quantity);
    bind_number(s, 12, o->filled);
    bind_number(s, 13, has_limit ? o->limit_price : (double)NAN);
    bind_number(s, 14, has_stop ? o->stop_price : (double)NAN);
    bind_number(s, 15, o->filled > 0 ? o->average_fill_price : (double)NAN);
    bind_number(s, 16, o->fees);
    sqlite3_bind_int(s, 17, o->refusal);
    sqlite3_bind_int(s, 18, o->reason);
    sqlite3_bind_int(s, 19, o->source);
    sqlite3_bind_int(s, 20, o->tag);
    status = pln_store_run(store, s, "writing orders");
  }
  return status < 0 ? status : pln_store_wrote(store, n);
}

int32_t pln_store_add_fills(pln_store_result *result, const pln_fill *fills, int64_t n) {
  if (n <= 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  status = pln_result_symbols(result);
  if (status < 0) return status;
  sqlite3_stmt *s = pln_store_statement(store, PLN_STATEMENT_FILL);
  if (!s) return pln_error_last()->code;
  for (int64_t i = 0; status == 0 && i < n; i++) {
    const pln_fill *f = &fills[i];
    sqlite3_bind_int64(s, 1, result->id);
    sqlite3_bind_int64(s, 2, ++result->n_fills);
    sqlite3_bind_int64(s, 3, f->id);
    sqlite3_bind_int64(s, 4, f->order);
    sqlite3_bind_int(s, 5, f->instrument);
    sqlite3_bind_int(s, 6, f->side);
    sqlite3_bind_int64(s, 7, f->ts_ns);
    sqlite3_bind_int64(s, 8, f->bar);
    bind_number(s, 9, f->quantity);
    bind_number(s, 10, f->price);
    bind_number(s, 11, f->reference_price);
    bind_number(s, 12, f->fee);
    sqlite3_bind_int(s, 13, f->source);
    bind_number(s, 14, f->rate);
    status = pln_store_run(store, s, "writing fills");
  }
  return status < 0 ? status : pln_store_wrote(store, n);
}

int32_t pln_store_add_decisions(pln_store_result *result, const pln_decision *decisions, int64_t n) {
  if (n <= 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  status = pln_result_symbols(result);
  if (status < 0) return status;
  sqlite3_stmt *s = pln_store_statement(store, PLN_STATEMENT_DECISION);
  if (!s) return pln_error_last()->code;
  for (int64_t i = 0; status == 0 && i < n; i++) {
    const pln_decision *d = &decisions[i];
    sqlite3_bind_int64(s, 1, result->id);
    sqlite3_bind_int64(s, 2, ++result->n_decisions);
    sqlite3_bind_int64(s, 3, d->ts_ns);
    if (d->order > 0)
      sqlite3_bind_int64(s, 4, d->order);
    else
      sqlite3_bind_null(s, 4);
    sqlite3_bind_int(s, 5, d->instrument);
    sqlite3_bind_int(s, 6, d->rule);
    sqlite3_bind_int(s, 7, d->scope);
    sqlite3_bind_int(s, 8, d->kind);
    sqlite3_bind_int(s, 9, d->action);
    sqlite3_bind_int(s, 10, d->refusal);
    bind_number(s, 11, d->order > 0 ? d->asked : (double)NAN);
    bind_number(s, 12, d->order > 0 ? d->allowed : (double)NAN);
    bind_number(s, 13, d->value);
    bind_number(s, 14, d->limit);
    status = pln_store_run(store, s, "writing decisions");
  }
  return status < 0 ? status : pln_store_wrote(store, n);
}

int32_t pln_store_add_refusals(pln_store_result *result, const pln_refusal_count *refusals) {
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  sqlite3_stmt *s = pln_store_statement(store, PLN_STATEMENT_REFUSAL);
  if (!s) return pln_error_last()->code;
  for (int32_t code = 1; status == 0 && code < PLN_REFUSAL_COUNT; code++) {
    const pln_refusal_count *c = &refusals[code];
    if (c->count == 0) continue;
    status = pln_result_symbols(result);
    if (status < 0) return status;
    sqlite3_bind_int64(s, 1, result->id);
    sqlite3_bind_int(s, 2, code);
    sqlite3_bind_int64(s, 3, c->count);
    sqlite3_bind_int64(s, 4, c->first_ts_ns);
    sqlite3_bind_int(s, 5, c->first_instrument);
    bind_number(s, 6, c->first_asked);
    bind_number(s, 7, c->first_allowed);
    sqlite3_bind_int64(s, 8, c->last_ts_ns);
    sqlite3_bind_int(s, 9, c->last_instrument);
    bind_number(s, 10, c->last_asked);
    bind_number(s, 11, c->last_allowed);
    status = pln_store_run(store, s, "writing refusals");
  }
  return status < 0 ? status : pln_store_wrote(store, PLN_REFUSAL_COUNT);
}

int32_t pln_store_add_equity(pln_store_result *result, const pln_equity_rows *rows) {
  pln_series *series = &result->equity;
  for (int64_t i = 0; i < rows->n_rows; i++) {
    int32_t status = pln_series_reserve(series);
    if (status < 0) return status;
    const int32_t row = series->n_rows;
    series->columns[0][row] = (uint64_t)rows->ts_ns[i];
    series->columns[1][row] = pln_bits_of(rows->equity[i]);
    series->columns[2][row] = pln_bits_of(rows->cash[i]);
    series->columns[3][row] = rows->exposure ? (uint8_t)rows->exposure[i] : 0;
    if (++series->n_rows == PLN_SERIES_ROWS) status = flush_chunk(result, series, NULL);
    if (status < 0) return status;
  }
  return 0;
}

pln_series *pln_records_find(pln_records *records, const char *name, const char *symbol, int32_t n_columns) {
  for (int32_t i = 0; i < records->n; i++)
    if (strcmp(records->list[i].name, name) == 0 && (!symbol || strcmp(records->list[i].symbol, symbol) == 0))
      return &records->list[i].series;
  if (records->n == MAX_RECORDS) {
    pln_fail(PLN_ERR_LIMIT, "record '%s': a result holds %d named series at most", name, MAX_RECORDS);
    return NULL;
  }
  pln_record *grown = realloc(records->list, sizeof *grown * (size_t)(records->n + 1));
  if (grown) records->list = grown;
  char *copy = strdup(name), *copy_of_symbol = symbol ? strdup(symbol) : NULL;
  if (!grown || !copy || (symbol && !copy_of_symbol)) {
    free(copy);
    free(copy_of_symbol);
    pln_fail(PLN_ERR_MEMORY, "no memory for a record");
    return NULL;
  }
  records->list[records->n] =
      (pln_record){.name = copy, .symbol = copy_of_symbol, .series = {.n_columns = n_columns}};
  return &records->list[records->n++].series;
}

void pln_records_free(pln_records *records) {
  for (int32_t i = 0; i < records->n; i++) {
    pln_series_free(&records->list[i].series);
    free(records->list[i].name);
    free(records->list[i].symbol);
  }
  free(records->list);
  *records = (pln_records){0};
}

int32_t pln_store_add_record(pln_store_result *result, const char *name, const int64_t *ts_ns,
                             const double *values, int64_t n) {
  pln_series *series = pln_records_find(&result->records, name, NULL, 2);
  if (!series) return pln_error_last()->code;
  for (int64_t i = 0; i < n; i++) {
    int32_t status = pln_series_reserve(series);
    if (status < 0) return status;
    series->columns[0][series->n_rows] = (uint64_t)ts_ns[i];
    series->columns[1][series->n_rows] = pln_bits_of(values[i]);
    if (++series->n_rows == PLN_SERIES_ROWS) status = flush_chunk(result, series, name);
    if (status < 0) return status;
  }
  return 0;
}
