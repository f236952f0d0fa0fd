/* What a training step does beside matrix products, in as few passes over memory as the mathematics needs.
 *
 * Compiled by kernels.py at first use, once with BF16 defined (activations are bfloat16, sums and weights float) and once without.
 * One thread, and every sum in a fixed order, so a seed gives the same bits. Arrays are contiguous, row by row, unless a comment says otherwise.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define PART 64  /* rows that are summed in float before they go into a double */
#define AT_ONCE 4 /* rows whose sums are loaded and stored once */
#define AHEAD 32 /* rows of a table that are fetched before their turn */

#ifdef BF16
typedef uint16_t low;
INLINE float wide(low v) {
    uint32_t bits = (uint32_t)v << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}
INLINE low narrow(float f) { /* to nearest even; NaN stays NaN */
    uint32_t bits;
    memcpy(&bits, &f, 4);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return f == f ? (low)rounded : 0x7fc0;
}
#else
typedef float low;
INLINE float wide(low v) { return v; }
INLINE low narrow(float f) { return f; }
#endif

/* ---- tables ---- */

INLINE void fetch(const float *row, long dim) { /* its first line and its last */
    __builtin_prefetch(row);
    __builtin_prefetch(row + dim - 1);
}

INLINE long copy_rows(const float *table, const int32_t *rows, long count, long height, long dim, float *out) {
    for (long i = 0; i < count; i++) {
        if (i + AHEAD < count) fetch(table + rows[i + AHEAD] * dim, dim);
        if ((uint32_t)rows[i] >= (uint64_t)height) return -1;
        const float *from = table + rows[i] * dim;
        for (long d = 0; d < dim; d++) out[i * dim + d] = from[d];
    }
    return 0;
}

INLINE long add_rows(float *total, const int32_t *rows, long count, long dim, const float *by_row) {
    for (long i = 0; i < count; i++) {
        if (i + AHEAD < count) fetch(total + rows[i + AHEAD] * dim, dim);
        float *to = total + rows[i] * dim;
        for (long d = 0; d < dim; d++) to[d] += by_row[i * dim + d];
    }
    return 0;
}

/* Loops of a length known to the compiler are several times faster: the usual dims get their own. */
#define BY_DIM(call) \
    switch (dim) { \
        case 1: { enum { D = 1 }; return call; } \
        case 4: { enum { D = 4 }; return call; } \
        case 8: { enum { D = 8 }; return call; } \
        case 10: { enum { D = 10 }; return call; } \
        case 16: { enum { D = 16 }; return call; } \
        case 32: { enum { D = 32 }; return call; } \
        default: { long D = dim; return call; } \
    }

/* out[i] = table[rows[i]]; -1 if there is no such row. */
API long gather(const float *restrict table, const int32_t *restrict rows, long count, long height, long dim, float *restrict out) {
    BY_DIM(copy_rows(table, rows, count, height, D, out))
}

/* total[rows[i]] += by_row[i], in order. */
API long scatter(float *restrict total, const int32_t *restrict rows, long count, long dim, const float *restrict by_row) {
    BY_DIM(add_rows(total, rows, count, D, by_row))
}

/* out[i] = the sum of the numbers at the ``fields`` places rows[i]; -1 if one is not in the table. */
API long gather_sum(const float *restrict table, const int32_t *restrict rows, long count, long fields, long height, float *restrict out) {
    for (long i = 0; i < count; i++) {
        float total = 0;
        for (long f = 0; f < fields; f++) {
            if ((uint32_t)rows[i * fields + f] >= (uint64_t)height) return -1;
            total += table[rows[i * fields + f]];
        }
        out[i] = total;
    }
    return 0;
}

/* Its gradient: total[each of rows[i]] += g[i], in order. */
API long scatter_sum(float *restrict total, const int32_t *restrict rows, long count, long fields, const float *restrict g) {
    for (long i = 0; i < count; i++)
        for (long f = 0; f < fields; f++) total[rows[i * fields + f]] += g[i];
    return 0;
}

/* ---- batch norm and ReLU over (rows, width) ---- */

INLINE void sum_rows(const low *restrict z, const low *restrict first, long rows, long width, float *restrict sum, float *restrict square) {
    for (long c = 0; c < width; c++) {
        float shift = wide(first[c]), plain = sum[c], squared = square[c];
        for (long r = 0; r < rows; r++) {
            float v = wide(z[r * width + c]) - shift;
            plain += v;
            squared += v * v;
        }
        sum[c] = plain;
        square[c] = squared;
    }
}

INLINE void sum_rows_back(const low *restrict g, const low *restrict z, const low *restrict y, const float *restrict mean, long rows,
                          long width, float *restrict sum, float *restrict product) {
    for (long c = 0; c < width; c++) {
        float shift = mean[c], plain = sum[c], multiplied = product[c];
        for (long r = 0; r < rows; r++) {
            long i = r * width + c;
            float through = wide(y[i]) > 0 ? wide(g[i]) : 0;
            plain += through;
            multiplied += through * (wide(z[i]) - shift);
        }
        sum[c] = plain;
        product[c] = multiplied;
    }
}

/* mean and inverse deviation of each column into ``mean`` and ``inverse``, running ones moved by ``momentum``. Columns are shifted by
 * their first row while they are summed, so that a large mean takes no digits from the variance. ``work``: 4 * width doubles. */
static void moments(const low *restrict z, long rows, long width, float eps, float momentum, float *restrict running_mean,
                    float *restrict running_var, float *restrict mean, float *restrict inverse, double *restrict work) {
    double *restrict total = work, *restrict squares = work + width;
    float *restrict sum = (float *)(work + 2 * width), *restrict square = sum + width;
    memset(work, 0, 2 * width * sizeof(double));
    for (long begin = 0; begin < rows; begin += PART) {
        long r = begin, end = begin + PART < rows ? begin + PART : rows;
        memset(sum, 0, 2 * width * sizeof(float));
        for (; r + AT_ONCE <= end; r += AT_ONCE) sum_rows(z + r * width, z, AT_ONCE, width, sum, square);
        for (; r < end; r++) sum_rows(z + r * width, z, 1, width, sum, square);
        for (long c = 0; c < width; c++) {
            total[c] += sum[c];
            squares[c] += square[c];
        }
    }
    for (long c = 0; c < width; c++) {
        double shifted = total[c] / rows, variance = squares[c] / rows - shifted * shifted;
        if (variance < 0) variance = 0;
        mean[c] = (float)(shifted + wide(z[c]));
        inverse[c] = (float)(1.0 / sqrt(variance + eps));
        running_mean[c] += momentum * (mean[c] - running_mean[c]);
        running_var[c] += momentum * ((float)(variance * rows / (rows - 1)) - running_var[c]);
    }
}

/* y = relu((z - mean) * inverse * weight + bias). */
API long norm_forward(const low *restrict z, long rows, long width, const float *restrict weight, const float *restrict bias, float eps,
                      float momentum, float *running_mean, float *running_var, float *restrict mean, float *restrict inverse,
                      low *restrict y, double *work) {
    moments(z, rows, width, eps, momentum, running_mean, running_var, mean, inverse, work);
    float *restrict scale = (float *)(work + 2 * width), *restrict shift = scale + width;
    for (long c = 0; c < width; c++) {
        scale[c] = inverse[c] * weight[c];
        shift[c] = bias[c] - mean[c] * scale[c];
    }
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            float v = wide(z[r * width + c]) * scale[c] + shift[c];
            y[r * width + c] = narrow(v < 0 ? 0 : v); /* and not max: NaN has to come through */
        }
    return 0;
}

/* The gradient of norm_forward: that of y in ``g``, of z into ``by_z``. */
API long norm_backward(const low *restrict g, const low *restrict z, const low *restrict y, long rows, long width,
                       const float *restrict mean, const float *restrict inverse, const float *restrict weight, low *restrict by_z,
                       float *restrict by_weight, float *restrict by_bias, double *restrict work) {
    double *restrict total = work, *restrict totals = work + width;
    float *restrict sum = (float *)(work + 2 * width), *restrict product = sum + width;
    memset(work, 0, 2 * width * sizeof(double));
    for (long begin = 0; begin < rows; begin += PART) {
        long r = begin, end = begin + PART < rows ? begin + PART : rows;
        memset(sum, 0, 2 * width * sizeof(float));
        for (; r + AT_ONCE <= end; r += AT_ONCE)
            sum_rows_back(g + r * width, z + r * width, y + r * width, mean, AT_ONCE, width, sum, product);
        for (; r < end; r++) sum_rows_back(g + r * width, z + r * width, y + r * width, mean, 1, width, sum, product);
        for (long c = 0; c < width; c++) {
            total[c] += sum[c];
            totals[c] += product[c];
        }
    }
    float *restrict scale = (float *)(work + 2 * width), *restrict slope = scale + width;
    float *restrict level = (float *)(work + 3 * width);
    for (long c = 0; c < width; c++) {
        by_bias[c] = (float)total[c];
        by_weight[c] = (float)(totals[c] * inverse[c]);
        scale[c] = weight[c] * inverse[c];
        slope[c] = -scale[c] * inverse[c] * by_weight[c] / rows;
        level[c] = -scale[c] * by_bias[c] / rows - slope[c] * mean[c];
    }
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            long i = r * width + c;
            float through = wide(y[i]) > 0 ? wide(g[i]) : 0;
            by_z[i] = narrow(through * scale[c] + wide(z[i]) * slope[c] + level[c]);
        }
    return 0;
}

/* ---- interactions ---- */

INLINE long pairs(const float *x, long rows, long fields, long dim, float *total, float *value) {
    for (long r = 0; r < rows; r++) {
        float *sum = total + r * dim, squares[dim], whole = 0;
        for (long d = 0; d < dim; d++) sum[d] = squares[d] = 0;
        for (long f = 0; f < fields; f++)
            for (long d = 0; d < dim; d++) {
                float v = x[(r * fields + f) * dim + d];
                sum[d] += v;
                squares[d] += v * v;
            }
        for (long d = 0; d < dim; d++) whole += sum[d] * sum[d] - squares[d];
        value[r] = 0.5f * whole;
    }
    return 0;
}

INLINE long pairs_back(const float *x, const float *total, const float *g, long rows, long fields, long dim, float *by_x) {
    for (long r = 0; r < rows; r++)
        for (long f = 0; f < fields; f++)
            for (long d = 0; d < dim; d++) {
                long i = (r * fields + f) * dim + d;
                by_x[i] = g[r] * (total[r * dim + d] - x[i]);
            }
    return 0;
}

/* The factorisation term of (rows, fields, dim): half of (sum squared - sum of squares); ``total`` keeps the sums over fields. */
API long factorisation(const float *restrict x, long rows, long fields, long dim, float *restrict total, float *restrict value) {
    BY_DIM(pairs(x, rows, fields, D, total, value))
}

API long factorisation_back(const float *restrict x, const float *restrict total, const float *restrict g, long rows, long fields,
                            long dim, float *restrict by_x) {
    BY_DIM(pairs_back(x, total, g, rows, fields, D, by_x))
}

/* A cross layer after its product: out = x + start * (mapped + bias), also as ``low``. */
API long cross_forward(const float *restrict x, const float *restrict start, const low *restrict mapped, const float *restrict bias,
                       long rows, long width, float *restrict out, low *restrict out_low) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            long i = r * width + c;
            float v = x[i] + start[i] * (wide(mapped[i]) + bias[c]);
            out[i] = v;
            out_low[i] = narrow(v);
        }
    return 0;
}

/* ``by_start`` grows by its share of the gradient ``g``; ``by_mapped`` and ``by_bias`` are written. */
API long cross_back(const float *restrict g, const float *restrict start, const low *restrict mapped, const float *restrict bias,
                    long rows, long width, low *restrict by_mapped, float *restrict by_start, float *restrict by_bias) {
    memset(by_bias, 0, width * sizeof(float));
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            long i = r * width + c;
            float v = g[i] * start[i];
            by_mapped[i] = narrow(v);
            by_bias[c] += v;
            by_start[i] += g[i] * (wide(mapped[i]) + bias[c]);
        }
    return 0;
}

/* total += more. */
API long add(float *restrict total, const low *restrict more, long count) {
    for (long i = 0; i < count; i++) total[i] += wide(more[i]);
    return 0;
}

/* ---- what comes out ---- */

/* out[r] += x[r] . weight. */
API long read_out(const low *restrict x, const float *restrict weight, long rows, long width, float *restrict out) {
    for (long r = 0; r < rows; r++) {
        float lanes[16] = {0}, total = 0;
        long c = 0;
        for (; c + 16 <= width; c += 16)
            for (long l = 0; l < 16; l++) lanes[l] += wide(x[r * width + c + l]) * weight[c + l];
        for (long l = 0; l < 16; l++) total += lanes[l];
        for (; c < width; c++) total += wide(x[r * width + c]) * weight[c];
        out[r] += total;
    }
    return 0;
}

API long read_out_back(const low *restrict x, const float *restrict weight, const float *restrict g, long rows, long width,
                       low *restrict by_x, float *restrict by_weight) {
    memset(by_weight, 0, width * sizeof(float));
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            by_x[r * width + c] = narrow(g[r] * weight[c]);
            by_weight[c] += g[r] * wide(x[r * width + c]);
        }
    return 0;
}

/* Weighted log loss of logits (rows, members) and its gradient; target and weight have one number a row. */
API double log_loss(const float *restrict logit, const float *restrict target, const float *restrict weight, long rows, long members,
                    float *restrict by_logit) {
    double total = 0;
    for (long r = 0; r < rows; r++)
        for (long m = 0; m < members; m++) {
            float z = logit[r * members + m], e = expf(-fabsf(z));
            total += weight[r] * ((z > 0 ? z : z < 0 ? 0 : z) - z * target[r] + log1pf(e));
            by_logit[r * members + m] = weight[r] * ((z < 0 ? e : 1) / (1 + e) - target[r]);
        }
    return total;
}
