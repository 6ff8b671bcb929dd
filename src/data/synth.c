/* The synthetic market. No library function but sqrt, which IEEE 754 rounds correctly, touches a number here.
 */
#include "abi/synth.h"
#include "abi/column.h"
#include "core/error.h"
#include "core/random.h"
#include "data/bars_build.h"
#include "data/timezone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 8192, STEPS = 4, IN_MEMORY = 4 << 20 };

/* Nearly normal, mean 0: the sum of four 16-bit uniforms (Irwin-Hall), within 3.5 deviations. Its deviation
 * is NORMAL_SD = sqrt((2^32 - 1) / 3). */
static inline double normal_raw(pln_random *r) {
  const uint64_t x = pln_random_next(r);
  return (double)((int32_t)((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48)) - 131070);
}

static inline double uniform16(uint64_t x, int shift) {
  return (double)(int32_t)(x >> shift & 0xffff) * (1.0 / 65536);
}
static inline double uniform32(uint64_t x) {
  return (double)(int64_t)(x & 0xffffffffu) * (1.0 / 4294967296.0);
}

/* Each bar's variance is mixed by SCALE / (FLOOR + u), whose mean over u in [0, 1) is 1 (SCALE = 1 / ln 21):
 * rare bars of 2.5 times the usual deviation make the tails fat. */
static const double MIX_FLOOR = 0.05, MIX_SCALE = 0.32845909;
static const double VARIANCE_DAYS = 20; /* over which the variance returns to its mean */
static const double VARIANCE_OF_VARIANCE = 0.35;
static const double OVERNIGHT_SHARE = 0.25; /* of a session market's daily variance */
static const double PULL = 0.2; /* yearly, towards a line that rises 5 % of the start price a year: */
static const double TREND_PER_YEAR = 0.05; /* centuries of minutes stay in range */
static const double UP_SHARE = 0.65;       /* of trends */

typedef struct market {
  pln_synth_options options;
  const pln_timezone *zone;
  pln_random common; /* regimes, variance, market factor: the same for every symbol */
  pln_random own;
  double normal_scale;
  /* of the symbol */
  double risk; /* its deviation relative to the ordinary */
  double anchor;
  double price;
  double ticks; /* per unit of price */
  /* of the timeframe */
  double days_per_year;
  double bar_days;  /* length of a bar in trading days */
  double reversion; /* of the variance, per bar */
  double reaction;
  double base_volume;
  double years;
  double bar_years;
  /* state */
  double variance; /* relative to the regime's */
  int32_t regime;
  double drift;
  double weight_common, weight_own; /* of the regime: square roots of correlation and the rest */
  double deviation;                 /* of the regime, for one trading day */
  double switch_chance;             /* per bar */
  /* calendar */
  int64_t day; /* local day number */
  int64_t session_start_ns;
  int64_t slots; /* bars in a session */
  int64_t slot;  /* of the next bar */
  int64_t next_ns;
} market;

const char *pln_synth_regime_name(int32_t regime) {
  static const char *const names[] = {"calm", "trending", "volatile"};
  return regime >= 0 && regime < PLN_SYNTH_REGIMES ? names[regime] : "?";
}

void pln_synth_options_init(pln_synth_options *options) {
  *options = (pln_synth_options){
      .symbol = "SYN",
      .timezone = "America/New_York",
      .timeframe = {.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = 60000000000},
      .n_bars = 10000,
      .start_ns = 946857600000000000,
      .seed = 1,
      .session = PLN_SYNTH_ALWAYS,
      .session_open_minute = 570,
      .session_close_minute = 960,
      .price_decimals = 2,
      .volume_per_day = 5e6,
      .regimes = {{.volatility_pct = 11, .drift_pct = 9, .mean_days = 60, .correlation = 0.35},
                  {.volatility_pct = 16, .drift_pct = 40, .mean_days = 40, .correlation = 0.45},
                  {.volatility_pct = 34, .drift_pct = -15, .mean_days = 18, .correlation = 0.7}}};
}

static int32_t out_of_range(const char *option, const char *expected) {
  return pln_fail(PLN_ERR_ARGUMENT, "synthetic market: %s is out of range, expected %s", option, expected);
}

static int within(double x, double low, double high) { return x >= low && x <= high; }

static int32_t check_options(const pln_synth_options *o) {
  const int daily = o->timeframe.unit == PLN_TIMEFRAME_DAY && o->timeframe.count == 1;
  if (!daily &&
      !(o->timeframe.unit == PLN_TIMEFRAME_FIXED && o->timeframe.ns > 0 && o->timeframe.ns <= PLN_DAY_NS))
    return out_of_range("timeframe", "a fixed length of at most a day, or 1d (resample to get more)");
  if (o->n_bars < 0 || o->n_bars > 100000000000) return out_of_range("n_bars", "0 to 1e11");
  if (o->start_ns < PLN_TIME_MIN_NS || o->start_ns >= PLN_TIME_MAX_NS)
    return out_of_range("start", "years 1800 to 2199");
  if (o->symbol_index < 0) return out_of_range("symbol_index", "0 or more");
  if (o->session != PLN_SYNTH_ALWAYS && o->session != PLN_SYNTH_SESSION)
    return out_of_range("session", "a pln_synth_session");
  if (o->session == PLN_SYNTH_SESSION && (o->session_open_minute < 0 || o->session_close_minute > 1440 ||
                                          o->session_open_minute >= o->session_close_minute))
    return out_of_range("session hours", "opening before closing, within one day");
  if (o->price_decimals < 0 || o->price_decimals > 6) return out_of_range("price_decimals", "0 to 6");
  if (!(o->start_price == 0 || within(o->start_price, 0.01, 1e6)))
    return out_of_range("start_price", "0.01 to 1e6, or 0");
  if (!within(o->volume_per_day, 0, 1e12)) return out_of_range("volume_per_day", "0 to 1e12");
  for (int i = 0; i < PLN_SYNTH_REGIMES; i++) {
    const pln_synth_regime_options *r = &o->regimes[i];
    if (!within(r->volatility_pct, 0, 400)) return out_of_range("a regime's volatility_pct", "0 to 400");
    if (!within(r->drift_pct, -500, 500)) return out_of_range("a regime's drift_pct", "-500 to 500");
    if (!within(r->mean_days, 1, 1e6)) return out_of_range("a regime's mean_days", "1 to 1e6");
    if (!within(r->correlation, 0, 1)) return out_of_range("a regime's correlation", "0 to 1");
  }
  return PLN_OK;
}

static void enter_regime(market *m, int32_t regime, uint64_t draw) {
  const pln_synth_regime_options *r = &m->options.regimes[regime];
  m->regime = regime;
  m->drift = r->drift_pct / 100;
  if (regime == PLN_SYNTH_TRENDING && uniform32(draw) >= UP_SHARE) m->drift = -m->drift;
  m->weight_common = sqrt(r->correlation) * m->normal_scale;
  m->weight_own = sqrt(1 - r->correlation) * m->normal_scale;
  m->deviation = r->volatility_pct / 100 / sqrt(m->days_per_year);
  m->switch_chance = m->bar_days / r->mean_days;
}

/* A chain that visits all three: calm mostly turns into a trend, trends into calm, storms into either. */
static void switch_regime(market *m) {
  static const double to_lower[] = {0.6, 0.7, 0.5};
  const uint64_t draw = pln_random_next(&m->common);
  const int32_t low = m->regime == 0, high = m->regime == 2 ? 1 : 2;
  enter_regime(m, uniform32(draw >> 32) < to_lower[m->regime] ? low : high, draw);
}

static int is_weekend(int64_t day) { return (day + 3 + 7 * 1000000) % 7 >= 5; }
static int is_daily(const market *m) { return m->options.timeframe.unit == PLN_TIMEFRAME_DAY; }

/* Makes `day` or the next weekday the session at hand. */
static void open_session(market *m) {
  while (is_weekend(m->day)) m->day++;
  const int64_t minute = is_daily(m) ? 0 : m->options.session_open_minute;
  m->session_start_ns = pln_timezone_to_utc(m->zone, m->day * PLN_DAY_NS + minute * 60000000000, 0, NULL);
  m->slot = 0;
  m->next_ns = m->session_start_ns;
}

static int32_t market_init(market *m, const pln_synth_options *options) {
  const int32_t status = check_options(options);
  if (status) return status;
  *m = (market){.options = *options};
  pln_synth_options *o = &m->options;
  const int session = o->session == PLN_SYNTH_SESSION;
  m->zone = pln_timezone_get(session ? o->timezone : "UTC");
  if (!m->zone) return pln_error_last()->code;
  const int64_t ns = is_daily(m) ? PLN_DAY_NS : o->timeframe.ns;
  const int64_t day_ns =
      session ? (o->session_close_minute - o->session_open_minute) * 60000000000 : PLN_DAY_NS;
  m->slots = session && !is_daily(m) ? (day_ns + ns - 1) / ns : 1;
  if (session) {
    int64_t local = pln_timezone_to_local(m->zone, o->start_ns);
    m->day = (local - ((local % PLN_DAY_NS) + PLN_DAY_NS) % PLN_DAY_NS) / PLN_DAY_NS;
    open_session(m);
    while (m->next_ns < o->start_ns) {
      if (++m->slot < m->slots) {
        m->next_ns += ns;
        continue;
      }
      m->day++;
      open_session(m);
    }
  } else {
    const int64_t into = ((o->start_ns % ns) + ns) % ns;
    m->next_ns = o->start_ns + (into ? ns - into : 0);
  }
  m->days_per_year = session ? 252 : 365;
  m->bar_days = is_daily(m) ? 1 : session ? 1 / (double)m->slots : (double)ns / (double)PLN_DAY_NS;
  /* In trading time a day of n bars takes 1.4 n of a week's slots, holidays aside. */
  const double bars_left = ((double)PLN_TIME_MAX_NS - (double)m->next_ns) /
                           (session ? (double)PLN_DAY_NS * 1.4 : (double)ns) *
                           (session ? (double)m->slots : 1);
  if ((double)o->n_bars > bars_left - 10 * (double)m->slots)
    return pln_fail(PLN_ERR_RANGE,
                    "synthetic market: %lld bars would end after the year 2199; start earlier or make fewer",
                    (long long)o->n_bars);
  m->bar_years = m->bar_days / m->days_per_year;
  m->normal_scale = 1 / sqrt(4294967295.0 / 3);
  const double reversion = m->bar_days / VARIANCE_DAYS;
  m->reversion = reversion < 0.25 ? reversion : 0.25;
  /* The variance of squared moves is near 5.2: fat tails are part of them. */
  m->reaction = sqrt(2 * VARIANCE_OF_VARIANCE * m->reversion / 5.2);
  m->base_volume = o->volume_per_day * m->bar_days;
  m->ticks = 1;
  for (int32_t i = 0; i < o->price_decimals; i++) m->ticks *= 10;
  pln_random_seed(&m->common, o->seed, 0);
  pln_random_seed(&m->own, o->seed, (uint64_t)o->symbol_index + 1);
  const uint64_t character = pln_random_next(&m->own);
  const int ordinary = o->symbol_index == 0;
  m->risk = ordinary ? 1 : 0.8 + 0.8 * uniform16(character, 0);
  m->price = o->start_price > 0 ? o->start_price : ordinary ? 100 : 30 + 220 * uniform16(character, 16);
  m->anchor = m->price;
  m->variance = 1;
  enter_regime(m, PLN_SYNTH_CALM, 0);
  return PLN_OK;
}

int32_t pln_synth_options_check(const pln_synth_options *options) {
  market m;
  return market_init(&m, options);
}

static inline double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static inline double on_tick(const market *m, double price) {
  const int64_t ticks = (int64_t)(price * m->ticks + 0.5);
  return (double)(ticks > 0 ? ticks : 1) / m->ticks;
}

/* Parabola over the session, mean 1: much happens at its ends. */
static inline double u_shape(double x, double floor) {
  return floor + 3 * (1 - floor) * (2 * x - 1) * (2 * x - 1);
}

typedef struct synth_rows {
  int64_t *ts_ns;
  double *open, *high, *low, *close, *volume;
  double *regime; /* NULL where it is not asked for */
} synth_rows;

static void make_bars(market *m, int64_t n, const synth_rows *out) {
  const int session = m->options.session == PLN_SYNTH_SESSION, daily = is_daily(m);
  const int64_t ns = daily ? PLN_DAY_NS : m->options.timeframe.ns;
  const double inverse_slots = 1 / (double)m->slots;
  const double day_ns = 1 / (double)PLN_DAY_NS;
  const double open_share = session ? 1 - OVERNIGHT_SHARE : 1;
  for (int64_t i = 0; i < n; i++) {
    out->ts_ns[i] = m->next_ns;
    const uint64_t weather = pln_random_next(&m->common);
    if (uniform32(weather >> 32) < m->switch_chance) switch_regime(m);
    const double mix = MIX_SCALE / (MIX_FLOOR + uniform32(weather));

    double activity = 1; /* share of the day's variance that falls into this bar, relative to the mean */
    if (session && !daily)
      activity = u_shape(((double)m->slot + 0.5) * inverse_slots, 0.5);
    else if (!daily)
      activity = u_shape((double)(m->next_ns % PLN_DAY_NS) * day_ns, 0.85);
    const double day_variance = m->deviation * m->deviation * m->variance;
    const double calm_sd = sqrt(day_variance * open_share * m->bar_days * activity) * m->risk;
    const double sd = calm_sd * sqrt(mix);

    const uint64_t detail = pln_random_next(&m->own);
    double price = m->price;
    if (session && m->slot == 0) { /* news between sessions */
      const double gap = m->weight_common * normal_raw(&m->common) + m->weight_own * normal_raw(&m->own);
      price *= 1 + clamp(sqrt(day_variance * OVERNIGHT_SHARE) * m->risk * gap, -0.3, 0.3);
    } else
      price *= 1 + 0.2 * calm_sd * (uniform16(detail, 0) - 0.5);
    const double open = price;

    m->years += m->bar_years;
    const double line = m->anchor * (1 + TREND_PER_YEAR * m->years);
    const double drift =
        (m->drift * m->risk + PULL * (line - price) / (line + price)) * m->bar_years * (1.0 / STEPS);
    double high = price, low = price, common = 0, move = 0;
    for (int k = 0; k < STEPS; k++) {
      const double f = normal_raw(&m->common);
      const double z = m->weight_common * f + m->weight_own * normal_raw(&m->own);
      common += f;
      move += z;
      price *= 1 + clamp(drift + sd * (1.0 / 2) * z, -0.2, 0.2);
      if (price > high) high = price;
      if (price < low) low = price;
    }
    /* What the path did between its points. */
    high *= 1 + 0.9 * sd * uniform16(detail, 16) * uniform16(detail, 16);
    low *= 1 - clamp(0.9 * sd * uniform16(detail, 32) * uniform16(detail, 32), 0, 0.5);
    m->price = price;

    const double noise = uniform16(detail, 48);
    const double z = move * (1.0 / 2);
    const double excitement = 0.35 + 0.4 * sqrt(day_variance) * 100 + 0.35 * (z < 0 ? -z : z) * sqrt(mix);
    const double shape = daily     ? 1
                         : session ? u_shape(((double)m->slot + 0.5) * inverse_slots, 0.35)
                                   : activity;
    const double volume = m->base_volume * shape * excitement * (0.3 + 1.5 * noise * noise);

    out->open[i] = on_tick(m, open);
    out->high[i] = on_tick(m, high);
    out->low[i] = on_tick(m, low);
    out->close[i] = on_tick(m, price);
    out->volume[i] = (double)(int64_t)(volume + 0.5);
    if (out->regime) out->regime[i] = m->regime;

    /* GARCH(1,1) around 1, driven by the market factor: Bollerslev, J. of Econometrics 31 (1986). */
    const double shock = common * m->normal_scale * (1.0 / 2);
    m->variance += m->reversion * (1 - m->variance) + m->reaction * m->variance * (shock * shock * mix - 1);
    m->variance = clamp(m->variance, 0.1, 12);

    if (!session)
      m->next_ns += ns;
    else if (++m->slot < m->slots)
      m->next_ns += ns;
    else {
      m->day++;
      open_session(m);
    }
  }
}

static const char *const regime_column[] = {"regime"};

static const char *zone_name(const market *m) { return pln_timezone_name(m->zone); }

struct pln_synth_writer {
  market market;
  pln_column_writer *out;
  int64_t left;
  int32_t failed;
  int64_t ts_ns[ROWS];
  double columns[6][ROWS];
};

pln_synth_writer *pln_synth_writer_new(const pln_synth_options *options, const char *path) {
  pln_synth_writer *w = malloc(sizeof *w);
  if (!w) return pln_fail(PLN_ERR_MEMORY, "no memory for a synthetic market"), NULL;
  w->out = NULL;
  w->failed = PLN_OK;
  w->left = options->n_bars;
  if (!market_init(&w->market, options)) {
    const pln_column_spec spec = {.symbol = options->symbol,
                                  .timezone = zone_name(&w->market),
                                  .source = "synthetic market",
                                  .extra_names = regime_column,
                                  .n_extra = options->with_regime != 0,
                                  .has_volume = 1,
                                  .max_bars = options->n_bars,
                                  .timeframe = options->timeframe};
    w->out = pln_column_writer_new(path, &spec);
  }
  if (w->out) return w;
  free(w);
  return NULL;
}

int64_t pln_synth_writer_step(pln_synth_writer *w, int64_t n) {
  const int with_regime = w->market.options.with_regime != 0;
  const synth_rows rows = {w->ts_ns,
                           w->columns[0],
                           w->columns[1],
                           w->columns[2],
                           w->columns[3],
                           w->columns[4],
                           with_regime ? w->columns[5] : NULL};
  const double *extra[] = {w->columns[5]};
  while (n > 0 && w->left > 0 && !w->failed) {
    int64_t size = n < ROWS ? n : ROWS;
    if (size > w->left) size = w->left;
    make_bars(&w->market, size, &rows);
    const pln_column_chunk chunk = {.n_bars = size,
                                    .ts_ns = w->ts_ns,
                                    .open = rows.open,
                                    .high = rows.high,
                                    .low = rows.low,
                                    .close = rows.close,
                                    .volume = rows.volume,
                                    .extra = extra};
    w->failed = pln_column_writer_append(w->out, &chunk);
    w->left -= size;
    n -= size;
  }
  return w->failed ? w->failed : w->left;
}

int32_t pln_synth_writer_finish(pln_synth_writer *w) {
  int32_t status = (int32_t)pln_synth_writer_step(w, INT64_MAX);
  if (!status) {
    status = pln_column_writer_finish(w->out);
    w->out = NULL;
  }
  pln_synth_writer_free(w);
  return status;
}

void pln_synth_writer_free(pln_synth_writer *w) {
  if (!w) return;
  pln_column_writer_free(w->out);
  free(w);
}

static pln_bars *bars_in_file(const pln_synth_options *options) {
  pln_synth_writer *w = pln_synth_writer_new(options, NULL);
  if (!w) return NULL;
  pln_bars *bars = NULL;
  if (!pln_synth_writer_step(w, INT64_MAX)) {
    bars = pln_column_writer_finish_bars(w->out);
    w->out = NULL;
  }
  pln_synth_writer_free(w);
  return bars;
}

pln_bars *pln_synth_bars(const pln_synth_options *options) {
  if (options->n_bars > IN_MEMORY) return bars_in_file(options);
  market m;
  pln_bars_build build;
  const int with_regime = options->with_regime != 0;
  if (market_init(&m, options) || pln_bars_build_init(&build, with_regime, regime_column)) return NULL;
  if (pln_bars_build_reserve(&build, options->n_bars + 1)) {
    pln_bars_build_discard(&build);
    return NULL;
  }
  const synth_rows rows = {build.ts_ns,
                           build.open,
                           build.high,
                           build.low,
                           build.close,
                           build.volume,
                           with_regime ? build.extra[0] : NULL};
  make_bars(&m, options->n_bars, &rows);
  build.n_bars = options->n_bars;
  build.has_volume = 1;
  build.timeframe = options->timeframe;
  build.symbol = options->symbol;
  build.timezone = zone_name(&m);
  build.source = "synthetic market";
  return pln_bars_build_finish(&build);
}

int32_t pln_synth_write(const pln_synth_options *options, const char *path) {
  pln_synth_writer *w = pln_synth_writer_new(options, path);
  return w ? pln_synth_writer_finish(w) : pln_error_last()->code;
}
