#include "core/error.h"
#include "portfolio/portfolio.h"
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* Sums of the books' accounts; that of cash is of what they gained and lost. */
static const size_t amounts[] = {offsetof(pln_account, cash),     offsetof(pln_account, realized_pnl),
                                 offsetof(pln_account, fees),     offsetof(pln_account, slippage_cost),
                                 offsetof(pln_account, turnover), offsetof(pln_account, income)};
static const size_t counters[] = {offsetof(pln_account, n_orders), offsetof(pln_account, n_fills)};
enum { N_AMOUNTS = sizeof amounts / sizeof *amounts, N_COUNTERS = sizeof counters / sizeof *counters };

static double *amount(pln_account *a, size_t at) { return (double *)(void *)((char *)a + at); }
static int64_t *counter(pln_account *a, size_t at) { return (int64_t *)(void *)((char *)a + at); }

int32_t pln_books_add(pln_portfolio *master, pln_portfolio *book) {
  assert(!master->master && !book->master && !book->books);
  pln_portfolio **books = realloc(master->books, (size_t)(master->n_books + 1) * sizeof(void *));
  if (!books) return pln_fail(PLN_ERR_MEMORY, "no memory for %d books", master->n_books + 1);
  if (master->n_books == 0) master->own = master->told = master->account;
  master->books = books;
  books[master->n_books++] = book;
  book->master = master;
  book->book = master->n_books;
  book->floor = pln_portfolio_floor(book, book->account.peak_equity);
  return PLN_OK;
}

void pln_books_free(pln_portfolio *p) { free(p->books); }

/* What somebody else added to the account (a flow, interest) since the last sum is its own; the rest is the
 * books'. Sums are made anew each time, so that nothing is rounded twice. */
static void sum_amount(pln_portfolio *p, size_t at) {
  double *own = amount(&p->own, at), *total = amount(&p->account, at), *told = amount(&p->told, at), sum = 0;
  *own += *total - *told;
  for (int32_t i = 0; i < p->n_books; i++) {
    sum += *amount(&p->books[i]->account, at);
    if (at == offsetof(pln_account, cash)) sum -= p->books[i]->config.capital;
  }
  *total = *told = *own + sum;
}

static void sum_counter(pln_portfolio *p, size_t at) {
  int64_t *own = counter(&p->own, at), *total = counter(&p->account, at), *told = counter(&p->told, at);
  *own += *total - *told;
  *total = *own;
  for (int32_t i = 0; i < p->n_books; i++) *total += *counter(&p->books[i]->account, at);
  *told = *total;
}

double pln_books_cash(pln_portfolio *master) {
  sum_amount(master, offsetof(pln_account, cash));
  return master->account.cash;
}

/* Costs by kind: all but the last field are amounts. */
static void sum_quality(pln_portfolio *p) {
  enum { N = offsetof(pln_execution_quality, n_unpriced) / sizeof(double) };
  double *own = (double *)&p->own_quality, *total = (double *)&p->quality, *told = (double *)&p->told_quality;
  for (size_t f = 0; f < N; f++) {
    double sum = 0;
    own[f] += total[f] - told[f];
    for (int32_t i = 0; i < p->n_books; i++) sum += ((const double *)&p->books[i]->quality)[f];
    total[f] = told[f] = own[f] + sum;
  }
  p->own_quality.n_unpriced += p->quality.n_unpriced - p->told_quality.n_unpriced;
  p->quality.n_unpriced = p->own_quality.n_unpriced;
  for (int32_t i = 0; i < p->n_books; i++) p->quality.n_unpriced += p->books[i]->quality.n_unpriced;
  p->told_quality.n_unpriced = p->quality.n_unpriced;
}

static void sum_positions(pln_portfolio *p) {
  for (int32_t k = 0; k < p->n_instruments; k++) {
    pln_position *pos = &p->positions[k];
    pos->quantity = pos->unrealized_pnl = 0;
    for (int32_t i = 0; i < p->n_books; i++) {
      pos->quantity += p->books[i]->positions[k].quantity;
      pos->unrealized_pnl += p->books[i]->positions[k].unrealized_pnl;
    }
  }
}

void pln_books_revalue(pln_portfolio *master) {
  pln_account *a = &master->account;
  for (int32_t i = 0; i < N_AMOUNTS; i++) sum_amount(master, amounts[i]);
  for (int32_t i = 0; i < N_COUNTERS; i++) sum_counter(master, counters[i]);
  sum_quality(master);
  double value = 0;
  a->gross_exposure = a->net_exposure = a->margin_used = a->margin_maintenance = 0;
  for (int32_t i = 0; i < master->n_books; i++) {
    pln_portfolio_revalue(master->books[i]);
    const pln_account *b = &master->books[i]->account;
    value += b->equity - b->cash;
    a->gross_exposure += b->gross_exposure;
    a->net_exposure += b->net_exposure;
    a->margin_used += b->margin_used;
    a->margin_maintenance += b->margin_maintenance;
  }
  a->equity = a->cash + value;
  a->drawdown_pct = pln_portfolio_drawdown(master);
  sum_positions(master);
}

int32_t pln_books_exposure(const pln_portfolio *master) {
  int32_t bits = 0;
  for (int32_t i = 0; i < master->n_books; i++) {
    const pln_portfolio *b = master->books[i];
    bits |= b->exposure;
    for (int32_t k = 0; k < b->n_instruments; k++)
      bits |= b->holdings[k].weight > 0 ? 1 : b->holdings[k].weight < 0 ? 2 : 0;
  }
  return bits;
}

void pln_books_halt(pln_portfolio *master, bool bankrupt) {
  for (int32_t i = 0; i < master->n_books; i++) {
    if (bankrupt)
      master->books[i]->account.bankrupt = 1;
    else
      master->books[i]->account.halted = 1;
  }
}

void pln_portfolio_emit(pln_portfolio *p, const pln_trade *trade) {
  pln_trade t = *trade;
  t.id = ++p->account.n_trades;
  t.book = p->book;
  p->trades[p->n_trades++] = t;
  p->account.realized_pnl += t.pnl;
  pln_kelly_note(&p->kelly, t.return_pct);
  if (!p->master) return;
  t.id = ++p->master->account.n_trades;
  p->master->trades[p->master->n_trades++] = t;
}
