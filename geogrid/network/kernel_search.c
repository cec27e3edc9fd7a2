/* Shortest walks from all junctions to the nearest centre, and what an added or removed centre changes.

   A key is a price in its upper 40 bits and a centre in its lower 24: smaller when the price is, and
   between equal prices when the centre is. The search runs from the centres, against the walk. Its
   queue is a ring of buckets; whatever is improved within the bucket at hand is taken up again, so the
   width of the buckets changes the time it takes and never the answer. */
#include "kernel.h"

#define OWNER_BITS 24
#define OWNER_MASK ((1u << OWNER_BITS) - 1)
#define NONE UINT64_MAX
#define MAX_BUCKETS (1 << 16)

typedef struct {
    int32_t head, price;
} Arc;

typedef struct {
    /* the junctions and the arcs that leave them; arcs of chains, by both ends */
    int32_t n_junctions, n_chains;
    const int32_t *first;
    const Arc *arc;
    const int32_t *arc_chain;
    const int32_t *u, *v, *whole_ahead, *whole_back; /* of chains */
    /* the ways of homes: by home, and listed by chain */
    int32_t n_homes, n_ways;
    const int32_t *home_first, *way_chain, *way_to_u, *way_to_v, *way_rank;
    const double *way_share;
    const int32_t *way_home, *chain_first, *chain_way;
    /* the arrivals of centres and the direct walks: rows of linked lists, by chain and by home */
    int32_t *arrival_list, *arrival_next;
    const int32_t *arrival_chain, *arrival_from_u, *arrival_from_v, *arrival_rank;
    int32_t *arrival_owner;
    const double *arrival_share;
    int32_t *direct_list, *direct_next;
    const int32_t *direct_home, *direct_cost;
    int32_t *direct_owner;
    /* the answer */
    uint64_t *label;  /* of junctions */
    uint64_t *best;   /* of homes */
    int32_t *way;     /* of homes: the way taken, -1 for none or a direct walk */
    int32_t shift;    /* buckets are 2 ** shift ms wide */
    int32_t longest;  /* the largest price of an arc */
    struct Queue *queue; /* kept from one search to the next: fresh memory costs more than the search */
} State;

/* Whether a library that is found was built from these sources: asked when it is loaded. */
EXPORT int64_t state_size(void)
{
    return KERNEL_VERSION * 100000 + (int64_t)sizeof(State);
}

typedef struct {
    uint64_t key;
    int32_t node, next;
} Entry;

typedef struct {
    int32_t *item;
    int64_t n, size;
} List;

static int append(List *list, int32_t item)
{
    if (list->n == list->size) {
        int64_t size = list->size ? 2 * list->size : 256;
        int32_t *grown = realloc(list->item, (size_t)size * sizeof(int32_t));
        if (!grown) return 0;
        list->item = grown;
        list->size = size;
    }
    list->item[list->n++] = item;
    return 1;
}

static uint64_t make_key(int64_t price, int32_t owner)
{
    return ((uint64_t)price << OWNER_BITS) | (uint32_t)owner;
}

static uint64_t add_price(uint64_t key, int64_t price)
{
    return key == NONE ? NONE : key + ((uint64_t)price << OWNER_BITS);
}

static int32_t owner_of(uint64_t key)
{
    return key == NONE ? -1 : (int32_t)(key & OWNER_MASK);
}

/* --- the queue ------------------------------------------------------------------------------------- */

typedef struct Queue {
    Entry *entry;
    int64_t n_entries, size, pending;
    int32_t *bucket;
    int32_t shift;
    int64_t n_buckets;
    uint64_t low, high;     /* the prices of the seeds */
} Queue;

static int note(Queue *q, uint64_t key, int32_t node)
{
    if (q->n_entries == q->size) {
        int64_t size = q->size ? 2 * q->size : 1024;
        if (size > INT32_MAX) return 0;
        Entry *grown = realloc(q->entry, (size_t)size * sizeof(Entry));
        if (!grown) return 0;
        q->entry = grown;
        q->size = size;
    }
    Entry *entry = &q->entry[q->n_entries++];
    entry->key = key;
    entry->node = node;
    q->pending++;
    return 1;
}

static void file_entry(Queue *q, int64_t i)
{
    uint64_t at = (q->entry[i].key >> OWNER_BITS) >> q->shift;
    int32_t *list = &q->bucket[at & (uint64_t)(q->n_buckets - 1)];
    q->entry[i].next = *list;
    *list = (int32_t)i;
}

/* A seed: taken up by `run`. */
static int sow(Queue *q, uint64_t key, int32_t node)
{
    uint64_t price = key >> OWNER_BITS;
    if (!q->pending || price < q->low) q->low = price;
    if (!q->pending || price > q->high) q->high = price;
    return note(q, key, node);
}

static Queue *open_queue(State *st)
{
    if (!st->queue) st->queue = calloc(1, sizeof(Queue));
    return st->queue;
}

/* Gives the queue's memory back. */
EXPORT void free_queue(State *st)
{
    if (!st->queue) return;
    free(st->queue->entry);
    free(st->queue->bucket);
    free(st->queue);
    st->queue = NULL;
}

/* A queue that a search left unfinished is not used again. */
static void close_queue(State *st, int ok)
{
    if (!ok) free_queue(st);
}

/* Searches on from the seeds. Keys at or above `limit` are not written. Junctions whose label changes
   are listed once in `touched` when there is a `mark`. Leaves the queue empty, its memory kept. */
static int run(const State *st, uint64_t *label, Queue *q, uint64_t limit, List *touched, uint8_t *mark)
{
    if (!q->pending) return 1;
    uint64_t span = q->high - q->low;
    if (span < (uint64_t)st->longest) span = (uint64_t)st->longest;
    int32_t shift = st->shift;
    while ((span >> shift) + 2 > MAX_BUCKETS) shift++;
    int64_t n_buckets = 1;
    while (n_buckets < (int64_t)(span >> shift) + 2) n_buckets *= 2;
    if (n_buckets > q->n_buckets) {
        int32_t *bucket = realloc(q->bucket, (size_t)n_buckets * sizeof(int32_t));
        if (!bucket) return 0;
        q->bucket = bucket;
        q->n_buckets = n_buckets;
        memset(bucket, 0xff, (size_t)n_buckets * sizeof(int32_t));
    }
    q->shift = shift;
    uint64_t wrap = (uint64_t)(q->n_buckets - 1);
    for (int64_t i = 0; i < q->n_entries; i++) file_entry(q, i);
    for (uint64_t at = q->low >> shift; q->pending; at++) {
        int32_t *list = &q->bucket[at & wrap];
        while (*list >= 0) {
            Entry entry = q->entry[*list];
            *list = entry.next;
            q->pending--;
            if (entry.next >= 0) {
                int32_t following = q->entry[entry.next].node;
                PREFETCH(&label[following]);
                PREFETCH(&st->arc[st->first[following]]);
            }
            if (entry.key != label[entry.node]) continue; /* improved since */
            for (int32_t a = st->first[entry.node]; a < st->first[entry.node + 1]; a++) {
                int32_t node = st->arc[a].head;
                uint64_t key = entry.key + ((uint64_t)st->arc[a].price << OWNER_BITS);
                if (key >= label[node] || key >= limit) continue;
                label[node] = key;
                if (mark && !mark[node]) {
                    mark[node] = 1;
                    if (!append(touched, node)) return 0;
                }
                if (st->first[node + 1] - st->first[node] == 1) continue; /* a dead end leads nowhere */
                if (!note(q, key, node)) return 0;
                file_entry(q, q->n_entries - 1);
            }
        }
    }
    q->n_entries = 0;
    return 1;
}

/* Writes a seed's label and sows it when it is better than what stands. */
static int seed(uint64_t *label, Queue *q, uint64_t key, int32_t node, uint64_t limit, List *touched, uint8_t *mark)
{
    if (key >= label[node] || key >= limit) return 1;
    label[node] = key;
    if (mark && !mark[node]) {
        mark[node] = 1;
        if (!append(touched, node)) return 0;
    }
    return sow(q, key, node);
}

static int seed_arrival(const State *st, uint64_t *label, Queue *q, int32_t row, uint64_t limit, List *touched, uint8_t *mark)
{
    int32_t chain = st->arrival_chain[row], owner = st->arrival_owner[row];
    return seed(label, q, make_key(st->arrival_from_u[row], owner), st->u[chain], limit, touched, mark) &&
           seed(label, q, make_key(st->arrival_from_v[row], owner), st->v[chain], limit, touched, mark);
}

/* --- homes ----------------------------------------------------------------------------------------- */

/* The price along the chain from a home's way to an arrival on the same chain. */
static int64_t price_beside(const State *st, int32_t way, int32_t row)
{
    int32_t chain = st->way_chain[way], rank = st->way_rank[way], other = st->arrival_rank[row];
    if (rank < other || (rank == other && st->way_share[way] <= st->arrival_share[row]))
        return (int64_t)st->way_to_v[way] + st->arrival_from_u[row] - st->whole_ahead[chain];
    return (int64_t)st->way_to_u[way] + st->arrival_from_v[row] - st->whole_back[chain];
}

static uint64_t through_ends(const State *st, const uint64_t *label, int32_t way)
{
    int32_t chain = st->way_chain[way];
    uint64_t by_u = add_price(label[st->u[chain]], st->way_to_u[way]);
    uint64_t by_v = add_price(label[st->v[chain]], st->way_to_v[way]);
    return by_u < by_v ? by_u : by_v;
}

static void answer(const State *st, int32_t home)
{
    uint64_t best = NONE;
    int32_t taken = -1;
    for (int32_t d = st->direct_list[home]; d >= 0; d = st->direct_next[d]) {
        uint64_t key = make_key(st->direct_cost[d], st->direct_owner[d]);
        if (key < best) best = key;
    }
    for (int32_t w = st->home_first[home]; w < st->home_first[home + 1]; w++) {
        uint64_t key = through_ends(st, st->label, w);
        for (int32_t a = st->arrival_list[st->way_chain[w]]; a >= 0; a = st->arrival_next[a]) {
            uint64_t beside = make_key(price_beside(st, w, a), st->arrival_owner[a]);
            if (beside < key) key = beside;
        }
        if (key < best) {
            best = key;
            taken = w;
        }
    }
    st->best[home] = best;
    st->way[home] = taken;
}

EXPORT void answer_homes(const State *st)
{
    for (int32_t home = 0; home < st->n_homes; home++) answer(st, home);
}

/* Lists, each once, the homes with a way on the chains of the junctions touched and on those given. */
typedef struct {
    List homes;
    uint8_t *home_mark, *chain_mark;
} Affected;

static int touch_home(Affected *hit, int32_t home)
{
    if (hit->home_mark[home]) return 1;
    hit->home_mark[home] = 1;
    return append(&hit->homes, home);
}

static int touch_chain(const State *st, Affected *hit, int32_t chain)
{
    if (hit->chain_mark[chain]) return 1;
    hit->chain_mark[chain] = 1;
    for (int32_t i = st->chain_first[chain]; i < st->chain_first[chain + 1]; i++)
        if (!touch_home(hit, st->way_home[st->chain_way[i]])) return 0;
    return 1;
}

static int touch_junctions(const State *st, Affected *hit, const List *touched)
{
    for (int64_t i = 0; i < touched->n; i++) {
        int32_t node = touched->item[i];
        for (int32_t a = st->first[node]; a < st->first[node + 1]; a++)
            if (!touch_chain(st, hit, st->arc_chain[a])) return 0;
    }
    return 1;
}

/* Answers the homes listed and writes those whose answer changed. */
static int32_t answer_again(const State *st, const Affected *hit, int32_t *changed)
{
    int32_t n = 0;
    for (int64_t i = 0; i < hit->homes.n; i++) {
        int32_t home = hit->homes.item[i];
        uint64_t before = st->best[home];
        answer(st, home);
        if (st->best[home] != before) changed[n++] = home;
    }
    return n;
}

/* --- centres --------------------------------------------------------------------------------------- */

static void renumber_keys(uint64_t *key, int32_t n, uint64_t from, uint64_t by)
{
    for (int32_t i = 0; i < n; i++) { /* without a branch: which keys grow follows no pattern */
        uint64_t grows = (uint64_t)((key[i] & OWNER_MASK) >= from) & (uint64_t)(key[i] != NONE);
        key[i] += by & (0 - grows);
    }
}

/* Numbers from `from` on grow by `by` (1 or -1), everywhere. */
EXPORT void renumber_owners(const State *st, int32_t from, int32_t by, int32_t n_arrivals, int32_t n_directs)
{
    renumber_keys(st->label, st->n_junctions, (uint64_t)from, (uint64_t)(int64_t)by);
    renumber_keys(st->best, st->n_homes, (uint64_t)from, (uint64_t)(int64_t)by);
    for (int32_t a = 0; a < n_arrivals; a++)
        if (st->arrival_owner[a] >= from) st->arrival_owner[a] += by;
    for (int32_t d = 0; d < n_directs; d++)
        if (st->direct_owner[d] >= from) st->direct_owner[d] += by;
}

EXPORT void link_rows(const State *st, const int32_t *arrivals, int32_t n_arrivals, const int32_t *directs, int32_t n_directs)
{
    for (int32_t i = 0; i < n_arrivals; i++) {
        int32_t row = arrivals[i], *list = &st->arrival_list[st->arrival_chain[row]];
        st->arrival_next[row] = *list;
        *list = row;
    }
    for (int32_t i = 0; i < n_directs; i++) {
        int32_t row = directs[i], *list = &st->direct_list[st->direct_home[row]];
        st->direct_next[row] = *list;
        *list = row;
    }
}

static void unlink_row(int32_t *list, int32_t *next, int32_t row)
{
    while (*list != row) list = &next[*list];
    *list = next[row];
}

/* Labels of all junctions. The rows of `arrivals` are in an order in which neighbours stand together;
   `batch` of them are searched from at a time within `near` ms, then all that is farther in one go. */
EXPORT int32_t search_all(State *st, const int32_t *arrivals, int32_t n, int32_t batch, int64_t near, uint64_t limit)
{
    Queue *q = open_queue(st);
    int ok = q != NULL;
    for (int32_t j = 0; j < st->n_junctions; j++) st->label[j] = NONE;
    if (batch < n) {
        uint64_t bound = make_key(near, 0);
        if (bound > limit) bound = limit;
        for (int32_t low = 0; ok && low < n; low += batch) {
            for (int32_t i = low; ok && i < n && i < low + batch; i++)
                ok = seed_arrival(st, st->label, q, arrivals[i], bound, NULL, NULL);
            ok = ok && run(st, st->label, q, bound, NULL, NULL);
        }
        for (int32_t j = 0; ok && bound < limit && j < st->n_junctions; j++) {
            if (st->label[j] == NONE) continue;
            for (int32_t a = st->first[j]; ok && a < st->first[j + 1]; a++) {
                uint64_t key = add_price(st->label[j], st->arc[a].price);
                if (key >= bound) ok = seed(st->label, q, key, st->arc[a].head, limit, NULL, NULL);
            }
        }
    }
    for (int32_t i = 0; ok && i < n; i++) ok = seed_arrival(st, st->label, q, arrivals[i], limit, NULL, NULL);
    ok = ok && run(st, st->label, q, limit, NULL, NULL);
    close_queue(st, ok);
    return ok ? 0 : OUT_OF_MEMORY;
}

/* Takes up linked rows of one centre. Returns the number of homes that changed. */
EXPORT int32_t add_rows(
    State *st, const int32_t *arrivals, int32_t n_arrivals, const int32_t *directs, int32_t n_directs, int32_t *changed)
{
    Queue *q = open_queue(st);
    List touched = {0};
    Affected hit = {{0}, calloc((size_t)st->n_homes + 1, 1), calloc((size_t)st->n_chains + 1, 1)};
    uint8_t *mark = calloc((size_t)st->n_junctions + 1, 1);
    int ok = q && mark && hit.home_mark && hit.chain_mark;
    for (int32_t i = 0; ok && i < n_arrivals; i++)
        ok = seed_arrival(st, st->label, q, arrivals[i], NONE, &touched, mark) &&
             touch_chain(st, &hit, st->arrival_chain[arrivals[i]]);
    for (int32_t i = 0; ok && i < n_directs; i++) ok = touch_home(&hit, st->direct_home[directs[i]]);
    ok = ok && run(st, st->label, q, NONE, &touched, mark) && touch_junctions(st, &hit, &touched);
    int32_t n = ok ? answer_again(st, &hit, changed) : OUT_OF_MEMORY;
    close_queue(st, ok);
    free(touched.item); free(mark); free(hit.homes.item); free(hit.home_mark); free(hit.chain_mark);
    return n;
}

/* Junctions of one centre are connected to its arrivals by junctions of its own: lists them all, blanks
   them, and searches into them again from their rim and from the arrivals that stand on their chains. */
static int flood(const State *st, int32_t owner, const int32_t *arrivals, int32_t n, List *touched, uint8_t *mark, Queue *q)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t ends[2] = {st->u[st->arrival_chain[arrivals[i]]], st->v[st->arrival_chain[arrivals[i]]]};
        for (int side = 0; side < 2; side++)
            if (!mark[ends[side]] && owner_of(st->label[ends[side]]) == owner) {
                mark[ends[side]] = 1;
                if (!append(touched, ends[side])) return 0;
            }
    }
    for (int64_t i = 0; i < touched->n; i++) {
        int32_t node = touched->item[i];
        for (int32_t a = st->first[node]; a < st->first[node + 1]; a++) {
            int32_t other = st->arc[a].head;
            if (mark[other] || owner_of(st->label[other]) != owner) continue;
            mark[other] = 1;
            if (!append(touched, other)) return 0;
        }
    }
    for (int64_t i = 0; i < touched->n; i++) st->label[touched->item[i]] = NONE;
    int64_t n_touched = touched->n;
    for (int64_t i = 0; i < n_touched; i++) {
        int32_t node = touched->item[i];
        for (int32_t a = st->first[node]; a < st->first[node + 1]; a++) {
            int32_t other = st->arc[a].head;
            if (!mark[other] && st->label[other] != NONE && !sow(q, st->label[other], other)) return 0;
            for (int32_t row = st->arrival_list[st->arc_chain[a]]; row >= 0; row = st->arrival_next[row])
                if (!seed_arrival(st, st->label, q, row, NONE, touched, mark)) return 0;
        }
    }
    return 1;
}

/* Unlinks the rows of one centre and gives its homes to others. Returns the number of homes that changed. */
EXPORT int32_t remove_rows(
    State *st, int32_t owner, const int32_t *arrivals, int32_t n_arrivals, const int32_t *directs, int32_t n_directs,
    int32_t *changed)
{
    Queue *q = open_queue(st);
    List touched = {0};
    Affected hit = {{0}, calloc((size_t)st->n_homes + 1, 1), calloc((size_t)st->n_chains + 1, 1)};
    uint8_t *mark = calloc((size_t)st->n_junctions + 1, 1);
    int ok = q && mark && hit.home_mark && hit.chain_mark;
    for (int32_t i = 0; ok && i < n_arrivals; i++) {
        int32_t row = arrivals[i];
        unlink_row(&st->arrival_list[st->arrival_chain[row]], st->arrival_next, row);
        ok = touch_chain(st, &hit, st->arrival_chain[row]);
    }
    for (int32_t i = 0; ok && i < n_directs; i++) {
        int32_t row = directs[i];
        unlink_row(&st->direct_list[st->direct_home[row]], st->direct_next, row);
        ok = touch_home(&hit, st->direct_home[row]);
    }
    ok = ok && flood(st, owner, arrivals, n_arrivals, &touched, mark, q);
    ok = ok && run(st, st->label, q, NONE, &touched, mark) && touch_junctions(st, &hit, &touched);
    int32_t n = ok ? answer_again(st, &hit, changed) : OUT_OF_MEMORY;
    close_queue(st, ok);
    free(touched.item); free(mark); free(hit.homes.item); free(hit.home_mark); free(hit.chain_mark);
    return n;
}

/* --- reach ----------------------------------------------------------------------------------------- */

typedef struct {
    int64_t n, size;
    int32_t *home;
    int64_t *cost;
} Pairs;

static int add_pair(Pairs *pairs, int32_t home, int64_t cost)
{
    if (pairs->n == pairs->size) {
        int64_t size = pairs->size ? 2 * pairs->size : 4096;
        int32_t *homes = realloc(pairs->home, (size_t)size * sizeof(int32_t));
        if (homes) pairs->home = homes;
        int64_t *costs = realloc(pairs->cost, (size_t)size * sizeof(int64_t));
        if (costs) pairs->cost = costs;
        if (!homes || !costs) return 0;
        pairs->size = size;
    }
    pairs->home[pairs->n] = home;
    pairs->cost[pairs->n++] = cost;
    return 1;
}

EXPORT void free_pairs(Pairs *pairs)
{
    free(pairs->home);
    free(pairs->cost);
    memset(pairs, 0, sizeof *pairs);
}

/* Prices of all walks within a limit (inclusive), centre by centre; `begin` (n_centres + 1) is where
   the pairs of each begin. The arrivals and direct walks are sorted by centre. `label` and `best` hold
   NONE everywhere before and after. */
EXPORT int32_t measure_pairs(
    State *st, int32_t n_centres, const int32_t *arrival_first, const int32_t *direct_first,
    int64_t limit, int64_t *begin, Pairs *pairs)
{
    Queue *q = open_queue(st);
    List touched = {0};
    Affected hit = {{0}, calloc((size_t)st->n_homes + 1, 1), calloc((size_t)st->n_chains + 1, 1)};
    List chains = {0};
    uint8_t *mark = calloc((size_t)st->n_junctions + 1, 1);
    int ok = q && mark && hit.home_mark && hit.chain_mark;
    uint64_t bound = make_key(limit + 1, 0);
    for (int32_t centre = 0; ok && centre < n_centres; centre++) {
        begin[centre] = pairs->n;
        for (int32_t row = arrival_first[centre]; ok && row < arrival_first[centre + 1]; row++)
            ok = seed_arrival(st, st->label, q, row, bound, &touched, mark);
        ok = ok && run(st, st->label, q, bound, &touched, mark);
        for (int32_t row = arrival_first[centre]; ok && row < arrival_first[centre + 1]; row++)
            if (!hit.chain_mark[st->arrival_chain[row]]) {
                hit.chain_mark[st->arrival_chain[row]] = 1;
                ok = append(&chains, st->arrival_chain[row]);
            }
        for (int64_t i = 0; ok && i < touched.n; i++)
            for (int32_t a = st->first[touched.item[i]]; ok && a < st->first[touched.item[i] + 1]; a++)
                if (!hit.chain_mark[st->arc_chain[a]]) {
                    hit.chain_mark[st->arc_chain[a]] = 1;
                    ok = append(&chains, st->arc_chain[a]);
                }
        for (int64_t c = 0; ok && c < chains.n; c++) {
            int32_t chain = chains.item[c];
            for (int32_t i = st->chain_first[chain]; ok && i < st->chain_first[chain + 1]; i++) {
                int32_t way = st->chain_way[i], home = st->way_home[way];
                uint64_t key = through_ends(st, st->label, way);
                for (int32_t row = st->arrival_list[chain]; row >= 0; row = st->arrival_next[row]) {
                    if (st->arrival_owner[row] != centre) continue;
                    uint64_t beside = make_key(price_beside(st, way, row), centre);
                    if (beside < key) key = beside;
                }
                if (key >= bound) continue;
                if (key < st->best[home]) st->best[home] = key;
                ok = touch_home(&hit, home);
            }
        }
        for (int32_t row = direct_first[centre]; ok && row < direct_first[centre + 1]; row++) {
            uint64_t key = make_key(st->direct_cost[row], centre);
            int32_t home = st->direct_home[row];
            if (key >= bound) continue;
            if (key < st->best[home]) st->best[home] = key;
            ok = touch_home(&hit, home);
        }
        for (int64_t i = 0; ok && i < hit.homes.n; i++) {
            int32_t home = hit.homes.item[i];
            ok = add_pair(pairs, home, (int64_t)(st->best[home] >> OWNER_BITS));
            st->best[home] = NONE;
            hit.home_mark[home] = 0;
        }
        for (int64_t i = 0; i < touched.n; i++) {
            st->label[touched.item[i]] = NONE;
            mark[touched.item[i]] = 0;
        }
        for (int64_t i = 0; i < chains.n; i++) hit.chain_mark[chains.item[i]] = 0;
        touched.n = chains.n = hit.homes.n = 0;
    }
    begin[n_centres] = pairs->n;
    close_queue(st, ok);
    free(chains.item); free(touched.item); free(mark);
    free(hit.homes.item); free(hit.home_mark); free(hit.chain_mark);
    return ok ? 0 : OUT_OF_MEMORY;
}
