/* Matrix products of bfloat16, where the processor has an instruction for them and no unit that is faster still: up to a third faster than
 * the library's on the narrow layers of these models, and with weights that are narrowed on the way.
 *
 * Everything is counted in words, two numbers that are multiplied one after the other. Up to 5 x 5 vectors of a result stay in registers.
 */

#include "common.h"
#include <stdlib.h>

#if defined BF16 && defined __AVX512BF16__ && defined __AVX512VL__ && !defined __AMX_BF16__

#define LANES 16
#define LINE 64 /* bytes of the cache that come at once */
#define TILE 5
#define DOWN(across) ((across) == TILE ? TILE : 4) /* rows of a tile: the usual widths are multiples of 4, and what is left goes one by one */
#define ROWS 60  /* of a batch that are multiplied by all of a weight before the next */
#define DEPTH 96 /* words of a column that are multiplied before a sum over the batch is touched */

typedef struct {
    const low *a; /* word d of row i stands at a + i * by_row + d * by_word */
    long by_row, by_word;
    const uint32_t *b; /* word d of column c at b + d * by_b + c */
    long by_b, depth;
} Pair;

INLINE void multiply_tile(const Pair *p, long down, long across, __m512 sum[TILE][TILE]) {
    const low *a = p->a;
    const uint32_t *b = p->b;
#pragma GCC unroll 5
    for (long i = 0; i < down; i++)
#pragma GCC unroll 5
        for (long j = 0; j < across; j++) sum[i][j] = _mm512_setzero_ps();
    for (long d = 0; d < p->depth; d++, a += p->by_word, b += p->by_b) {
        __m512i many[TILE];
#pragma GCC unroll 5
        for (long j = 0; j < across; j++) many[j] = _mm512_loadu_si512(b + LANES * j);
#pragma GCC unroll 5
        for (long i = 0; i < down; i++) {
            uint32_t word;
            memcpy(&word, a + i * p->by_row, sizeof word);
            __m512bh one = (__m512bh)_mm512_set1_epi32((int)word);
#pragma GCC unroll 5
            for (long j = 0; j < across; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], one, (__m512bh)many[j]);
        }
    }
}

INLINE __mmask16 lanes(long left) { return left < LANES ? (1u << left) - 1 : 0xffff; }

INLINE void tile_to(const Pair *p, long down, long across, long width, long left, void *to, int add) {
    __m512 sum[TILE][TILE];
    multiply_tile(p, down, across, sum);
#pragma GCC unroll 5
    for (long i = 0; i < down; i++)
#pragma GCC unroll 5
        for (long j = 0; j < across; j++) {
            __mmask16 there = lanes(left - LANES * j);
            long place = i * width + LANES * j;
            if (add) {
                float *total = (float *)to + place;
                _mm512_mask_storeu_ps(total, there, _mm512_add_ps(_mm512_maskz_loadu_ps(there, total), sum[i][j]));
            } else
                _mm256_mask_storeu_epi16((low *)to + place, there, (__m256i)_mm512_cvtneps_pbh(sum[i][j]));
        }
}

#define ACROSS(down, add) \
    switch (across) { \
        case 5: tile_to(p, down(5), 5, width, left, to, add); break; \
        case 4: tile_to(p, down(4), 4, width, left, to, add); break; \
        case 3: tile_to(p, down(3), 3, width, left, to, add); break; \
        case 2: tile_to(p, down(2), 2, width, left, to, add); break; \
        default: tile_to(p, down(1), 1, width, left, to, add); \
    }
#define ONE(across) 1

static void whole(const Pair *p, long across, long width, long left, low *to) { ACROSS(DOWN, 0) }
static void single(const Pair *p, long across, long width, long left, low *to) { ACROSS(ONE, 0) }
static void add_whole(const Pair *p, long across, long width, long left, float *to) { ACROSS(DOWN, 1) }
static void add_single(const Pair *p, long across, long width, long left, float *to) { ACROSS(ONE, 1) }

static long vectors_of(long columns) { return (columns + LANES - 1) / LANES; }

static long panels_of(long columns) { return (vectors_of(columns) + TILE - 1) / TILE; }

/* The vector at which panel n of the columns of a result begins. */
static long begin_of(long columns, long n) { return vectors_of(columns) * n / panels_of(columns); }

/* Memory that is fetched while tiles are multiplied: what the next ones are made of. */
typedef struct {
    const low *from;
    long bytes;
} Next;

/* One panel, of ``across`` vectors from a column on, whose words are p->b: out (rows, width) = or total += the product. */
static void panel(Pair p, long across, long column, long rows, long width, low *out, float *total, Next next) {
    const low *a = p.a;
    long down = DOWN(across), line = LINE / sizeof(low), each = next.bytes / (rows / down + 1) + LINE;
    for (long i = 0; i < rows;) {
        int all = rows - i >= down;
        for (long e = 0; e < each && next.bytes > 0; e += LINE, next.from += line, next.bytes -= LINE) __builtin_prefetch(next.from, 0, 2);
        p.a = a + i * p.by_row;
        if (total)
            (all ? add_whole : add_single)(&p, across, width, width - column, total + i * width + column);
        else
            (all ? whole : single)(&p, across, width, width - column, out + i * width + column);
        i += all ? down : 1;
    }
}

/* ``count`` columns of rows, two rows by two as words, a missing one as zeros, with zeros up to the next multiple of a vector. */
static void pair_rows(const low *restrict from, long rows, long width, long count, long stride, uint32_t *restrict to) {
    __m512i order = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    __m512i after = _mm512_add_epi16(order, _mm512_set1_epi16(LANES));
    for (long r = 0; r < rows; r += 2, from += 2 * width, to += stride)
        for (long c = 0; c < count; c += 2 * LANES) {
            __mmask32 there = count - c < 2 * LANES ? (1u << (count - c)) - 1 : 0xffffffff;
            __m512i first = _mm512_maskz_loadu_epi16(there, from + c);
            __m512i second = _mm512_maskz_loadu_epi16(r + 1 < rows ? there : 0, from + width + c);
            _mm512_storeu_si512(to + c, _mm512_permutex2var_epi16(first, order, second));
            if (count - c > LANES) _mm512_storeu_si512(to + c + LANES, _mm512_permutex2var_epi16(first, after, second));
        }
}

/* The words of a weight (columns, inner), transposed. */
static void turn(const low *restrict from, long columns, long inner, long stride, uint32_t *restrict to) {
    for (long begin = 0; begin < stride; begin += LANES)
        for (long d = 0; d < inner / 2; d++)
            for (long c = begin; c < begin + LANES; c++) {
                uint32_t word = 0;
                if (c < columns) memcpy(&word, from + c * inner + 2 * d, sizeof word);
                to[d * stride + c] = word;
            }
}

API long can_multiply(void) { return 1; }

/* out (rows, columns) = x (rows, inner) @ weight (columns, inner) transposed or, ``back``, weight (inner, columns); ``inner`` is even.
 * -1 if memory is short. */
API long multiply(const low *x, const float *weight, long rows, long inner, long columns, long back, low *out) {
    long stride = LANES * vectors_of(columns), size = inner * columns;
    uint32_t *words = malloc(inner / 2 * stride * sizeof *words + size * sizeof(low));
    if (!words) return -1;
    low *narrowed = (low *)(words + inner / 2 * stride);
    narrow_row(weight, size, narrowed);
    if (back)
        pair_rows(narrowed, inner, columns, columns, stride, words);
    else
        turn(narrowed, columns, inner, stride, words);
    for (long r = 0; r < rows; r += ROWS) {
        long count = rows - r < ROWS ? rows - r : ROWS;
        for (long n = 0; n < panels_of(columns); n++) {
            long first = begin_of(columns, n), column = LANES * first;
            Pair p = {x + r * inner, inner, 2, words + column, stride, inner / 2};
            panel(p, begin_of(columns, n + 1) - first, column, count, columns, out + r * columns, NULL, (Next){0});
        }
    }
    free(words);
    return 0;
}

/* total (high, width) += g (rows, high) transposed @ x (rows, width). -1 if memory is short. */
API long multiply_batch(const low *g, const low *x, long rows, long high, long width, float *total) {
    long by_g = high + LANES; /* a little more, so that columns do not share lines of the cache */
    uint32_t *words = malloc(DEPTH * (by_g + LANES * TILE) * sizeof *words), *x_words = words + DEPTH * by_g;
    if (!words) return -1;
    for (long r = 0; r < rows; r += 2 * DEPTH) {
        long count = rows - r < 2 * DEPTH ? rows - r : 2 * DEPTH, more = rows - r - count < 2 * DEPTH ? rows - r - count : 2 * DEPTH;
        pair_rows(g + r * high, count, high, high, by_g, words);
        for (long n = 0; n < panels_of(width); n++) {
            long first = begin_of(width, n), across = begin_of(width, n + 1) - first, column = LANES * first;
            long there = width - column < LANES * across ? width - column : LANES * across;
            pair_rows(x + r * width + column, count, width, there, LANES * across, x_words);
            Next next = n ? (Next){x + (r + count) * width, n > 1 ? 0 : 2 * more * width} : (Next){g + (r + count) * high, 2 * more * high};
            panel((Pair){(low *)words, 2, 2 * by_g, x_words, LANES * across, (count + 1) / 2}, across, column, high, width, NULL, total, next);
        }
    }
    free(words);
    return 0;
}

#else

API long can_multiply(void) { return 0; }
API long multiply(void) { return -1; }
API long multiply_batch(void) { return -1; }

#endif
