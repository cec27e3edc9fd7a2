/* Chains: runs of segments between junctions, of which no more than the two ends need searching. */
#include "kernel.h"

/* Where (x, y), in 0 .. 65535, lies on a Hilbert curve. */
static uint32_t curve(uint32_t x, uint32_t y)
{
    uint32_t at = 0;
    for (uint32_t s = 1u << 15; s; s >>= 1) {
        uint32_t right = (x & s) != 0, up = (y & s) != 0;
        at += s * s * ((3 * right) ^ up);
        if (!up) {
            if (right) {
                x = 65535 - x;
                y = 65535 - y;
            }
            uint32_t t = x; x = y; y = t;
        }
    }
    return at;
}

EXPORT void order_on_curve(const double *xy, int64_t n, double x0, double y0, double scale, uint32_t *key)
{
    for (int64_t i = 0; i < n; i++)
        key[i] = curve((uint32_t)((xy[2 * i] - x0) * scale), (uint32_t)((xy[2 * i + 1] - y0) * scale));
}

/* Lists the segments of every node: first (n + 1), at (2 s). */
EXPORT void list_segments(
    int64_t n_nodes, int64_t n_segments, const int64_t *start, const int64_t *end, int32_t *first, int32_t *at)
{
    memset(first, 0, (size_t)(n_nodes + 1) * sizeof(int32_t));
    for (int64_t s = 0; s < n_segments; s++) {
        first[start[s] + 1]++;
        first[end[s] + 1]++;
    }
    for (int64_t v = 0; v < n_nodes; v++) first[v + 1] += first[v];
    for (int64_t s = 0; s < n_segments; s++) {
        at[first[start[s]]++] = (int32_t)s;
        at[first[end[s]]++] = (int32_t)s;
    }
    memmove(first + 1, first, (size_t)n_nodes * sizeof(int32_t));
    first[0] = 0;
}

typedef struct {
    const int64_t *start, *end;
    const int32_t *first, *at;
    int32_t *number;            /* of nodes: the junction, -1 for none */
    int32_t *chain, *rank;      /* of segments; chain is -1 before the segment is walked */
    uint8_t *reversed;
    int32_t *order;             /* segments by chain and rank */
    int32_t *begin, *u, *v;     /* of chains: its first place in `order`, its two junctions */
    int32_t n_chains, n_walked;
} Chains;

static void walk(Chains *c, int64_t node, int32_t segment)
{
    int32_t chain = c->n_chains++;
    c->begin[chain] = c->n_walked;
    c->u[chain] = c->number[node];
    for (;;) {
        c->reversed[segment] = c->end[segment] == node;
        node = c->reversed[segment] ? c->start[segment] : c->end[segment];
        c->chain[segment] = chain;
        c->rank[segment] = c->n_walked - c->begin[chain];
        c->order[c->n_walked++] = segment;
        if (c->number[node] >= 0) break;
        const int32_t *two = c->at + c->first[node];
        segment = two[0] == segment ? two[1] : two[0];
    }
    c->v[chain] = c->number[node];
}

/* Walks all chains, in the order of the junctions given; a ring without a junction gets one of its
   nodes for it. Returns the number of junctions; those of rings are appended. */
EXPORT int64_t walk_chains(Chains *c, int64_t n_segments, int32_t *junction, int64_t n_junctions)
{
    for (int64_t s = 0; s < n_segments; s++) c->chain[s] = -1;
    for (int64_t j = 0; j < n_junctions; j++) c->number[junction[j]] = (int32_t)j;
    for (int64_t j = 0; j < n_junctions; j++)
        for (int32_t i = c->first[junction[j]]; i < c->first[junction[j] + 1]; i++)
            if (c->chain[c->at[i]] < 0) walk(c, junction[j], c->at[i]);
    for (int64_t s = 0; s < n_segments; s++) {
        if (c->chain[s] >= 0) continue;
        c->number[c->start[s]] = (int32_t)n_junctions;
        junction[n_junctions++] = (int32_t)c->start[s];
        walk(c, c->start[s], (int32_t)s);
    }
    c->begin[c->n_chains] = c->n_walked;
    return n_junctions;
}

/* Lists the arcs of every junction: where each leads, its chain, and whether it leaves the chain's u. */
EXPORT void list_arcs(
    int32_t n_junctions, int32_t n_chains, const int32_t *u, const int32_t *v,
    int32_t *first, int32_t *head, int32_t *chain, uint8_t *from_u)
{
    memset(first, 0, (size_t)(n_junctions + 1) * sizeof(int32_t));
    for (int32_t c = 0; c < n_chains; c++) {
        first[u[c] + 1]++;
        first[v[c] + 1]++;
    }
    for (int32_t j = 0; j < n_junctions; j++) first[j + 1] += first[j];
    for (int32_t c = 0; c < n_chains; c++) {
        int32_t a = first[u[c]]++, b = first[v[c]]++;
        head[a] = v[c]; chain[a] = c; from_u[a] = 1;
        head[b] = u[c]; chain[b] = c; from_u[b] = 0;
    }
    memmove(first + 1, first, (size_t)n_junctions * sizeof(int32_t));
    first[0] = 0;
}

/* Sums of prices along the chains. `ahead` and `back` are, for every segment, the price from its
   chain's u to the segment and from the segment to u; for every chain, whole_ahead and whole_back.
   Returns 0 when a price or a sum is none that a whole number of 31 bits holds. */
EXPORT int32_t price_chains(
    int32_t n_chains, const int32_t *begin, const int32_t *order, const uint8_t *reversed,
    const double *forward, const double *backward,
    int32_t *ahead, int32_t *back, int32_t *whole_ahead, int32_t *whole_back)
{
    for (int32_t c = 0; c < n_chains; c++) {
        int64_t there = 0, here = 0;
        for (int32_t i = begin[c]; i < begin[c + 1]; i++) {
            int32_t s = order[i];
            double f = forward[s], b = backward[s];
            if (!(f >= 0 && f < INT32_MAX && b >= 0 && b < INT32_MAX)) return 0;
            ahead[s] = (int32_t)there;
            back[s] = (int32_t)here;
            there += (int64_t)(reversed[s] ? b : f);
            here += (int64_t)(reversed[s] ? f : b);
            if (there >= INT32_MAX || here >= INT32_MAX) return 0;
        }
        whole_ahead[c] = (int32_t)there;
        whole_back[c] = (int32_t)here;
    }
    return 1;
}

/* Where each arc leads and its price, side by side. */
EXPORT void price_arcs(
    int64_t n_arcs, const int32_t *head, const int32_t *chain, const uint8_t *from_u,
    const int32_t *whole_ahead, const int32_t *whole_back, int32_t *arc)
{
    for (int64_t a = 0; a < n_arcs; a++) {
        arc[2 * a] = head[a];
        /* People walk against the search: an arc that leaves u is walked from v to u. */
        arc[2 * a + 1] = from_u[a] ? whole_back[chain[a]] : whole_ahead[chain[a]];
    }
}
