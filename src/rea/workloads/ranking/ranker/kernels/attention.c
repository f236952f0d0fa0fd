/* Self-attention over few fields with narrow heads, all layers in one: 16 rows at a time stay in the cache from the fields to the last layer. */

#include "common.h"

#define LANES 16
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));

typedef struct {
    long rows, fields, dim, heads, width, depth;
} Shape;

/* What one layer of a block of rows keeps for its gradient, innermost the rows: x (inputs, fields), part (4, heads, width, fields):
 * queries, keys, values, skip; share (heads, queries, keys). */
typedef struct {
    long inputs;
    const float *weight; /* (4 * heads * width, inputs) */
    vec *x, *part, *share;
} Layer;

static inline vec choose(ivec where, vec yes, vec no) { return (vec)((where & (ivec)yes) | (~where & (ivec)no)); }

static inline vec exponentials(vec x) {
    float each[LANES];
    memcpy(each, &x, sizeof x);
    for (int lane = 0; lane < LANES; lane++) each[lane] = exponential(each[lane]);
    memcpy(&x, each, sizeof x);
    return x;
}

/* out (4 * quads, fields) = weight (4 * quads, inputs) @ x (inputs, fields). */
static void project(const float *w, long inputs, long quads, long fields, const vec *x, vec *out) {
    for (long o = 0; o < 4 * quads; o += 4, w += 4 * inputs)
        for (long f = 0; f < fields; f++) {
            vec a = {}, b = {}, c = {}, d = {};
            for (long i = 0; i < inputs; i++) {
                vec v = x[i * fields + f];
                a += w[i] * v;
                b += w[inputs + i] * v;
                c += w[2 * inputs + i] * v;
                d += w[3 * inputs + i] * v;
            }
            out[o * fields + f] = a;
            out[(o + 1) * fields + f] = b;
            out[(o + 2) * fields + f] = c;
            out[(o + 3) * fields + f] = d;
        }
}

/* by_x (inputs, fields) = weight' @ by_part, and by_weight, lane by lane, grows by by_part @ x'. */
static void project_back(const Layer *layer, long outputs, long fields, const vec *by_part, vec *by_x, vec *by_weight) {
    long inputs = layer->inputs;
    for (long i = 0; i < inputs; i++) {
        const vec *x = layer->x + i * fields;
        for (long o = 0; o < outputs; o += 4) {
            const vec *p = by_part + o * fields;
            vec a = {}, b = {}, c = {}, d = {};
            for (long f = 0; f < fields; f++) {
                a += p[f] * x[f];
                b += p[fields + f] * x[f];
                c += p[2 * fields + f] * x[f];
                d += p[3 * fields + f] * x[f];
            }
            vec *to = by_weight + i * outputs + o;
            to[0] += a, to[1] += b, to[2] += c, to[3] += d;
        }
    }
    for (long f = 0; f < fields; f++)
        for (long i = 0; i < inputs; i++) {
            const float *w = layer->weight + i;
            vec a = {}, b = {}, c = {}, d = {};
            for (long o = 0; o < outputs; o += 4, w += 4 * inputs) {
                const vec *p = by_part + o * fields + f;
                a += w[0] * p[0];
                b += w[inputs] * p[fields];
                c += w[2 * inputs] * p[2 * fields];
                d += w[3 * inputs] * p[3 * fields];
            }
            by_x[i * fields + f] = (a + b) + (c + d);
        }
}

/* out (heads, width, fields) = relu(softmax(q k' / sqrt(width)) v + skip). */
static void attend(const Shape *s, Layer *layer, vec *out) {
    long F = s->fields, W = s->width, each = s->heads * W * F;
    float scale = 1.0f / sqrtf((float)W);
    for (long h = 0; h < s->heads; h++) {
        const vec *q = layer->part + h * W * F, *k = q + each, *v = k + each, *skip = v + each;
        vec *share = layer->share + h * F * F;
        for (long a = 0; a < F; a++, share += F) {
            vec most = (vec){} - INFINITY, total = {};
            for (long b = 0; b < F; b++) {
                vec score = {};
                for (long w = 0; w < W; w++) score += q[w * F + a] * k[w * F + b];
                share[b] = score * scale;
                most = choose(share[b] > most, share[b], most);
            }
            for (long b = 0; b < F; b++) total += share[b] = exponentials(share[b] - most);
            for (long b = 0; b < F; b++) share[b] /= total;
            for (long w = 0; w < W; w++) {
                vec mixed = skip[w * F + a];
                for (long b = 0; b < F; b++) mixed += share[b] * v[w * F + b];
                out[(h * W + w) * F + a] = choose(mixed < 0.0f, (vec){}, mixed); /* NaN comes through */
            }
        }
    }
}

/* by_part from by_out, which is cut where ``out`` was. */
static void attend_back(const Shape *s, const Layer *layer, const vec *out, const vec *by_out, vec *by_part) {
    long F = s->fields, W = s->width, each = s->heads * W * F;
    float scale = 1.0f / sqrtf((float)W);
    memset(by_part, 0, 3 * each * sizeof(vec));
    vec *by_skip = by_part + 3 * each;
    for (long i = 0; i < each; i++) by_skip[i] = choose(out[i] > 0.0f, by_out[i], (vec){});
    for (long h = 0; h < s->heads; h++) {
        const vec *q = layer->part + h * W * F, *k = q + each, *v = k + each, *share = layer->share + h * F * F;
        vec *by_q = by_part + h * W * F, *by_k = by_q + each, *by_v = by_k + each, *by = by_v + each, by_score[F];
        for (long a = 0; a < F; a++, share += F) {
            vec mean = {};
            for (long b = 0; b < F; b++) {
                vec total = {};
                for (long w = 0; w < W; w++) total += by[w * F + a] * v[w * F + b];
                by_score[b] = total;
                mean += total * share[b];
            }
            for (long b = 0; b < F; b++) by_score[b] = share[b] * (by_score[b] - mean) * scale;
            for (long w = 0; w < W; w++) {
                vec total = {}, mine = by[w * F + a], asked = q[w * F + a];
                for (long b = 0; b < F; b++) {
                    total += by_score[b] * k[w * F + b];
                    by_k[w * F + b] += by_score[b] * asked;
                    by_v[w * F + b] += share[b] * mine;
                }
                by_q[w * F + a] = total;
            }
        }
    }
}

static long outputs_of(const Shape *s) { return 4 * s->heads * s->width; }

static long inputs_of(const Shape *s, long layer) { return layer ? s->heads * s->width : s->dim; }

static long most_inputs(const Shape *s) { return s->dim > inputs_of(s, 1) ? s->dim : inputs_of(s, 1); }

/* Floats of working memory, whose start has to lie at a multiple of 64 bytes. */
API long attention_room(const Shape *s) {
    long by_layer = most_inputs(s) * s->fields + outputs_of(s) * s->fields + s->heads * s->fields * s->fields;
    long by_weights = s->depth * most_inputs(s) * outputs_of(s);
    return LANES * (s->depth * by_layer + 3 * most_inputs(s) * s->fields + outputs_of(s) * s->fields + by_weights);
}

/* Lay the layers out in ``room`` and return what is left of it. */
static vec *lay_out(const Shape *s, const float *const *weights, vec *room, Layer *layers) {
    for (long l = 0; l < s->depth; l++) {
        layers[l] = (Layer){.inputs = inputs_of(s, l), .weight = weights[l], .x = room};
        room += layers[l].inputs * s->fields;
        layers[l].part = room;
        room += outputs_of(s) * s->fields;
        layers[l].share = room;
        room += s->heads * s->fields * s->fields;
    }
    return room;
}

static long lanes_of(const Shape *s, long begin) { return s->rows - begin < LANES ? s->rows - begin : LANES; }

/* All layers for the rows from ``begin`` on; rows that are not there are zero. */
static void block(const Shape *s, Layer *layers, const float *x, long begin, vec *out) {
    float *to = (float *)layers[0].x;
    long lanes = lanes_of(s, begin), all = s->fields * s->dim;
    memset(to, 0, all * sizeof(vec));
    for (long lane = 0; lane < lanes; lane++)
        for (long f = 0; f < s->fields; f++)
            for (long d = 0; d < s->dim; d++)
                to[(d * s->fields + f) * LANES + lane] = x[(begin + lane) * all + f * s->dim + d];
    for (long l = 0; l < s->depth; l++) {
        project(layers[l].weight, layers[l].inputs, s->heads * s->width, s->fields, layers[l].x, layers[l].part);
        attend(s, layers + l, l + 1 < s->depth ? layers[l + 1].x : out);
    }
}

/* x (rows, fields, dim) to out (heads * width, fields, rows). */
API long attention(const Shape *s, const float *x, const float *const *weights, float *out, float *room) {
    Layer layers[s->depth];
    vec *last = lay_out(s, weights, (vec *)room, layers);
    long all = s->heads * s->width * s->fields;
    for (long begin = 0; begin < s->rows; begin += LANES) {
        block(s, layers, x, begin, last);
        for (long i = 0; i < all; i++) memcpy(out + i * s->rows + begin, last + i, lanes_of(s, begin) * sizeof(float));
    }
    return 0;
}

/* The gradient of ``attention``; the layers are computed again, which is faster than to keep them. by_weights, as the weights, grow. */
API long attention_back(const Shape *s, const float *x, const float *const *weights, const float *g, float *by_x, float *const *by_weights,
                        float *room) {
    Layer layers[s->depth];
    vec *out = lay_out(s, weights, (vec *)room, layers), *by_out = out + most_inputs(s) * s->fields;
    vec *by_in = by_out + most_inputs(s) * s->fields, *by_part = by_in + most_inputs(s) * s->fields;
    vec *by_weight = by_part + outputs_of(s) * s->fields;
    long all = s->heads * s->width * s->fields, size = most_inputs(s) * outputs_of(s);
    memset(by_weight, 0, s->depth * size * sizeof(vec));
    for (long begin = 0; begin < s->rows; begin += LANES) {
        long lanes = lanes_of(s, begin);
        block(s, layers, x, begin, out);
        memset(by_out, 0, all * sizeof(vec));
        for (long i = 0; i < all; i++) memcpy(by_out + i, g + i * s->rows + begin, lanes * sizeof(float));
        for (long l = s->depth - 1; l >= 0; l--) {
            attend_back(s, layers + l, l + 1 < s->depth ? layers[l + 1].x : out, by_out, by_part);
            project_back(layers + l, outputs_of(s), s->fields, by_part, by_in, by_weight + l * size);
            vec *swap = by_out;
            by_out = by_in, by_in = swap;
        }
        for (long lane = 0; lane < lanes; lane++)
            for (long f = 0; f < s->fields; f++)
                for (long d = 0; d < s->dim; d++)
                    by_x[((begin + lane) * s->fields + f) * s->dim + d] = ((float *)by_out)[(d * s->fields + f) * LANES + lane];
    }
    for (long l = 0; l < s->depth; l++)
        for (long i = 0; i < layers[l].inputs; i++)
            for (long o = 0; o < outputs_of(s); o++) {
                const vec *lane = by_weight + l * size + i * outputs_of(s) + o;
                float total = 0;
                for (long n = 0; n < LANES; n++) total += (*lane)[n];
                by_weights[l][o * layers[l].inputs + i] += total;
            }
    return 0;
}
