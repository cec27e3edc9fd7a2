/* Nearest segments by a uniform grid. Distances are computed operation by operation as GEOS does, so that
   what is equally near there is equally near here. */
#include "kernel.h"

#include <math.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

typedef struct {
    double x0, y0, side;      /* the lower left corner and the side of a cell */
    int32_t n_columns, n_rows;
    const double *ends;       /* x and y of the start, x and y of the end, of every segment */
    int32_t *first;           /* n_columns * n_rows + 1: where the segments of each cell begin */
    int32_t *segment;
} Grid;

#define CELLS_BEFORE_GIVING_UP 4096
#define GAVE_UP (-2)
#define SLACK 1e-9            /* cells are taken a little larger than they are: rounding loses no segment */

static int32_t clamp(double cell, int32_t n)
{
    if (!(cell > 0)) return 0;
    return cell >= n ? n - 1 : (int32_t)cell;
}

/* The box of some segments (x and y, lower and upper) and the mean of their longer sides. */
EXPORT void measure_segments(const double *ends, const int32_t *allowed, int64_t n_allowed, double *box, double *mean)
{
    double sum = 0;
    box[0] = box[1] = INFINITY;
    box[2] = box[3] = -INFINITY;
    for (int64_t i = 0; i < n_allowed; i++) {
        const double *e = ends + 4 * (int64_t)allowed[i];
        double x0 = e[0] < e[2] ? e[0] : e[2], x1 = e[0] < e[2] ? e[2] : e[0];
        double y0 = e[1] < e[3] ? e[1] : e[3], y1 = e[1] < e[3] ? e[3] : e[1];
        if (x0 < box[0]) box[0] = x0;
        if (y0 < box[1]) box[1] = y0;
        if (x1 > box[2]) box[2] = x1;
        if (y1 > box[3]) box[3] = y1;
        sum += x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0;
    }
    *mean = sum / (double)n_allowed;
}

/* Calls for every cell that a segment may touch: row by row, the columns it spans within the row. */
#define FOR_EACH_CELL(grid, s, cell, body)                                                          \
    do {                                                                                            \
        const double *e_ = (grid)->ends + 4 * (int64_t)(s);                                         \
        double ax_ = (e_[0] - (grid)->x0) / (grid)->side, ay_ = (e_[1] - (grid)->y0) / (grid)->side; \
        double bx_ = (e_[2] - (grid)->x0) / (grid)->side, by_ = (e_[3] - (grid)->y0) / (grid)->side; \
        if (ay_ > by_) {                                                                            \
            double t_ = ax_; ax_ = bx_; bx_ = t_;                                                   \
            t_ = ay_; ay_ = by_; by_ = t_;                                                          \
        }                                                                                           \
        int32_t low_ = clamp(ay_ - SLACK, (grid)->n_rows), high_ = clamp(by_ + SLACK, (grid)->n_rows); \
        for (int32_t row_ = low_; row_ <= high_; row_++) {                                          \
            double xa_ = ax_, xb_ = bx_;                                                            \
            if (by_ - ay_ > 1e-3) {                                                                 \
                double slope_ = (bx_ - ax_) / (by_ - ay_);                                          \
                if (row_ > low_) xa_ = ax_ + (row_ - SLACK - ay_) * slope_;                         \
                if (row_ < high_) xb_ = ax_ + (row_ + 1 + SLACK - ay_) * slope_;                    \
            }                                                                                       \
            if (xa_ > xb_) { double t_ = xa_; xa_ = xb_; xb_ = t_; }                                \
            int32_t left_ = clamp(xa_ - 1e-6, (grid)->n_columns);                                   \
            int32_t right_ = clamp(xb_ + 1e-6, (grid)->n_columns);                                  \
            for (int32_t column_ = left_; column_ <= right_; column_++) {                           \
                int64_t cell = (int64_t)row_ * (grid)->n_columns + column_;                         \
                body;                                                                               \
            }                                                                                       \
        }                                                                                           \
    } while (0)

/* The number of segments in all cells together; `first` then holds the counts, one place on. */
EXPORT int64_t count_cells(Grid *grid, const int32_t *allowed, int64_t n_allowed)
{
    int64_t n_cells = (int64_t)grid->n_columns * grid->n_rows, n_entries = 0;
    memset(grid->first, 0, (size_t)(n_cells + 1) * sizeof(int32_t));
    for (int64_t i = 0; i < n_allowed; i++)
        FOR_EACH_CELL(grid, allowed[i], cell, grid->first[cell + 1]++; n_entries++);
    return n_entries;
}

/* Lists the segments of every cell, in the order of their numbers. */
EXPORT void fill_cells(Grid *grid, const int32_t *allowed, int64_t n_allowed)
{
    int64_t n_cells = (int64_t)grid->n_columns * grid->n_rows;
    for (int64_t cell = 0; cell < n_cells; cell++) grid->first[cell + 1] += grid->first[cell];
    for (int64_t i = 0; i < n_allowed; i++)
        FOR_EACH_CELL(grid, allowed[i], cell, grid->segment[grid->first[cell]++] = allowed[i]);
    memmove(grid->first + 1, grid->first, (size_t)n_cells * sizeof(int32_t));
    grid->first[0] = 0;
}

/* geos::algorithm::Distance::pointToSegment */
static double distance_to(const double *e, double x, double y)
{
    double ax = e[0], ay = e[1], bx = e[2], by = e[3];
    double dx = bx - ax, dy = by - ay;
    double length2 = dx * dx + dy * dy;
    double r = ((x - ax) * dx + (y - ay) * dy) / length2;
    if (r <= 0.0) {
        dx = x - ax; dy = y - ay;
        return sqrt(dx * dx + dy * dy);
    }
    if (r >= 1.0) {
        dx = x - bx; dy = y - by;
        return sqrt(dx * dx + dy * dy);
    }
    double s = ((ay - y) * dx - (ax - x) * dy) / length2;
    return fabs(s) * sqrt(length2);
}

static void look_at(const Grid *grid, int64_t cell, double x, double y, double *best, int32_t *found)
{
    for (int32_t i = grid->first[cell]; i < grid->first[cell + 1]; i++) {
        int32_t segment = grid->segment[i];
        double distance = distance_to(grid->ends + 4 * (int64_t)segment, x, y);
        if (distance < *best || (distance == *best && segment < *found)) {
            *best = distance;
            *found = segment;
        }
    }
}

static int32_t find_one(const Grid *grid, double x, double y)
{
    double best = INFINITY, side = grid->side;
    int32_t found = INT32_MAX, width = grid->n_columns, height = grid->n_rows;
    int32_t column = clamp((x - grid->x0) / side, width), row = clamp((y - grid->y0) / side, height);
    int64_t n_seen = 0;
    for (int32_t ring = 0;; ring++) {
        int32_t left = column - ring, right = column + ring, low = row - ring, high = row + ring;
        for (int32_t r = low < 0 ? 0 : low; r <= high && r < height; r++) {
            int32_t step = (r == low || r == high || ring == 0) ? 1 : 2 * ring;
            for (int32_t c = left; c <= right; c += step) {
                if (c < 0 || c >= width) continue;
                look_at(grid, (int64_t)r * width + c, x, y, &best, &found);
                n_seen++;
            }
        }
        if (left <= 0 && low <= 0 && right >= width - 1 && high >= height - 1) return found;
        /* The nearest that anything outside the square seen so far can be, from the side that is left. */
        double away = INFINITY, margin;
        if (left > 0 && (margin = x - (grid->x0 + left * side)) < away) away = margin;
        if (low > 0 && (margin = y - (grid->y0 + low * side)) < away) away = margin;
        if (right < width - 1 && (margin = grid->x0 + (right + 1) * side - x) < away) away = margin;
        if (high < height - 1 && (margin = grid->y0 + (high + 1) * side - y) < away) away = margin;
        if (best < away - 1e-5 * side) return found;
        if (n_seen > CELLS_BEFORE_GIVING_UP) return GAVE_UP;
    }
}

/* The nearest segment of every point, the smallest number of equally near ones; -2 where it is so far
   that a tree finds it sooner. */
EXPORT void find_segments(const Grid *grid, const double *points, int64_t n_points, int64_t *segment)
{
    for (int64_t i = 0; i < n_points; i++)
        segment[i] = find_one(grid, points[2 * i], points[2 * i + 1]);
}

/* Some linkers are told to export what a module's initialisation is called. The kernel is no module. */
EXPORT void *PyInit__kernel(void)
{
    return NULL;
}
