/* The factorisation term and cross layers. */

#include "common.h"

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
