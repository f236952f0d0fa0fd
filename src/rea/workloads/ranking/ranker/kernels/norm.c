/* Batch norm and ReLU over (rows, width). */

#include "common.h"

#define PART 64   /* rows that are summed in float before they go into a double */
#define AT_ONCE 4 /* rows whose sums are loaded and stored once */

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

INLINE void sum_rows_back(const low *restrict g, const low *restrict z, const float *restrict scale, const float *restrict shift,
                          const float *restrict mean, long rows, long width, float *restrict sum, float *restrict product) {
    for (long c = 0; c < width; c++) {
        float a = scale[c], b = shift[c], middle = mean[c], plain = sum[c], multiplied = product[c];
        for (long r = 0; r < rows; r++) {
            float v = wide(z[r * width + c]), through = v * a + b > 0 ? wide(g[r * width + c]) : 0;
            plain += through;
            multiplied += through * (v - middle);
        }
        sum[c] = plain;
        product[c] = multiplied;
    }
}

/* mean and inverse deviation of each column into ``mean`` and ``inverse``, running ones moved by ``momentum``. Columns are shifted by
 * their first row while they are summed, so that a large mean takes no digits from the variance. */
static void moments(const low *restrict z, long rows, long width, float eps, float momentum, float *restrict running_mean,
                    float *restrict running_var, float *restrict mean, float *restrict inverse) {
    double total[width], squares[width];
    float sum[width], square[width];
    memset(total, 0, sizeof total);
    memset(squares, 0, sizeof squares);
    for (long begin = 0; begin < rows; begin += PART) {
        long r = begin, end = begin + PART < rows ? begin + PART : rows;
        memset(sum, 0, sizeof sum);
        memset(square, 0, sizeof square);
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

/* Batch norm as scale * z + shift. */
INLINE void affine(const float *restrict weight, const float *restrict bias, const float *restrict mean, const float *restrict inverse,
                   long width, float *restrict scale, float *restrict shift) {
    for (long c = 0; c < width; c++) {
        scale[c] = inverse[c] * weight[c];
        shift[c] = bias[c] - mean[c] * scale[c];
    }
}

/* y = relu((z - mean) * inverse * weight + bias); ``mean`` keeps the means, then the inverses; one more of ``batches``. */
API long norm_forward(const low *restrict z, long rows, long width, const float *restrict weight, const float *restrict bias, float eps,
                      float momentum, float *running_mean, float *running_var, int64_t *batches, float *restrict mean, low *restrict y) {
    ++*batches;
    float *inverse = mean + width, scale[width], shift[width], row[width];
    moments(z, rows, width, eps, momentum, running_mean, running_var, mean, inverse);
    affine(weight, bias, mean, inverse, width, scale, shift);
    for (long r = 0; r < rows; r++) {
        for (long c = 0; c < width; c++) {
            float v = wide(z[r * width + c]) * scale[c] + shift[c];
            row[c] = v < 0 ? 0 : v; /* and not max: NaN has to come through */
        }
        narrow_row(row, width, y + r * width);
    }
    return 0;
}

/* The gradient of norm_forward: that of y in ``g`` becomes that of z; those of weight and bias grow. Where y was cut is computed again,
 * since z has to be read anyway. */
API long norm_backward(low *restrict g, const low *restrict z, long rows, long width, const float *restrict weight,
                       const float *restrict bias, const float *restrict mean, float *restrict by_weight, float *restrict by_bias) {
    const float *inverse = mean + width;
    double total[width], totals[width];
    float sum[width], product[width], scale[width], shift[width], row[width];
    affine(weight, bias, mean, inverse, width, scale, shift);
    memset(total, 0, sizeof total);
    memset(totals, 0, sizeof totals);
    for (long begin = 0; begin < rows; begin += PART) {
        long r = begin, end = begin + PART < rows ? begin + PART : rows;
        memset(sum, 0, sizeof sum);
        memset(product, 0, sizeof product);
        for (; r + AT_ONCE <= end; r += AT_ONCE)
            sum_rows_back(g + r * width, z + r * width, scale, shift, mean, AT_ONCE, width, sum, product);
        for (; r < end; r++) sum_rows_back(g + r * width, z + r * width, scale, shift, mean, 1, width, sum, product);
        for (long c = 0; c < width; c++) {
            total[c] += sum[c];
            totals[c] += product[c];
        }
    }
    float *restrict slope = sum, *restrict level = product;
    for (long c = 0; c < width; c++) {
        float plain = (float)total[c], multiplied = (float)(totals[c] * inverse[c]);
        by_bias[c] += plain;
        by_weight[c] += multiplied;
        slope[c] = -scale[c] * inverse[c] * multiplied / rows;
        level[c] = -scale[c] * plain / rows - slope[c] * mean[c];
    }
    for (long r = 0; r < rows; r++) {
        for (long c = 0; c < width; c++) {
            float v = wide(z[r * width + c]), through = v * scale[c] + shift[c] > 0 ? wide(g[r * width + c]) : 0;
            row[c] = through * scale[c] + v * slope[c] + level[c];
        }
        narrow_row(row, width, g + r * width);
    }
    return 0;
}
