/* The read-out of the last layers, and the loss. */

#include "common.h"

#define PART 64 /* rows whose losses are kept before they are summed */

/* out[r] = start + x[r] . weight; without a ``start`` out grows. */
API long read_out(const low *restrict x, const float *restrict weight, const float *restrict start, long rows, long width,
                  float *restrict out) {
    for (long r = 0; r < rows; r++) {
        float lanes[16] = {0}, total = 0;
        long c = 0;
        for (; c + 16 <= width; c += 16)
            for (long l = 0; l < 16; l++) lanes[l] += wide(x[r * width + c + l]) * weight[c + l];
        for (long l = 0; l < 16; l++) total += lanes[l];
        for (; c < width; c++) total += wide(x[r * width + c]) * weight[c];
        out[r] = (start ? *start : out[r]) + total;
    }
    return 0;
}

/* Its gradient, that of the weight growing. */
API long read_out_back(const low *restrict x, const float *restrict weight, const float *restrict g, long rows, long width,
                       low *restrict by_x, float *restrict by_weight) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
            by_x[r * width + c] = narrow(g[r] * weight[c]);
            by_weight[c] += g[r] * wide(x[r * width + c]);
        }
    return 0;
}

INLINE float logarithm(float e) { /* of 1 + e for e from 0 to 1, to 2e-7: 2 artanh(e / (2 + e)) by its series */
    float s = e / (2 + e), q = s * s, sum = 0;
    for (int n = 15; n > 0; n -= 2) sum = sum * q + 2.0f / n;
    return s * sum;
}

INLINE double losses(const float *restrict logit, const float *restrict target, const float *restrict weight, long rows, long members,
                     float share, float *restrict by_logit) {
    double total = 0;
    float loss[PART];
    for (long begin = 0; begin < rows; begin += PART) {
        long count = begin + PART < rows ? PART : rows - begin;
        for (long m = 0; m < members; m++) {
            for (long i = 0; i < count; i++) {
                long r = begin + i;
                float z = logit[r * members + m], e = exponential(-fabsf(z));
                loss[i] = weight[r] * ((z > 0 ? z : z < 0 ? 0 : z) - z * target[r] + logarithm(e));
                by_logit[r * members + m] = share * (weight[r] * ((z < 0 ? e : 1) / (1 + e) - target[r]));
            }
            for (long i = 0; i < count; i++) total += loss[i];
        }
    }
    return total;
}

/* Weighted log loss of logits (rows, members), summed into ``total``, and ``share`` of its gradient; target and weight have one number a row. */
API long log_loss(const float *restrict logit, const float *restrict target, const float *restrict weight, long rows, long members,
                  float share, float *restrict by_logit, float *restrict total) {
    double sum = members == 1 ? losses(logit, target, weight, rows, 1, share, by_logit) : losses(logit, target, weight, rows, members, share, by_logit);
    *total = (float)sum;
    return 0;
}
