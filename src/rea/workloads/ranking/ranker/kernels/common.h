/* What the kernels of a training step share. They do what a step does beside matrix products, in as few passes over memory as the
 * mathematics needs, and are compiled by __init__.py at first use: with BF16 defined activations (``low``) are bfloat16, else float; sums,
 * weights and tables are float. One thread, and every sum in a fixed order, so a seed gives the same bits. Arrays are contiguous, row by
 * row, unless a comment says otherwise. A kernel returns 0 unless it says otherwise.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined BF16 && defined __AVX512BF16__ && defined __AVX512VL__
#include <immintrin.h>
#endif

#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

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

/* A row at once, where the processor can by one instruction for sixteen numbers: the same bits, but for denormals, which it makes zero. */
INLINE void narrow_row(const float *restrict from, long count, low *restrict to) {
    long i = 0;
#if defined BF16 && defined __AVX512BF16__ && defined __AVX512VL__
    for (; i < count; i += 16) {
        __mmask16 there = count - i < 16 ? (1u << (count - i)) - 1 : 0xffff;
        _mm256_mask_storeu_epi16(to + i, there, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(there, from + i)));
    }
#endif
    for (; i < count; i++) to[i] = narrow(from[i]);
}

INLINE float exponential(float x) { /* of x <= 0, to 2e-7; below -87 as at -87 */
    x = x < -87.0f ? -87.0f : x;
    float n = x * 1.44269504f + 12582912.0f; /* rounds: 1.5 * 2^23 */
    n -= 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, 4);
    return p * scale;
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
