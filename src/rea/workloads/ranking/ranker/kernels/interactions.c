/* The factorisation term and cross layers. */

#include "common.h"

INLINE long pairs(const float *restrict x, long rows, long fields, long dim, float *restrict total, float *restrict value) {
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

#define BLOCK 32 /* rows that stay in the cache from one pass to the next */

INLINE long pairs_back(const float *restrict x, const float *restrict total, const float *restrict g, const low *restrict by_low, long rows,
                       long fields, long dim, float *restrict by_x) {
    for (long r = 0; r < rows; r++) {
        long begin = r * fields * dim, end = begin + fields * dim;
        for (long i = begin; i < end; i += dim)
            for (long d = 0; d < dim; d++) by_x[i + d] = g[r] * (total[r * dim + d] - x[i + d]);
        if (by_low)
            for (long i = begin; i < end; i++) by_x[i] += wide(by_low[i]);
    }
    return 0;
}

static long pairs_by_dim(const float *x, long rows, long fields, long dim, float *total, float *value) {
    BY_DIM(pairs(x, rows, fields, D, total, value))
}

/* The factorisation term of (rows, fields, dim): half of (sum squared - sum of squares); ``total`` keeps the sums over fields, ``x_low``
 * becomes x in the type of products. */
API long factorisation(const float *restrict x, long rows, long fields, long dim, float *restrict total, float *restrict value,
                       low *restrict x_low) {
    long row = fields * dim;
    for (long r = 0; r < rows; r += BLOCK) {
        long count = rows - r < BLOCK ? rows - r : BLOCK;
        narrow_row(x + r * row, count * row, x_low + r * row);
        pairs_by_dim(x + r * row, count, fields, dim, total + r * dim, value + r);
    }
    return 0;
}

/* Its gradient, from that of the term in ``g`` and that of ``x_low``, if there is one. */
API long factorisation_back(const float *restrict x, const float *restrict total, const float *restrict g, const low *restrict by_low,
                            long rows, long fields, long dim, float *restrict by_x) {
    BY_DIM(pairs_back(x, total, g, by_low, rows, fields, D, by_x))
}

/* A cross layer after its product: out = x + start * (mapped + bias), also as ``low``. ``out`` may be ``x``. */
API long cross_forward(const float *x, const float *restrict start, const low *restrict mapped, const float *restrict bias, long rows,
                       long width, float *out, low *restrict out_low) {
    for (long r = 0; r < rows; r++)
#pragma GCC ivdep
        for (long c = 0; c < width; c++) {
            long i = r * width + c;
            float v = x[i] + start[i] * (wide(mapped[i]) + bias[c]);
            out[i] = v;
            out_low[i] = narrow(v);
        }
    return 0;
}

INLINE long back(const low *restrict more, const float *restrict start, const low *restrict mapped, const float *restrict bias, long rows,
                 long width, int last, float *restrict g, low *restrict by_mapped, float *restrict by_start, float *restrict by_bias) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            long i = r * width + c;
            float whole = wide(more[i]) + (last ? 0 : g[i]), v = whole * start[i], through = whole * (wide(mapped[i]) + bias[c]);
            g[i] = whole;
            by_mapped[i] = narrow(v);
            by_bias[c] += v;
            by_start[i] = last ? through : by_start[i] + through;
        }
    return 0;
}

/* The gradient ``g`` of a layer's result grows by ``more``, that of what the layer above multiplied, and ``by_start`` by this layer's share;
 * at the ``last`` layer, where they begin, they are written, as ``by_mapped`` is; ``by_bias`` grows. */
API long cross_back(const low *restrict more, const float *restrict start, const low *restrict mapped, const float *restrict bias,
                    long rows, long width, long last, float *restrict g, low *restrict by_mapped, float *restrict by_start,
                    float *restrict by_bias) {
    return last ? back(more, start, mapped, bias, rows, width, 1, g, by_mapped, by_start, by_bias)
                : back(more, start, mapped, bias, rows, width, 0, g, by_mapped, by_start, by_bias);
}

/* by_start += g + more + by_low, the last if there is one: what comes to the first layer from above. */
API long cross_start(const float *restrict g, const low *restrict more, const low *restrict by_low, long count, float *restrict by_start) {
    if (by_low)
        for (long i = 0; i < count; i++) by_start[i] += g[i] + wide(more[i]) + wide(by_low[i]);
    else
        for (long i = 0; i < count; i++) by_start[i] += g[i] + wide(more[i]);
    return 0;
}
